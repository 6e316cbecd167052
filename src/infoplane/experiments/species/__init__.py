"""S1: information flow of diverse autoencoders."""
