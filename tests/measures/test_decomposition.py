"""Partial information from samples: the known cases, the sums, and the sentence beside them."""

import itertools

import numpy as np
import pytest

from infoplane.measures.counting.binned import Binned
from infoplane.measures.counting.decomposition import Decomposition, decompose
from infoplane.measures.counting.plugin import PlugIn
from infoplane.numerics.binning import Quantile
from infoplane.quantities.decomposition import REDUNDANCIES
from infoplane.values.errors import InfoplaneError

COINS = np.array(list(itertools.product((0, 1), repeat=2)) * 10)
A, B = COINS.T


def values(found: Decomposition) -> list[float]:
    return [
        found.redundant.value,
        found.unique_x1.value,
        found.unique_x2.value,
        found.synergistic.value,
    ]


@pytest.mark.parametrize("redundancy", REDUNDANCIES)
def test_the_sum_of_two_coins_is_synergy_alone(redundancy):
    found = decompose(A, B, A ^ B, redundancy)
    assert values(found) == pytest.approx([0, 0, 0, 1], abs=1e-8)
    assert found.total.value == pytest.approx(1) and found.synergistic.notes == ()


def test_independent_bits_of_a_pair_are_redundant_for_some():
    pair = np.stack([A, B], 1)
    assert values(decompose(A, B, pair, "BROJA")) == pytest.approx([0, 1, 1, 0], abs=1e-8)
    assert values(decompose(A, B, pair, "I_min")) == pytest.approx([1, 0, 0, 1], abs=1e-8)


@pytest.mark.parametrize("redundancy", REDUNDANCIES)
def test_the_sums_are_the_informations_of_the_samples(redundancy):
    r = np.random.default_rng(0)
    x1, x2 = r.integers(0, 3, 300), r.integers(0, 4, 300) * 10**9
    target = (x1 + (x2 > 0) + (r.random(300) < 0.2)) % 3
    found = decompose(x1, x2, target, redundancy)
    redundant, first, second, _ = values(found)
    assert redundant + first == pytest.approx(PlugIn()(x1, target).value, abs=1e-12)
    assert redundant + second == pytest.approx(PlugIn()(x2, target).value, abs=1e-12)
    assert sum(values(found)) == pytest.approx(found.total.value, abs=1e-12)
    both = np.stack([x1, x2], 1)
    assert found.total.value == pytest.approx(PlugIn()(both, target).value, abs=1e-12)
    assert "assumption" in found.assumption and found.sources
    assert repr(redundancy) in found.redundant.method


def test_numbers_are_decomposed_after_they_are_cut():
    r = np.random.default_rng(0)
    x1, x2 = r.standard_normal((2, 2000))
    cut = Binned(Quantile(2)).states
    found = decompose(cut(x1), cut(x2), (x1 * x2 > 0).astype(int))
    assert found.synergistic.value > 0.8


def test_too_few_samples_are_told():
    r = np.random.default_rng(0)
    found = decompose(*r.integers(0, 5, (3, 100)))
    assert "synergy most of all" in found.synergistic.notes[0]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: decompose(A, B, A, "CCS"), "redundancy"),
        (lambda: decompose(A, B.astype(float), A), "x2 holds floats.*Binned"),
        (lambda: decompose(A, B[:-1], A), "39"),
        (lambda: decompose(*np.arange(3000).reshape(3, 1000)), "too many"),
    ],
)
def test_bad_input_is_refused_with_the_remedy(call, match):
    with pytest.raises((InfoplaneError, TypeError), match=match):
        call()
