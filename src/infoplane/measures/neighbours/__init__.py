"""Information from the distances to nearest neighbours."""
