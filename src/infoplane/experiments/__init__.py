"""Reproductions: a paper's experiment as a frozen value."""
