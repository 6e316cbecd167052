"""What to measure at one moment of training."""
