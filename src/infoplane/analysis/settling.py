"""When a curve settles, and whether the outer pairs of an autoencoder do so before the inner."""

import math

import numpy as np
import xarray as xr

from infoplane.analysis.curves import ending, smoothed, together
from infoplane.analysis.phases import LEAST
from infoplane.values.trace import Trace

BAND = 0.1
"""A curve has settled where it stays within this share of its range about its end."""


def settled_at(information: xr.DataArray, still: float = math.nan) -> xr.DataArray:
    """log2(1 + the step) from which on a curve stays near where it ends.

    Near is 10 % of what the smoothed curve covers.

    Args:
        information: Dimensions (snapshot, estimator, batch) in bits, with its steps.
        still: What stands for a curve that covers less than 0.25 bit: it has nothing to settle.

    Returns:
        Dimensions (estimator, batch).
    """
    steps = information["step"].values
    return xr.apply_ufunc(
        lambda curves: _settled(curves, steps, still),
        information,
        input_core_dims=[["snapshot", "batch"]],
        output_core_dims=[["batch"]],
        vectorize=True,
    )


def outer_first(trace: Trace, name: str = "I_pair", still: float = math.nan) -> xr.DataArray:
    """By how many doublings of the step each pair settles later than the one around it.

    Args:
        trace: A run whose pairs come outermost first.
        name: The variable, such as "I_pair_null".
        still: As of ``settled_at``.

    Returns:
        Dimensions (part, estimator, batch); a part is an inner pair with the one around it.
    """
    values = trace[name].dropna("snapshot", how="all")
    labels = [str(pair) for pair in trace["pair"].values]
    settled = [settled_at(values.sel(pair=pair, drop=True), still) for pair in labels]
    parts = {
        f"{inner} after {outer}": later - earlier
        for outer, inner, earlier, later in zip(
            labels, labels[1:], settled, settled[1:], strict=False
        )
    }
    return together(parts)


def _settled(curves: np.ndarray, steps: np.ndarray, still: float) -> np.ndarray:
    """The same of curves of shape (snapshots, batches); one number per batch."""
    smooth = smoothed(curves)
    end = ending(smooth).mean(0)
    covered = smooth.max(0) - smooth.min(0)
    away = np.abs(smooth - end) > BAND * covered
    # the first snapshot after the last that is away; 0 if none is
    first = np.where(away.any(0), len(smooth) - away[::-1].argmax(0), 0)
    settled = np.log2(1.0 + steps[np.minimum(first, len(steps) - 1)])
    return np.where(covered >= LEAST, settled, still)
