"""Notices on the site, and who hears of a deed."""
