"""What is written down and only ever added to: deeds, points, scores, what staff did."""
