"""What the numbers of a Trace are repeated over, and what their mean and its error are then.

One run repeats every number over its probe batches; several seeds of one setting repeat it over
the seeds (``across``), which are independent trainings. A table, a chart and a figure say the same
of both through this module.
"""

import math
from collections.abc import Callable

import numpy as np
import xarray as xr

from infoplane.values.finding import LEVEL, half_width
from infoplane.values.panel import STANDARD_ERROR

BATCH, SEED = "batch", "seed"
OVER = (SEED, BATCH)
"""What numbers may be repeated over, the more independent first."""


def repeated_over(values: xr.DataArray | xr.Dataset) -> str | None:
    """The dimension that numbers are repeated over, None if there is none."""
    return next((dim for dim in OVER if dim in values.dims), None)


def repetitions(values: xr.DataArray | xr.Dataset) -> int:
    """How often numbers are repeated; 1 if they are not."""
    return int(values.sizes.get(repeated_over(values), 1))


def summarised(name: str, values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """The ``mean`` of what was repeated, and its ``error``; a p-value has none.

    Args:
        name: What is measured, as in a Trace; p-values end in "_p".
        values: Numbers, perhaps along "batch" or "seed".

    Returns:
        Both without that dimension.
    """
    middle = mean(name, values)
    if is_p_value(name):
        return middle, xr.full_like(middle, np.nan, dtype=float)
    return middle, error(values)


def mean(name: str, values: xr.DataArray) -> xr.DataArray:
    """The mean over probe batches or seeds; of p-values the largest.

    A mean of p-values is no p-value; the largest says what every batch, or seed, agrees on. A
    number that was not measured somewhere leaves the mean unknown: it is never that of fewer.

    Args:
        name: What is measured, as in a Trace; p-values end in "_p".
        values: Numbers, perhaps along "batch" or "seed".
    """
    over = repeated_over(values)
    if over is None:
        return values
    return _reduced(values, over, np.max if is_p_value(name) else np.mean)


def error(values: xr.DataArray) -> xr.DataArray:
    """The error of the mean over what numbers are repeated over.

    Of probe batches it is one standard error; of seeds half of the t-interval at ``LEVEL``. NaN
    where something was not measured, or nothing is repeated.
    """
    over, count = repeated_over(values), repetitions(values)
    if over is None or count < 2:
        alone = values if over is None else values.isel({over: 0}, drop=True)
        return xr.full_like(alone, np.nan, dtype=float)
    factor = (half_width(count) if over == SEED else 1.0) / math.sqrt(count)
    return _reduced(values, over, lambda data, axis: factor * np.std(data, axis=axis, ddof=1))


def _reduced(
    values: xr.DataArray, over: str, reduce: Callable[..., np.ndarray | np.floating]
) -> xr.DataArray:
    """Values without a dimension, NaN where one of them is; a page asks for thousands of these."""
    with np.errstate(invalid="ignore"):  # an infinity has no spread
        reduced = reduce(values.values, axis=values.get_axis_num(over))
    return values.isel({over: 0}, drop=True).copy(data=np.asarray(reduced))


def error_is(values: xr.DataArray | xr.Dataset) -> str:
    """What ``error`` is, in words."""
    return f"half of the {LEVEL:.0%} interval" if repeated_over(values) == SEED else STANDARD_ERROR


def error_words(values: xr.DataArray | xr.Dataset) -> str:
    """What a band or a cross shows, in words; empty where nothing is repeated."""
    over, count = repeated_over(values), repetitions(values)
    if count < 2:
        return ""
    if over == SEED:
        return f"the {LEVEL:.0%} interval of the mean over {count} seeds"
    return f"±1 {STANDARD_ERROR} over {count} probe batches"


def is_p_value(name: str) -> bool:
    """Whether a variable of a Trace holds p-values."""
    return name.endswith("_p")
