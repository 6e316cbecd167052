"""Networks; they know no measures."""
