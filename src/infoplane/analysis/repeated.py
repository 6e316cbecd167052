"""What the numbers of a Trace are repeated over, and what their mean and its error are then.

One run repeats every number over its probe batches; several seeds of one setting repeat it over
the seeds (``across``), which are independent trainings. A table, a chart and a figure say the same
of both through this module, and a verdict is taken over the same (``claims``).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr

from infoplane.values.finding import LEVEL, half_width
from infoplane.values.panel import STANDARD_ERROR
from infoplane.values.replicates import Replicate

HALF_INTERVAL = f"half of the {LEVEL:.0%} interval"


@final
@dataclass(frozen=True)
class Error:
    """The error of means.

    Attributes:
        values: NaN where there is none.
        name: What it is, such as "standard error".
    """

    values: xr.DataArray
    name: str


def repeated_over(values: xr.DataArray | xr.Dataset) -> Replicate | None:
    """The most independent of what numbers are repeated over, None if there is nothing."""
    return next((one for one in Replicate if one in values.dims), None)


def repetitions(values: xr.DataArray | xr.Dataset) -> int:
    """How often numbers are repeated; 1 if they are not."""
    return int(values.sizes.get(repeated_over(values), 1))


def summarised(name: str, values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """The ``mean`` of what was repeated, and its ``error``; a p-value has none.

    Args:
        name: What is measured, as in a Trace; p-values end in "_p".
        values: Numbers, perhaps along what they are repeated over.

    Returns:
        Both without those dimensions.
    """
    middle = mean(name, values)
    if is_p_value(name):
        return middle, xr.full_like(middle, np.nan, dtype=float)
    return middle, error(values).values


def mean(name: str, values: xr.DataArray) -> xr.DataArray:
    """The mean over all that numbers are repeated over; of p-values the largest.

    A mean of p-values is no p-value; the largest says what every batch, or seed, agrees on. A
    number that was not measured somewhere leaves the mean unknown: it is never that of fewer.

    Args:
        name: What is measured, as in a Trace; p-values end in "_p".
        values: Numbers, perhaps along what they are repeated over.
    """
    over = repeated_over(values)
    if over is None:
        return values
    reduce = np.max if is_p_value(name) else np.mean
    return _reduced(_along_one(values, reduce), over, reduce)


def error(values: xr.DataArray) -> Error:
    """The error of the mean over what numbers are repeated over, and what it is.

    Of networks that were trained each by itself it is half of the t-interval at ``LEVEL``, because
    they are few; of probe batches it is one standard error. NaN where something was not measured,
    or nothing is repeated.
    """
    over = repeated_over(values)
    if over is not None and over.is_training:
        return Error(half_interval(values), HALF_INTERVAL)
    return Error(standard_error(values), STANDARD_ERROR)


def standard_error(values: xr.DataArray) -> xr.DataArray:
    """One standard error of the mean over the most independent of what is repeated."""
    return _deviation(values, lambda count: 1.0)


def half_interval(values: xr.DataArray) -> xr.DataArray:
    """Half of the t-interval of that mean at ``LEVEL``."""
    return _deviation(values, half_width)


def _deviation(values: xr.DataArray, factor: Callable[[int], float]) -> xr.DataArray:
    """The standard error of the mean times a factor that depends on the count; NaN of fewer than 2.

    Numbers that are repeated over something less independent as well are averaged over it first.
    """
    over, count = repeated_over(values), repetitions(values)
    if over is None:
        return xr.full_like(values, np.nan, dtype=float)
    whole = _along_one(values, np.mean)
    if count < 2:
        return xr.full_like(whole.isel({over: 0}, drop=True), np.nan, dtype=float)
    scale = factor(count) / math.sqrt(count)
    return _reduced(whole, over, lambda data, axis: scale * np.std(data, axis=axis, ddof=1))


def _along_one(
    values: xr.DataArray, reduce: Callable[..., np.ndarray | np.floating]
) -> xr.DataArray:
    """The values along the most independent alone, reduced over the others that they have."""
    _, *others = (one for one in Replicate if one in values.dims)
    for other in reversed(others):
        values = _reduced(values, other, reduce)
    return values


def _reduced(
    values: xr.DataArray, over: str, reduce: Callable[..., np.ndarray | np.floating]
) -> xr.DataArray:
    """Values without a dimension, NaN where one of them is; a page asks for thousands of these."""
    with np.errstate(invalid="ignore"):  # an infinity has no spread
        reduced = reduce(values.values, axis=values.get_axis_num(over))
    return values.isel({over: 0}, drop=True).copy(deep=False, data=np.asarray(reduced))


def error_words(values: xr.DataArray | xr.Dataset) -> str:
    """What a band or a cross shows, in words; empty where nothing is repeated."""
    over, count = repeated_over(values), repetitions(values)
    if over is None or count < 2:
        return ""
    if over.is_training:
        return f"the {LEVEL:.0%} interval of the mean over {over.counted(count)}"
    return f"±1 {STANDARD_ERROR} over {over.counted(count)}"


def is_p_value(name: str) -> bool:
    """Whether a variable of a Trace holds p-values."""
    return name.endswith("_p")
