"""Dimension and neighbourhoods of a variational autoencoder while it learns."""
