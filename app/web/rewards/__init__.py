"""Points, ranks, leaders, swag, fairness."""
