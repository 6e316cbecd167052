"""Autoencoders with named stages."""
