"""What points are good for: what a rank opens, statements, swag, fairness."""
