"""Communities that come from elsewhere."""
