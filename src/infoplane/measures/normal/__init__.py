"""Information of normal variables, and of normal ranks."""
