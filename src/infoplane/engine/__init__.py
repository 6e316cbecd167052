"""Sweeps: many runs, on this machine or on a Ray cluster, with nothing lost."""
