"""Infinite ensembles of infinitely wide networks on problems whose optimum is known."""
