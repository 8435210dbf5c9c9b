"""Joining, logging in and out, addresses, passwords, second factors."""
