"""The deeds of members: posts, edits, reactions, acceptance, messages."""
