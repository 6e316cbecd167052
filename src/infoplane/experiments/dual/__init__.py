"""Variational bottlenecks and their dual on real networks, beside a problem solved exactly."""
