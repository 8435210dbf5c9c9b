"""What a member takes along, and what stays behind."""
