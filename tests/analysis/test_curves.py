"""What is asked of a curve, on curves whose answer is known."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import spearmanr

from infoplane.analysis.curves import (
    drop,
    end,
    fall,
    follows,
    monotone,
    peak,
    rank_correlation,
    start,
    together,
)

T = np.linspace(0, 1, 41)


def curve(values, batches=2):
    """A curve of shape (snapshot,) under two estimators, the second at twice the values."""
    array = np.broadcast_to(values[:, None, None], (len(values), 2, batches)) * [[1.0], [2.0]]
    dims = ("snapshot", "estimator", "batch")
    return xr.DataArray(array, dims=dims, coords={"estimator": ["one", "two"]})


def read(values):
    assert set(values.dims) == {"estimator", "batch"}
    return values.sel(estimator="one").values


def test_a_curve_that_rises_and_falls():
    triangle = curve(1 - abs(T - 0.5))
    assert read(start(triangle)) == pytest.approx(0.5)
    assert read(peak(triangle)) == pytest.approx(1.0)
    last = np.mean((1 - abs(T - 0.5))[-2:])  # 5 % of 41 moments
    assert read(end(triangle)) == pytest.approx(last)
    assert read(drop(triangle)) == pytest.approx(1 - last)
    assert drop(triangle).sel(estimator="two").values == pytest.approx(2 * (1 - last))


@pytest.mark.parametrize(("values", "tau"), [(T, 1.0), (-T, -1.0), (np.ones(41), 0.0)])
def test_kendall_s_tau_of_monotone_curves(values, tau):
    assert read(monotone(curve(values))) == pytest.approx(tau)


def test_kendall_s_tau_counts_the_pairs_that_fall():
    """Of the three pairs of 1, 3, 2 one falls: τ = (2 − 1)/3."""
    assert read(monotone(curve(np.array([1.0, 3.0, 2.0])))) == pytest.approx(1 / 3)


def test_equal_values_share_their_rank():
    one, other = np.array([1.0, 1.0, 2.0, 3.0]), np.array([4.0, 5.0, 5.0, 6.0])
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert rank_correlation(one, other) == rank_correlation(one[[1, 0, 2, 3]], other[[1, 0, 2, 3]])


def test_rank_correlation_sees_order_and_not_size():
    norm = curve(T).sel(estimator="one", drop=True)
    assert read(follows(curve(np.exp(5 * T)), norm)) == pytest.approx(1.0)
    assert read(follows(curve(-(T**3)), norm)) == pytest.approx(-1.0)
    assert read(follows(curve(np.ones(41)), norm)) == pytest.approx(0.0)


def test_parts_keep_their_names_and_numbers():
    both = together({"a": peak(curve(T)), "b": start(curve(T))})
    assert both.sizes == {"part": 2, "estimator": 2, "batch": 2}
    assert both.sel(part="a", estimator="one").values == pytest.approx(1.0)
    assert both.sel(part="b", estimator="one").values == pytest.approx(0.0)


def test_a_fall_is_what_exceeds_a_share_of_the_peak():
    course = xr.DataArray(np.array([[1.0, 1], [4, 6], [3, 3]]), dims=("snapshot", "batch"))
    assert fall(course, 0.25).values.tolist() == [0.0, 1.5]
    rising = xr.DataArray(np.array([[1.0], [2.0]]), dims=("snapshot", "batch"))
    assert float(fall(rising, 0.05).item()) == pytest.approx(-0.1)
