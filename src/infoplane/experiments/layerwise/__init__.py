"""S0's proposal: training without end-to-end back-propagation, at equal compute."""
