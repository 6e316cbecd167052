"""Exact information of a given spectrum, table or covariance."""
