"""Networks side by side: each has its own curve, and each estimator its own moments."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import spearmanr

from infoplane.analysis import phases
from infoplane.analysis.networks import (
    after_peak,
    compared,
    fall,
    first_below,
    margin,
    measured_by,
    of_estimators,
    peak_and_end,
    pseudo_values,
)

MOMENTS, NETS = 30, 5


def curves(values, names=("a",)):
    """Along (snapshot, estimator, init)."""
    array = np.stack([np.asarray(values, dtype=float)] * len(names), 1)
    return xr.DataArray(array, {"estimator": list(names)}, ("snapshot", "estimator", "init"))


def risen_and_fallen(height):
    return np.concatenate([np.linspace(0, 5, 10), np.linspace(5, 5 - height, MOMENTS - 10)])


def test_every_network_falls_from_its_own_peak():
    heights = [0.0, 0.1, 1.0, 2.0]
    rolled = [np.roll(risen_and_fallen(h), 0) for h in heights]
    late = np.concatenate([np.zeros(5), risen_and_fallen(2.0)[:-5]])
    values = curves(np.stack([*rolled, late], 1))
    found = fall(values).sel(estimator="a").values
    assert found[:4] == pytest.approx(heights, abs=0.06)
    told = margin(values).sel(estimator="a").values
    for net in range(4):
        alone = phases.fall_margin(values.values[:, 0, [net]])[0]
        assert told[net] == pytest.approx(alone)
    assert (told > 0).tolist() == [False, False, True, True, True]
    ends = peak_and_end(values).sel(estimator="a")
    assert ends.isel(moment=0).values == pytest.approx(5.0)


def test_an_estimator_is_asked_where_it_measured():
    values = np.full((6, 2, 4, 2), np.nan)  # snapshot, estimator, init, layer
    values[:, 0] = 1.0
    values[::2, 1, :3, 0] = 2.0
    trace = xr.Dataset(
        {"I_XT": (("snapshot", "estimator", "init", "layer"), values)},
        {
            "estimator": ["bins", "slow"],
            "layer": ["one", "two"],
            "step": ("snapshot", np.arange(6)),
        },
    )
    slow = measured_by(trace, "slow")
    assert slow["step"].values.tolist() == [0, 2, 4]
    assert (slow.sizes["init"], slow["layer"].values.tolist()) == (3, ["one"])
    assert compared(trace).sizes["init"] == 3
    means = of_estimators(compared(trace), lambda one: one["I_XT"].sel(layer="one").sum("snapshot"))
    assert means.sel(estimator="bins").values.tolist() == [6.0] * 3
    assert means.sel(estimator="slow").values.tolist() == [6.0] * 3


def test_what_goes_along_is_asked_from_the_peak_on():
    down = risen_and_fallen(3.0)
    beside = np.concatenate([np.zeros(10), np.linspace(0, 1, MOMENTS - 10)])
    values, other = curves(np.stack([down, down], 1)), np.stack([beside, 1 + 0 * beside], 1)
    other = xr.DataArray(other, dims=("snapshot", "init"))
    assert after_peak(values, other).values.ravel().tolist() == [-1.0, 0.0]
    rising = xr.DataArray(np.arange(MOMENTS * 1.0)[:, None], dims=("snapshot", "init"))
    assert after_peak(curves(rising.values), rising).values.ravel().tolist() == [0.0]


def test_the_jackknife_of_a_rank_correlation():
    draw = np.random.default_rng(0)
    samples = draw.normal(size=(40, 2, 40)).cumsum(1)  # x, and x with noise
    values = [pseudo_values(x, y) for x, y in samples]
    rho = [spearmanr(x, y).statistic for x, y in samples]
    truth = 6 / np.pi * np.arcsin(np.sqrt(0.5) / 2)  # of two normal variables
    assert np.mean(values) == pytest.approx(truth, abs=0.04)
    # the spread over samples is what the interval stands for
    errors = [one.std(ddof=1) / 40**0.5 for one in values]
    assert np.mean(errors) == pytest.approx(np.std(rho), rel=0.4)
    assert pseudo_values(np.arange(9.0), np.arange(9.0)) == pytest.approx(1.0)
    assert pseudo_values(np.arange(9.0), np.ones(9)) == pytest.approx(0.0)


def test_each_network_is_left_out_in_turn():
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=7), draw.normal(size=7)
    whole = spearmanr(x, y).statistic
    left = [spearmanr(np.delete(x, i), np.delete(y, i)).statistic for i in range(7)]
    expected = whole + 6 * (np.mean(left) - np.array(left))
    assert pseudo_values(x, y) == pytest.approx(expected, abs=1e-10)


def test_a_crossing_is_the_last_one():
    values = np.array([[3, 3, 0.5, 0.5], [0.5, 3, 0.5, 3], [3, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 3]])
    found = first_below(xr.DataArray(values, dims=("snapshot", "init")), 1.0)
    assert found.values.tolist() == [3, 2, 0, -1]
