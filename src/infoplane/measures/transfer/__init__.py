"""What one time series tells of another beyond its own past, and what it stores of itself."""
