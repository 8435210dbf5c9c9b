"""Letters that are owed: who wants which, when they go, what became of them."""
