"""Both pairwise bounds in one pass, and noise propagated through a network."""

import math

import pytest
import torch

from infoplane.measures.noise.both_bounds import both_bounds
from infoplane.measures.noise.channel import NoisyChannel
from infoplane.measures.noise.kde import PairwiseKDE
from infoplane.measures.noise.propagation import SamplePropagation
from infoplane.values.errors import InfoplaneError


def layer(n=700, d=3, seed=0):
    draw = torch.Generator().manual_seed(seed)
    points = torch.tanh(torch.randn(n, d, generator=draw, dtype=torch.float64))
    return points, (points[:, 0] + 0.3 * points[:, 1] > 0).long()


def onehot(y, k=2):
    return torch.nn.functional.one_hot(y, k).double()


@pytest.mark.parametrize("variance", [1e-3, 0.1])
@pytest.mark.parametrize("n", [30, 700])  # one square of pairs, and several
def test_both_bounds_are_those_of_the_estimator(n, variance):
    points, y = layer(n)
    inputs = torch.randn(n, 2)
    for bound, found in zip(
        ("upper", "lower"), both_bounds(points, onehot(y), variance), strict=True
    ):
        one = PairwiseKDE(variance, bound)
        assert found.of_input == pytest.approx(one(inputs, points).value, abs=1e-5)
        assert found.of_class == pytest.approx(one(points, y).value, abs=1e-5)


def test_a_probability_of_a_class_counts_as_so_many_samples():
    points, _ = layer(60)
    quarters = torch.randint(0, 5, (60,), generator=torch.Generator().manual_seed(1))
    p = torch.stack([1 - quarters / 4, quarters / 4], 1).double()
    four = points.repeat_interleave(4, 0)
    y = torch.cat([torch.arange(4) < q for q in quarters]).long()
    for one, other in zip(
        both_bounds(points, p, 0.01), both_bounds(four, onehot(y), 0.01), strict=True
    ):
        assert one == pytest.approx(other, abs=1e-5)
    upper, _ = both_bounds(points, torch.full((60, 2), 0.5).double(), 0.01)
    assert upper.of_class == pytest.approx(0.0, abs=1e-5)


def test_bounds_are_ordered_and_end_where_points_coincide_or_stand_alone():
    points, y = layer(64)
    upper, lower = both_bounds(points, onehot(y), 0.05)
    assert 0 <= lower.of_input <= upper.of_input <= 6
    for one in both_bounds(torch.ones(64, 3), onehot(y), 0.05):
        assert one == pytest.approx((0.0, 0.0), abs=1e-5)
    for one in both_bounds(1e4 * points, onehot(y), 1e-3):
        assert one.of_input == pytest.approx(6.0, abs=1e-5)


def test_a_class_that_no_point_has_changes_nothing():
    points, y = layer(64)
    two, three = (both_bounds(points, onehot(y, k), 0.05) for k in (2, 3))
    assert three[0] == pytest.approx(two[0], abs=1e-5)


def test_one_draw_of_a_layer_without_noise_before_it_is_the_noisy_channel():
    points, y = layer(300)
    kept = SamplePropagation(0.1, evaluated=16)(points[:, None], onehot(y))
    channel = NoisyChannel(0.1, draws=16, seed=7)
    of_input = channel(torch.randn(300, 2), points)
    slack = 5 * math.hypot(kept.stderr, of_input.stderr)
    assert kept.of_input == pytest.approx(of_input.value, abs=slack)
    assert kept.of_class == pytest.approx(channel(points, y).value, abs=0.02)


def test_the_information_of_two_inputs_with_inner_noise_is_known():
    """S = ±1 + 0.6 N and T = S + 0.8 N is a normal channel of unit variance with two inputs."""
    draw = torch.Generator().manual_seed(0)
    centre = torch.tensor([-1.0, 1.0], dtype=torch.float64)[:, None, None]
    s = centre + 0.6 * torch.randn(2, 6000, 1, generator=draw, dtype=torch.float64)
    kept = SamplePropagation(0.8, evaluated=2000)(s, torch.eye(2).double())
    grid = torch.linspace(-9, 9, 20_001, dtype=torch.float64)
    p = torch.exp(-0.5 * (grid - 1) ** 2) / math.sqrt(2 * math.pi)
    truth = float(torch.trapezoid(p * (2 / (1 + torch.exp(-2 * grid))).log2(), grid))
    assert kept.of_input == pytest.approx(truth, abs=0.03)
    assert kept.of_class == pytest.approx(kept.of_input, abs=1e-9)  # a class an input


def test_more_draws_come_nearer_from_below():
    draw = torch.Generator().manual_seed(0)
    centre = torch.randn(16, 1, 4, generator=draw, dtype=torch.float64)
    s = centre + torch.randn(16, 1600, 4, generator=draw, dtype=torch.float64)
    found = [
        SamplePropagation(0.2, evaluated=20)(s[:, -m:], torch.eye(16).double()) for m in (25, 1600)
    ]
    assert found[0].of_input < found[1].of_input <= 4


def test_what_cannot_be_propagated_is_refused():
    with pytest.raises(InfoplaneError, match="deviation=0"):
        SamplePropagation(0.0)
    with pytest.raises(InfoplaneError, match="evaluated=0"):
        SamplePropagation(1.0, evaluated=0)
    with pytest.raises(InfoplaneError, match="4 draws of every input"):
        SamplePropagation(1.0)(torch.zeros(3, 4, 2), torch.eye(3).double())
