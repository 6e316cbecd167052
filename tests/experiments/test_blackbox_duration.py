"""How long compression takes: planted curves whose half times and slopes are known."""

import numpy as np
import pytest
import xarray as xr

from infoplane.experiments.blackbox.duration import half_time, kept_less, points, slopes
from infoplane.values.units import LN2

EPOCHS = np.array([0.0, 1, 2, 4, 8, 16, 32, 64, 128, 256])


def curves(*values):
    """Of one network each."""
    return xr.DataArray(np.array(values).T, {"epoch": ("snapshot", EPOCHS)}, ("snapshot", "init"))


def test_the_time_runs_from_the_maximum_to_half_of_the_fall():
    falling = [2.0, 5, 10, 10, 9, 8, 7, 5.9, 3, 2]
    rising = list(range(10))
    found = half_time(curves(falling, rising)).values
    assert found[0] == 64 - 2
    assert np.isnan(found[1])


def test_a_layer_keeps_less_than_the_one_before():
    by_layer = xr.concat(
        [
            curves([9.0] * 10).assign_coords(layer="a"),
            curves([9.0] * 9 + [6.5]).assign_coords(layer="b"),
        ],
        "layer",
    )
    found = kept_less(by_layer)
    assert found["layer"].values.tolist() == ["b"] and found.values.flatten().tolist() == [2.5]


@pytest.mark.parametrize("slope", [1.0, -0.5, 2.0])
def test_a_power_of_the_exponential_has_its_slope(slope):
    bits = xr.DataArray(np.random.default_rng(0).uniform(0, 4, (4, 6)), dims=("layer", "init"))
    times = np.exp(slope * bits * LN2 + 3)
    assert slopes(times, bits) == pytest.approx(np.full(6, slope))


def test_networks_with_few_falling_layers_have_no_slope():
    bits = xr.DataArray(np.ones((4, 2)).cumsum(0), dims=("layer", "init"))
    times = np.exp(bits).where(xr.DataArray([[1, 1], [1, 1], [1, 0], [0, 0]], dims=bits.dims) > 0)
    assert len(slopes(times, bits)) == 1


def test_points_are_not_joined():
    one = points("p", np.array([2.0, 1.0]), np.array([20.0, 10.0]))
    assert one.y[[0, 2]].tolist() == [10.0, 20.0] and np.isnan(one.y[1])
