"""Keeping the peace: flags, reports, warnings, suspensions, roles."""
