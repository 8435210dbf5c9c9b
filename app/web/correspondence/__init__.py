"""Notices, messages, and what one wants by mail."""
