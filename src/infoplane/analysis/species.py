"""What can be asked of one curve of information over training, and of several beside each other.

Curves are smoothed as in ``phases``, whose rule also says what "the end" is: the last 5 % of the
moments. Everything is by estimator and probe batch.
"""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from scipy.stats import kendalltau, rankdata

from infoplane.analysis import phases


def start(curve: xr.DataArray) -> xr.DataArray:
    """The first value."""
    return curve.isel(snapshot=0, drop=True)


def peak(curve: xr.DataArray) -> xr.DataArray:
    """The value where the batch mean of the smoothed curve is largest."""
    return _each(lambda one: _at_peak(phases.smoothed(one)), curve)


def end(curve: xr.DataArray) -> xr.DataArray:
    """The mean over the last 5 % of the moments."""
    return _each(lambda one: _at_end(phases.smoothed(one)), curve)


def drop(curve: xr.DataArray) -> xr.DataArray:
    """Bits from the peak to the end; not negative in the batch mean, but for smoothing."""
    return peak(curve) - end(curve)


def monotone(curve: xr.DataArray) -> xr.DataArray:
    """Kendall's τ of the values with their order in time: 1 if they never fall.

    0 where the curve is constant, which neither rises nor falls.
    """
    return _each(lambda one: np.array([_tau(batch) for batch in one.T]), curve)


def follows(curve: xr.DataArray, other: xr.DataArray) -> xr.DataArray:
    """Spearman's rank correlation of two curves over training.

    0 where one of them is constant, which follows nothing.

    Args:
        curve: Dimensions (snapshot, estimator, batch).
        other: The same, or without "estimator"; at the same moments.
    """
    whole = other.broadcast_like(curve)
    return _each(
        lambda a, b: np.array([_rho(x, y) for x, y in zip(a.T, b.T, strict=True)]), curve, whole
    )


def together(parts: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """The parts of a claim along "part", each of dimensions (estimator, batch)."""
    plain = [one.reset_coords(drop=True) for one in parts.values()]
    stacked = xr.concat(
        plain, "part", coords="minimal", compat="override", combine_attrs="override"
    )
    return stacked.assign_coords(part=list(parts))


def _each(rule: Callable[..., np.ndarray], *curves: xr.DataArray) -> xr.DataArray:
    """Applies a rule on (snapshot, batch) arrays to every estimator and whatever else there is."""
    return xr.apply_ufunc(
        rule,
        *curves,
        input_core_dims=[["snapshot", "batch"]] * len(curves),
        output_core_dims=[["batch"]],
        vectorize=True,
    )


def _at_peak(smooth: np.ndarray) -> np.ndarray:
    return smooth[phases.peak_of(smooth)]


def _at_end(smooth: np.ndarray) -> np.ndarray:
    return smooth[-max(1, round(phases.SHARE * len(smooth))) :].mean(0)


def _tau(curve: np.ndarray) -> float:
    if np.ptp(curve) == 0:
        return 0.0
    return float(kendalltau(np.arange(len(curve)), curve).statistic)


def _rho(one: np.ndarray, other: np.ndarray) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])
