"""A noisy layer by sampled noise: integrals, closed forms, the bounds around it, classes."""

import math

import numpy as np
import pytest
import torch

from infoplane.measures.evidence.null import WithNull
from infoplane.measures.noise import layer
from infoplane.measures.noise.channel import NoisyChannel
from infoplane.measures.noise.kde import PairwiseKDE
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import orders
from oracles import densities as oracle


def points(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("deviation", [0.05, 0.3, 2.0])
def test_scalars_agree_with_an_integral(deviation: float):
    t, labels = points(40, 1), torch.arange(40) % 3
    channel = NoisyChannel(deviation, draws=200)
    for x, classes in ((t, None), (labels, labels.numpy())):
        expected = oracle.mixture_information(t[:, 0].numpy(), classes, deviation)
        found = channel(x, t)
        assert found.value == pytest.approx(expected, abs=4 * found.stderr + 1e-6)
        assert found.stderr < 0.02
    assert channel(t, labels).value == channel(labels, t).value


def test_two_points_at_unit_distance():
    """The information of a binary antipodal channel at (1/2 ÷ 0.5)² = 0 dB: 0.4859 bit."""
    t = torch.tensor([[0.0], [1.0]]).repeat(500, 1)
    found = NoisyChannel(0.5, draws=50)((t[:, 0] > 0.5).long(), t)
    assert found.value == pytest.approx(0.4859, abs=4 * found.stderr)


@pytest.mark.parametrize(("d", "deviation"), [(1, 0.5), (2, 1.0), (3, 2.0)])
def test_normal_layers_share_what_the_closed_form_says(d: int, deviation: float):
    found = NoisyChannel(deviation)(points(4000, d), points(4000, d))
    expected = 0.5 * d * math.log2(1 + 1 / deviation**2)
    assert found.value == pytest.approx(expected, abs=0.05)


def test_the_standard_error_is_that_of_repeated_noise():
    t, labels = points(60, 2), torch.arange(60) % 2
    for x in (t, labels):
        found = [NoisyChannel(0.4, seed=seed)(x, t) for seed in range(200)]
        spread = np.std([one.value for one in found], ddof=1)
        assert spread == pytest.approx(np.mean([one.stderr for one in found]), rel=0.2)


@pytest.mark.parametrize("d", [1, 4, 30])
@pytest.mark.parametrize("deviation", [0.1, 1.0, 3.0])
def test_it_lies_between_the_pairwise_bounds(d: int, deviation: float):
    t = points(150, d)
    found = NoisyChannel(deviation)(t, t)
    low, high = (PairwiseKDE(deviation**2, bound)(t, t).value for bound in ("lower", "upper"))
    assert low - 4 * found.stderr - 1e-9 <= found.value <= high + 4 * found.stderr + 1e-9
    entropy = NoisyChannel(deviation).entropy(t)
    low, high = (PairwiseKDE(deviation**2, bound).entropy(t).value for bound in ("lower", "upper"))
    assert low - 4 * found.stderr - 1e-9 <= entropy.value <= high + 4 * found.stderr + 1e-9


def test_no_draw_tells_more_than_the_number_of_samples():
    t = 100 * points(64, 3)
    found = NoisyChannel(0.01)(t, t)
    assert found.value == pytest.approx(6, abs=1e-9) == found.ceiling
    assert found.stderr == pytest.approx(0, abs=1e-9) and "saturated" in found.notes[0]
    labels = torch.arange(64) % 8
    assert NoisyChannel(0.01)(labels, t).value == pytest.approx(3, abs=1e-9)


def test_independent_labels_seem_to_share_the_more_the_fewer_samples_there_are():
    found = [NoisyChannel()(torch.arange(n) % 2, points(n, 2)).value for n in (50, 100, 200, 400)]
    assert found == sorted(found, reverse=True) and found[0] > 0.6 and found[-1] > 0.15
    numbers = [NoisyChannel()(points(n, 2), points(n, 2)).value for n in (50, 100, 200, 400)]
    truth = math.log2(1 + 100)
    assert numbers == sorted(numbers) and numbers[-1] < truth


def test_labels_are_told_where_samples_stand_alone():
    t, labels = points(300, 10), torch.arange(300) % 2
    found = NoisyChannel()(labels, t)
    (note,) = found.notes
    assert found.value > 0.99 and not found.saturated
    assert note.startswith("Every sample stands alone at this noise") and "null" in note
    (note,) = NoisyChannel()(torch.arange(300) // 2, points(300, 2)).notes
    assert note.startswith("Every sample stands alone within its class")
    assert NoisyChannel(2.0)(labels, points(300, 1)).notes == ()
    assert NoisyChannel()(torch.zeros(300).long(), t).notes == ()
    (note,) = NoisyChannel()(torch.arange(300), t).notes  # a class for every sample
    assert "saturated at log2 n" in note


def test_equal_points_share_nothing():
    still = torch.full((50, 4), 0.1)
    assert NoisyChannel()(points(50, 1), still).value == pytest.approx(0, abs=1e-12)
    assert NoisyChannel()(torch.arange(50) % 5, still).value == pytest.approx(0, abs=1e-12)
    assert NoisyChannel()(torch.zeros(50).long(), points(50, 2)).value == 0


def test_thousands_of_dimensions_neither_overflow_nor_vanish():
    t = points(20, 5000)
    assert NoisyChannel(1.0)(t, t).value == pytest.approx(math.log2(20))
    near = NoisyChannel(1.0)(t, t * 1e-3)
    assert 0 <= near.value + 4 * near.stderr and near.value < 0.1


def test_an_outlier_does_not_show():
    t = points(30, 2)
    far = torch.cat([t, torch.full((1, 2), 1e9, dtype=torch.float64)])
    found = NoisyChannel(0.5, draws=50)(far, far)
    within = NoisyChannel(0.5, draws=50)(t, t)
    expected = (30 * (within.value + math.log2(31 / 30)) + math.log2(31)) / 31
    assert found.value == pytest.approx(expected, abs=4 * found.stderr)


def test_tiles_do_not_show(monkeypatch):
    t, labels = points(50, 2), torch.arange(50) % 3
    before = NoisyChannel()(t, t).value, NoisyChannel()(labels, t).value
    monkeypatch.setattr(layer, "TILE", 7)
    after = NoisyChannel()(t, t).value, NoisyChannel()(labels, t).value
    assert after == pytest.approx(before, abs=1e-12)


def test_shuffled_is_what_as_many_calls_give():
    t, labels = points(40, 2), torch.arange(40) % 3
    drawn, channel = orders(0, "t", n=40, count=5), NoisyChannel(0.5)
    expected = [channel(t, labels[order]).value for order in drawn]
    assert channel.shuffled(t, labels, drawn) == pytest.approx(expected, abs=1e-10)
    # another order of the layer has its own noise
    many = NoisyChannel(0.5, draws=300)
    expected = [many(labels, t[order]).value for order in drawn]
    assert many.shuffled(labels, t, drawn) == pytest.approx(expected, abs=0.02)
    assert channel.shuffled(t, t, drawn) == [channel(t, t).value] * 5
    assert WithNull(channel)(t[:, 0] > 0, t).p_value == 0.025


def test_the_noise_is_a_deviation_and_the_seed_is_heard():
    t = points(30, 2)
    assert NoisyChannel(0.4)(t, t).value == pytest.approx(NoisyChannel(0.8)(t, 2 * t).value)
    assert "deviation 0.25 " in NoisyChannel(0.25).words
    assert NoisyChannel(seed=1)(t, t) == NoisyChannel(seed=1)(t, t)
    assert NoisyChannel(seed=1)(t, t).value != NoisyChannel(seed=2)(t, t).value


def test_what_it_cannot_take_is_refused_with_the_remedy():
    for wrong in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(InfoplaneError, match="deviation=.*positive"):
            NoisyChannel(wrong)
    with pytest.raises(InfoplaneError, match="draws=1"):
        NoisyChannel(draws=1)
    labels = torch.arange(10)
    with pytest.raises(InfoplaneError, match="PlugIn"):
        NoisyChannel()(labels, labels)
    with pytest.raises(InfoplaneError, match="PlugIn"):
        NoisyChannel().joint_entropy(points(10, 1), labels)
