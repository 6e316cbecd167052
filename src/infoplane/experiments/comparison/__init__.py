"""Several runs side by side: what differs, what can be compared, figures and verdicts."""
