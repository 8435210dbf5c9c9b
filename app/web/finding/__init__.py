"""Search, Best Of, feeds."""
