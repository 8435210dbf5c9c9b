"""Threads, posts and reactions: reading and writing."""
