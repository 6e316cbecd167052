"""What can be asked of one curve of information over training, and of several beside each other.

Curves are smoothed by a running median over 1 % of their moments (which leaves up to 150 of them as
they are); "the end" is the last 5 % of the moments. Everything is by estimator and probe batch.
"""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from scipy.ndimage import median_filter

WINDOW = 0.01
"""Share of the moments that the running median covers."""
END = 0.05
"""Share of the moments that is "the end"."""


def start(curve: xr.DataArray) -> xr.DataArray:
    """The first value."""
    return curve.isel(snapshot=0, drop=True)


def peak(curve: xr.DataArray) -> xr.DataArray:
    """The value where the batch mean of the smoothed curve is largest."""
    return over_moments(lambda one: _at_peak(smoothed(one)), curve)


def end(curve: xr.DataArray) -> xr.DataArray:
    """The mean over the last 5 % of the moments."""
    return over_moments(lambda one: ending(smoothed(one)).mean(0), curve)


def last_moments(curve: xr.DataArray) -> xr.DataArray:
    """The last 5 % of the moments themselves."""
    return curve.isel(snapshot=slice(-_count(curve.sizes["snapshot"]), None))


def drop(curve: xr.DataArray) -> xr.DataArray:
    """Bits from the peak to the end; not negative in the batch mean, but for smoothing."""
    return peak(curve) - end(curve)


def fall(course: xr.DataArray, share: float) -> xr.DataArray:
    """By how much the fall from the peak to the last moment exceeds a share of the peak.

    The peak is where the mean over the batches is largest; nothing is smoothed, so that it suits a
    course that is computed and not estimated.

    Args:
        course: Positive numbers along (snapshot, batch).
        share: Of the peak.
    """
    top = course.isel(snapshot=int(course.mean("batch").argmax("snapshot")))
    return top - course.isel(snapshot=-1) - share * top


def monotone(curve: xr.DataArray) -> xr.DataArray:
    """Kendall's τ of the values with their order in time: 1 if they never fall.

    0 where the curve is constant, which neither rises nor falls.
    """
    return over_moments(lambda one: np.array([_tau(batch) for batch in one.T]), curve)


def follows(curve: xr.DataArray, other: xr.DataArray) -> xr.DataArray:
    """Spearman's rank correlation of two curves over training.

    0 where one of them is constant, which follows nothing.

    Args:
        curve: Dimensions (snapshot, estimator, batch).
        other: The same, or without "estimator"; at the same moments.
    """
    whole = other.broadcast_like(curve)
    return over_moments(
        lambda a, b: np.array([rank_correlation(x, y) for x, y in zip(a.T, b.T, strict=True)]),
        curve,
        whole,
    )


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's ρ, equal values sharing the mean of their ranks; 0 where one is constant.

    >>> rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([0.1, 0.2, 0.3]))
    1.0
    """
    from scipy.stats import rankdata  # a second to import, for those who judge only

    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return round(float(np.corrcoef(rankdata(one), rankdata(other))[0, 1]), 12)


def together(parts: Mapping[str, xr.DataArray]) -> xr.DataArray:
    """The parts of a claim along "part", each of dimensions (estimator, batch)."""
    plain = [one.reset_coords(drop=True) for one in parts.values()]
    stacked = xr.concat(
        plain, "part", coords="minimal", compat="override", combine_attrs="override"
    )
    return stacked.assign_coords(part=list(parts))


def over_moments(rule: Callable[..., np.ndarray], *curves: xr.DataArray) -> xr.DataArray:
    """A rule on arrays (snapshot, batch), for every estimator and whatever else there is.

    Args:
        rule: From one array per curve to one number per batch.
        curves: Dimensions "snapshot", "batch" and any others.
    """
    return xr.apply_ufunc(
        rule,
        *curves,
        input_core_dims=[["snapshot", "batch"]] * len(curves),
        output_core_dims=[["batch"]],
        vectorize=True,
    )


def smoothed(curves: np.ndarray) -> np.ndarray:
    """Running median over ``WINDOW`` of the moments of (snapshot, batch), each batch by itself."""
    window = max(1, round(WINDOW * len(curves))) | 1
    return median_filter(curves, size=(window, 1), mode="nearest")


def peak_of(curves: np.ndarray) -> int:
    """Where the batch mean of (snapshot, batch) is largest."""
    return int(curves.mean(1).argmax())


def ending(curves: np.ndarray) -> np.ndarray:
    """The last ``END`` of the moments of (snapshot, batch)."""
    return curves[-_count(len(curves)) :]


def _count(moments: int) -> int:
    return max(1, round(END * moments))


def _at_peak(smooth: np.ndarray) -> np.ndarray:
    return smooth[peak_of(smooth)]


def _tau(curve: np.ndarray) -> float:
    from scipy.stats import kendalltau  # a second to import, for those who judge only

    if np.ptp(curve) == 0:
        return 0.0
    return float(kendalltau(np.arange(len(curve)), curve).statistic)
