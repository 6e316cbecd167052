"""Fitting and simplifying, decided by a rule instead of by eye.  [lee2021information, notes §4].

The curve of a layer, smoothed as in ``curves``, *simplifies* if it falls from its peak by at least
0.25 bit and 5 % of the peak, and goes on falling after it (Theil–Sen slope over the log-spaced
snapshots). It is *fitted* if both informations have risen by at least 0.25 bit when the first of
them peaks.
"""

import numpy as np
import xarray as xr

from infoplane.analysis.curves import ending, over_moments, peak_of, smoothed

LEAST = 0.25
"""Bits that a rise or fall must exceed."""
SHARE = 0.05
"""Share of the peak that a fall must exceed."""


def simplifying(information: xr.DataArray) -> xr.DataArray:
    """Bits by which the fall of I(X;T) exceeds what counts as one; positive if it simplifies.

    Args:
        information: Dimensions (snapshot, estimator, batch).

    Returns:
        min(drop − threshold, decline after the peak), dimensions (estimator, batch).
    """
    return over_moments(fall_margin, information)


def fitting(to_input: xr.DataArray, to_target: xr.DataArray) -> xr.DataArray:
    """Bits by which the smaller rise of I(X;T) and I(T;Y) exceeds 0.25 bit.

    Args:
        to_input: I(X;T), dimensions (snapshot, estimator, batch).
        to_target: I(T;Y), same dimensions.
    """
    return over_moments(rise_margin, to_input, to_target)


def fall_margin(curves: np.ndarray) -> np.ndarray:
    """The rule for a fall on curves of shape (snapshots, batches); one number per batch."""
    smooth = smoothed(curves)
    peak = peak_of(smooth)
    drop = smooth[peak] - ending(smooth).mean(0)
    threshold = np.maximum(LEAST, SHARE * smooth[peak])
    return np.minimum(drop - threshold, _decline(smooth[peak:]))


def rise_margin(to_input: np.ndarray, to_target: np.ndarray) -> np.ndarray:
    """The rule for a rise on two sets of curves of shape (snapshots, batches)."""
    first, second = smoothed(to_input), smoothed(to_target)
    peak = peak_of(first)
    return np.minimum(first[peak] - first[0], second[peak] - second[0]) - LEAST


def _decline(after: np.ndarray) -> np.ndarray:
    """Bits lost from the peak to the end along the Theil–Sen line, per batch."""
    from scipy.stats import theilslopes  # a second to import, for those who judge only

    length = len(after) - 1
    if length < 1:
        return np.zeros(after.shape[1])
    return np.array([-theilslopes(curve)[0] * length for curve in after.T])
