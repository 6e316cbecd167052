"""Training with transfer entropy fed back, beside its controls."""
