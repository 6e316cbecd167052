"""A classifier that pays for what a layer keeps of its input."""
