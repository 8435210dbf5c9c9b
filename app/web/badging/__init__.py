"""Badges, awards, what comes next."""
