"""The shape of a representation: how many dimensions it has, and what it keeps of another."""
