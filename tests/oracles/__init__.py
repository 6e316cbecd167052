"""Slow, obvious twins of the fast routines, and samples with known answers."""
