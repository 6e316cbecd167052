"""The nouns that pass between rooms: plain immutable values."""
