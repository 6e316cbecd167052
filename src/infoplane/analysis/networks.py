"""What can be asked of networks that were trained side by side: each has a curve of its own.

Every estimator is asked at the moments at which it measured, and of the networks that it measured.
"""

from collections.abc import Callable

import numpy as np
import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.claims import estimators
from infoplane.analysis.curves import drop, rank_correlation
from infoplane.values.replicates import Replicate
from infoplane.values.trace import Trace

INIT = Replicate.INIT.value
ESTIMATOR, SNAPSHOT = "estimator", "snapshot"
LEAST = 4
"""Fewer moments after a peak say nothing of what goes along with what."""

Curve = xr.DataArray
"""One variable along (snapshot, init), perhaps along (estimator, layer) too."""


def measured_by(trace: Trace, name: str) -> Trace:
    """One estimator with the moments, networks and layers that it measured something of.

    Args:
        trace: A run of networks side by side; of several seeds their means, without networks.
        name: The estimator.
    """
    one = trace.sel({ESTIMATOR: [name]})
    there = one["I_XT"].notnull()
    for dim in (SNAPSHOT, INIT, "layer"):
        if dim in there.dims:
            kept = there.any([other for other in there.dims if other != dim]).values
            one, there = one.isel({dim: kept}), there.isel({dim: kept})
    return one


def compared(trace: Trace) -> Trace:
    """The networks that every estimator has measured."""
    there = trace["I_XT"].notnull()
    over = [dim for dim in there.dims if dim not in (ESTIMATOR, INIT)]
    return trace.isel({INIT: there.any(over).all(ESTIMATOR).values})


def of_estimators(trace: Trace, rule: Callable[[Trace], xr.DataArray]) -> xr.DataArray:
    """A rule on what each estimator measured, along "estimator".

    Args:
        trace: A run; of networks that all of its estimators measured.
        rule: Of one estimator's Trace, with or without "estimator" of one.
    """
    parts = []
    for name in estimators(trace):
        found = rule(measured_by(trace, name)).reset_coords(drop=True)
        if ESTIMATOR not in found.dims:
            found = found.expand_dims({ESTIMATOR: [name]})
        parts.append(found)
    return xr.concat(parts, ESTIMATOR, join="outer", combine_attrs="override")


def margin(curve: Curve) -> xr.DataArray:
    """Bits by which each network's fall from its peak exceeds what counts as one.

    As ``phases.simplifying``, of every network by itself: at least 0.25 bit and 5 % of the peak,
    and falling still.
    """
    return _each(phases.simplifying, curve)


def fall(curve: Curve) -> xr.DataArray:
    """Bits from each network's peak to its end, of the smoothed curve."""
    return _each(drop, curve)


def peak_moment(curve: Curve) -> xr.DataArray:
    """Which moment each network's curve is largest at."""
    return curve.argmax(SNAPSHOT)


def peak_and_end(curve: Curve) -> xr.DataArray:
    """The largest and the last value of every network along "moment", with their attributes."""
    ends = [curve.max(SNAPSHOT), curve.isel(snapshot=-1)]
    plain = [one.reset_coords(drop=True) for one in ends]
    return xr.concat(plain, "moment", combine_attrs="override").assign_attrs(curve.attrs)


def after_peak(curve: Curve, other: Curve) -> xr.DataArray:
    """Spearman's rank correlation of two curves from the first one's peak on, by network.

    0 where fewer than four moments are left, or one of the two does not move: that follows nothing.
    """

    def rule(one: np.ndarray, beside: np.ndarray) -> float:
        first = int(np.argmax(one))
        return rank_correlation(one[first:], beside[first:]) if len(one) - first >= LEAST else 0.0

    return _along(rule, curve, other)


def pseudo_values(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's ρ with the jackknife's deviations around it, one number for every network.

    Their mean is ρ, and the t-interval of that mean is the jackknife's interval of ρ. Its
    correction for bias is left out: with few networks it leaves [−1, 1].

    Args:
        first: A number of every network, shape (net,).
        second: Another.

    Returns:
        Shape (net,).

    Source: efron1981jackknife.
    """
    n = len(first)
    whole = rank_correlation(first, second)
    left = [rank_correlation(np.delete(first, i), np.delete(second, i)) for i in range(n)]
    return whole + (n - 1) * (np.mean(left) - np.array(left))


def first_below(curve: Curve, level: float) -> xr.DataArray:
    """The first moment from which on a curve stays below a level, by network; −1 if it never does.

    Args:
        curve: Along (snapshot, init) and whatever else.
        level: Which.
    """

    def rule(one: np.ndarray) -> float:
        above = np.flatnonzero(~(one < level))
        first = int(above[-1]) + 1 if len(above) else 0
        return float(first if first < len(one) else -1)

    return _along(rule, curve)


def _each(rule: Callable[[xr.DataArray], xr.DataArray], curve: Curve) -> xr.DataArray:
    """A rule that takes probe batches, of every network as a batch alone."""
    alone = curve.reset_coords(drop=True).expand_dims(batch=1, axis=-1)
    return rule(alone).isel(batch=0, drop=True).assign_attrs(curve.attrs)


def _along(rule: Callable[..., float], *curves: Curve) -> xr.DataArray:
    plain = [one.reset_coords(drop=True) for one in curves]
    return xr.apply_ufunc(rule, *plain, input_core_dims=[[SNAPSHOT]] * len(plain), vectorize=True)
