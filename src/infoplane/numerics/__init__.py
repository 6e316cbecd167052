"""Arrays to arrays: kernels, widths, Gram matrices, spectra."""
