"""Every estimator on pairs whose information is known."""
