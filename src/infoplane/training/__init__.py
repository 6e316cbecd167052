"""Training that uses measures, or does without end-to-end back-propagation."""
