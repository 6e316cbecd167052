"""Sliced information: what a mean over directions must be, and what it inherits."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
import pytest
import torch

from infoplane.measures.estimator import Properties, ShuffledEstimator
from infoplane.measures.evidence.null import WithNull
from infoplane.measures.noise.kde import PairwiseKDE
from infoplane.measures.normal.gaussian import Gaussian, GaussianCopula
from infoplane.measures.samples import is_discrete, paired
from infoplane.measures.sliced import Sliced
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.seeds import orders


@final
@dataclass(frozen=True)
class Variance:
    """Not information: the variance of y, which says along which directions y is seen."""

    properties: Properties = Properties(bound="lower")

    def __call__(self, x, y) -> Estimate:
        _, seen = paired(x, y)
        value = float(seen.double().var(0, correction=0).sum())
        return Estimate(value, len(seen), "variance", bound="lower", notes=("Seen.",), shared=True)


@final
@dataclass(frozen=True)
class LabelsAlone:
    """An estimator that has nothing to project."""

    properties: Properties = Properties(takes=("labels",))

    def __call__(self, x, y) -> Estimate:
        raise NotImplementedError


def pairs(n: int, d: int, rho: float, seed: int = 0):
    x, noise = torch.randn(
        2, n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def test_directions_have_length_1_and_no_preference():
    y = torch.tensor([[3.0, 0.0, 0.0, 0.0], [-3.0, 0.0, 0.0, 0.0]]).repeat(5, 1)
    found = Sliced(Variance(), projections=1000)(torch.arange(10), y)
    # the square of one component of a direction in four dimensions has the mean 1/4
    assert found.value == pytest.approx(9 / 4, abs=4 * found.stderr)
    white = torch.eye(4, dtype=torch.float64) * 2  # with its negative: variance 1 everywhere
    lengths = Sliced(Variance(), projections=50)(torch.arange(8), torch.cat([white, -white]))
    assert lengths.value == pytest.approx(1.0, abs=1e-12)
    assert lengths.stderr == pytest.approx(0, abs=1e-12)


def test_normal_variables_have_the_integral_over_directions():
    """y = x + noise: the correlation along θ and φ is ρ·θᵀφ."""
    generator = np.random.default_rng(0)
    a, b = generator.standard_normal((2, 200_000, 3))
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    expected = np.mean(-0.5 * np.log2(1 - (0.9 * cosine) ** 2))
    found = Sliced(Gaussian(), projections=400)(*pairs(5000, 3, 0.9))
    assert found.value == pytest.approx(expected, abs=4 * found.stderr)
    assert 0.005 < found.stderr < 0.02 and found.n == 5000


def test_independent_variables_have_none_and_slices_no_more_than_the_whole():
    x, y = pairs(2000, 5, 0.0)
    assert abs(Sliced(Gaussian())(x, y).value) < 1e-3
    x, y = pairs(2000, 5, 0.8)
    assert 0 < Sliced(Gaussian())(x, y).value < Gaussian()(x, y).value


def test_one_dimension_is_no_projection():
    x, y = pairs(100, 1, 0.7)
    found, inner = Sliced(GaussianCopula())(x, y), GaussianCopula()(x, y)
    assert found.value == inner.value and found.stderr == inner.stderr
    assert found.method == repr(Sliced(GaussianCopula())) and found.interval is None


def test_discrete_variables_stay_as_they_are():
    seen = []

    @final
    @dataclass(frozen=True)
    class Seen:
        properties: Properties = Properties()

        def __call__(self, x, y) -> Estimate:
            seen.append((x, y))
            return Estimate(0.0, len(x), "seen")

    rows = torch.arange(20).reshape(10, 2)
    Sliced(Seen(), projections=3)(rows, pairs(10, 4, 0.0)[0].float())
    assert len(seen) == 3
    for x, y in seen:
        assert torch.equal(x, rows) and is_discrete(x)
        assert y.shape == (10, 1) and y.dtype == torch.float64


def test_it_inherits_what_a_mean_keeps():
    kde = Sliced(PairwiseKDE(0.1, "lower")).properties
    assert kde.takes == ("numbers", "mixed") and not kde.scale_invariant and kde.bound == "lower"
    assert Sliced(PairwiseKDE(0.1, "upper")).properties.bound is None
    gaussian = Sliced(Gaussian(correct_bias=False)).properties
    assert gaussian.takes == ("numbers",) and gaussian.scale_invariant and gaussian.nonnegative
    assert gaussian.error is None and not (gaussian.interval or gaussian.symmetric)
    assert Sliced(Variance(), projections=2)(*pairs(9, 2, 0.0)).bound == "lower"


def test_ceiling_and_notes_come_from_the_inner_estimator():
    x, y = pairs(64, 3, 0.5)
    found = Sliced(PairwiseKDE(1e-9), projections=7)(x, y)
    assert found.ceiling == 6 and found.saturated
    (note,) = found.notes
    assert note.startswith("Of 7 projections, 7 came with notes") and "saturated" in note
    assert Sliced(Gaussian(), projections=7)(x, y).notes == ()


def test_infinite_slices_are_told_without_a_standard_error():
    x = torch.randn(50, 1).double()
    found = Sliced(Gaussian(), projections=3)(x, torch.cat([x, 2 * x], 1))
    assert found.value == math.inf and found.stderr is None and "NoisyChannel" in found.notes[0]


def test_shuffled_is_what_as_many_calls_give():
    drawn = orders(0, "t", n=60, count=5)
    for d in (1, 3):
        x, y = pairs(60, d, 0.8)
        for inner in (Gaussian(), PairwiseKDE()):  # with a quick way, and with one that is flat
            sliced = Sliced(inner, projections=9)
            expected = [sliced(x, y[order]).value for order in drawn]
            assert sliced.shuffled(x, y, drawn) == pytest.approx(expected, abs=1e-10)
    assert isinstance(Sliced(Gaussian()), ShuffledEstimator)
    assert WithNull(Sliced(Gaussian(), projections=20))(x, y).p_value == 0.025


def test_the_seed_is_heard():
    x, y = pairs(60, 3, 0.8)
    assert Sliced(Gaussian(), 10, seed=1)(x, y) == Sliced(Gaussian(), 10, seed=1)(x, y)
    assert Sliced(Gaussian(), 10, seed=1)(x, y).value != Sliced(Gaussian(), 10, seed=2)(x, y).value


def test_what_it_cannot_take_is_refused_with_the_remedy():
    with pytest.raises(InfoplaneError, match="projections=1"):
        Sliced(Gaussian(), projections=1)
    with pytest.raises(InfoplaneError, match="takes no numbers"):
        Sliced(LabelsAlone())
    labels = torch.arange(10)
    with pytest.raises(InfoplaneError, match="PlugIn"):
        Sliced(PairwiseKDE())(labels, labels)
    with pytest.raises(InfoplaneError, match="MixedKSG"):
        Sliced(Gaussian())(labels, pairs(10, 3, 0.5)[0])


def test_it_says_what_is_inside():
    sliced = Sliced(Gaussian(), projections=30)
    assert "30 pairs of random directions" in sliced.words and Gaussian().words in sliced.words
    assert sliced.sources == ("goldfeld2021sliced", *Gaussian().sources)
    assert Sliced(Variance()).sources == ("goldfeld2021sliced",)
