"""Information estimated from samples."""
