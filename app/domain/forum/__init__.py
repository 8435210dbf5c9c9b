"""Threads and posts, and reading them: lists, categories, tags, what one follows, keeps and has read."""
