"""What a Trace means; reads nothing else."""
