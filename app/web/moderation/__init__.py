"""What moderators do about posts, members and reports."""
