"""Who is here: members, what they show of themselves, whom they block."""
