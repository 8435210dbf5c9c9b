"""Badges and what they ask for: facts, rules, running totals, how far a member is, and why not yet."""
