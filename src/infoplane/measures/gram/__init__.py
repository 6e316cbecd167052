"""Matrix-based Rényi information, from Gram matrices."""
