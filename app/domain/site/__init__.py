"""What staff decide about the site: its name, its colours, its texts."""
