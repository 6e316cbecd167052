"""One number of several probe batches: what a table, a chart and a figure say of them alike."""

import numpy as np
import xarray as xr

REPLICATE = "batch"


def summarised(name: str, values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """The mean over the probe batches and its standard error; of p-values the largest, alone.

    A mean of p-values is no p-value, and has no standard error that would mean anything; the
    largest says what every batch agrees on.

    Args:
        name: What is measured, as in a Trace; p-values end in "_p".
        values: Numbers, perhaps along "batch".

    Returns:
        Both without "batch"; the error is NaN for p-values, for one batch alone and without any.
    """
    if REPLICATE not in values.dims:
        return values, xr.full_like(values, np.nan, dtype=float)
    if is_p_value(name):
        largest = values.max(REPLICATE)
        return largest, xr.full_like(largest, np.nan)
    mean, count = values.mean(REPLICATE), values.sizes[REPLICATE]
    if count < 2:
        return mean, xr.full_like(mean, np.nan)
    return mean, values.std(REPLICATE, ddof=1) / np.sqrt(count)


def is_p_value(name: str) -> bool:
    """Whether a variable of a Trace holds p-values."""
    return name.endswith("_p")
