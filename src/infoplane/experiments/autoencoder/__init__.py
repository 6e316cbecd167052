"""S0: information flow in a stacked autoencoder."""
