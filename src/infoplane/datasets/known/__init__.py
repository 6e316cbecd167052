"""Pairs of variables whose mutual information is known: what estimators are held against."""
