"""Opening the black box: many networks on the 12-bit problem, and every critic beside them."""
