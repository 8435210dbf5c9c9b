"""Search, Best Of, similar threads, feeds."""
