"""Accounts, log-in, profiles and settings."""
