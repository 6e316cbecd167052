"""Pairwise bounds: the loop of the definition, limits, order of the bounds, classes, tiles."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures.evidence.null import WithNull
from infoplane.measures.noise import layer as noise
from infoplane.measures.noise.kde import PairwiseKDE
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import orders
from oracles import densities as oracle

BOUNDS = ["lower", "upper"]
each_bound = pytest.mark.parametrize("bound", BOUNDS)


def points(n: int, d: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@each_bound
@pytest.mark.parametrize(("n", "d"), [(2, 1), (7, 3), (40, 12)])
@pytest.mark.parametrize("variance", [1e-3, 0.1, 5.0])
def test_values_are_those_of_the_definition(bound, n: int, d: int, variance: float):
    t, x = points(n, d), points(n, 2, 1)
    estimator = PairwiseKDE(variance, bound)
    expected = oracle.pairwise_information(t.numpy(), variance, bound)
    assert estimator(x, t).value == pytest.approx(expected, abs=1e-9)
    entropy = oracle.BOUNDS[bound](t.numpy(), variance) / math.log(2)
    assert estimator.entropy(t).value == pytest.approx(entropy, abs=1e-9)
    assert estimator.joint_entropy(t[:, :1], t).value == pytest.approx(
        oracle.BOUNDS[bound](torch.cat([t[:, :1], t], 1).numpy(), variance) / math.log(2), abs=1e-9
    )


@each_bound
def test_labels_are_taken_apart_in_either_place(bound):
    t, labels = points(50, 3), torch.arange(50) % 4
    estimator = PairwiseKDE(0.3, bound)
    expected = oracle.pairwise_label_information(t.numpy(), labels.numpy(), 0.3, bound)
    found = estimator(labels, t)
    assert found.value == pytest.approx(expected, abs=1e-9) and found.value > 0
    assert estimator(t, labels) == found
    assert found.bound is None and any("difference" in note for note in found.notes)
    assert found.bounds[1] == pytest.approx(oracle_entropy([13, 13, 12, 12]))
    rows = torch.stack([labels // 2, labels % 2], 1)
    assert estimator(rows, t).value == pytest.approx(found.value, abs=1e-12)


def oracle_entropy(counts):
    p = np.array(counts) / sum(counts)
    return float(-(p * np.log2(p)).sum())


def test_a_golden_value():
    """Two points at distance 1, σ² = 1/2: −log2((1 + e⁻¹)/2), and e^(−1/4) for the lower one."""
    t = torch.tensor([[0.0], [1.0]])
    assert PairwiseKDE(0.5)(t, t).value == pytest.approx(0.548059, abs=1e-6)
    expected = -math.log2((1 + math.exp(-0.25)) / 2)
    assert PairwiseKDE(0.5, "lower")(t, t).value == pytest.approx(expected, abs=1e-12)


@each_bound
def test_equal_points_share_nothing_and_far_ones_everything(bound):
    estimator, inputs = PairwiseKDE(1e-3, bound), points(4096, 1)
    still = torch.full((4096, 12), 0.1)
    assert estimator(inputs, still).value == 0
    bits = (torch.arange(4096)[:, None] >> torch.arange(12) & 1).double()
    found = estimator(inputs, bits)
    assert found.value == pytest.approx(12, abs=1e-9) and found.ceiling == 12
    assert found.saturated and any("saturated" in note for note in found.notes)
    assert estimator(bits[:, 0].long(), bits).value == pytest.approx(1, abs=1e-9)


@settings(max_examples=40)
@given(
    n=st.integers(2, 40),
    d=st.integers(1, 5),
    log_noise=st.floats(-6, 4),
    copies=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_between_nothing_and_the_number_of_samples_and_in_order(n, d, log_noise, copies, seed):
    t = points(n, d, seed)
    t = t[torch.arange(n) // 2] if copies else t
    low, high = (PairwiseKDE(10**log_noise, bound)(t, t) for bound in BOUNDS)
    assert -1e-9 <= low.value <= high.value + 1e-9  # rounding of products of far points
    assert high.value <= math.log2(n) - (math.log2(2) if copies and n % 2 == 0 else 0) + 1e-9
    assert (low.bound, high.bound) == ("lower", None if high.saturated else "upper")


@settings(max_examples=30)
@given(n=st.integers(4, 40), classes=st.integers(2, 6), seed=st.integers(0, 10**6))
def test_labels_never_share_more_than_they_have(n, classes, seed):
    t, labels = points(n, 2, seed), torch.arange(n) % classes
    for bound in BOUNDS:
        found = PairwiseKDE(0.05, bound)(labels, t)
        assert found.value <= found.bounds[1] + 1e-9


@pytest.mark.parametrize("variance", [0.05, 0.5, 3.0])
def test_they_enclose_the_information_of_normal_samples(variance: float):
    t = points(3000, 2) @ torch.tensor([[1.0, 0.5], [0.0, 1.0]], dtype=torch.float64)
    covariance = torch.tensor([[1.0, 0.5], [0.5, 1.25]], dtype=torch.float64)
    determinant = torch.linalg.det(torch.eye(2, dtype=torch.float64) + covariance / variance)
    expected = 0.5 * math.log2(determinant)
    low, high = (PairwiseKDE(variance, bound)(t, t).value for bound in BOUNDS)
    assert low < expected < high


def test_a_class_for_every_sample_is_an_input_for_every_sample():
    t = points(40, 2)
    apart, numbers = (PairwiseKDE()(x, t) for x in (torch.arange(40), points(40, 3)))
    assert apart.value == numbers.value and apart.bound == "upper"
    twice = PairwiseKDE()(torch.arange(40).repeat(2), t.repeat(2, 1))  # one point per class
    assert twice.value == pytest.approx(numbers.value) and twice.bound == "upper"


def test_saturated_it_is_no_upper_bound_of_what_the_distribution_shares():
    """A variance of 1e-6 lets a normal variable through with 9.97 bit; 100 samples have 6.64."""
    t, truth = points(100, 1), 0.5 * math.log2(1 + 1e6)
    found, entropy = PairwiseKDE(1e-6)(t, t), PairwiseKDE(1e-6).entropy(t)
    assert found.saturated and found.value < truth - 3
    for one in (found, entropy, PairwiseKDE(1e-6)(torch.arange(100), t)):
        assert one.bound is None and any("No upper bound is claimed" in note for note in one.notes)
    low = PairwiseKDE(1e-6, "lower")(t, t)
    assert low.saturated and low.bound == "lower" and low.value < truth
    assert PairwiseKDE(1e-6, "lower").entropy(t).bound == "lower"
    enough = PairwiseKDE(0.5)(t, t)
    assert enough.bound == "upper" and not any("upper bound" in note for note in enough.notes)


@each_bound
def test_independent_labels_are_told_where_samples_stand_alone(bound):
    t, labels = points(300, 10), torch.arange(300) % 2
    found = PairwiseKDE(0.01, bound)(labels, t)
    assert found.value > 0.9 and not found.saturated
    (alone, _) = found.notes
    assert alone.startswith("Every sample stands alone at this noise") and "null" in alone
    # pairs of one class are apart, but not all samples
    wide, pairs = points(300, 2), torch.arange(300) // 2
    notes = PairwiseKDE(1e-2, "upper")(pairs, wide).notes
    assert notes[0].startswith("Every sample stands alone within its class")
    smooth = PairwiseKDE(5.0, bound)(labels, points(300, 1))
    assert len(smooth.notes) == 1 and "too high like this one" in smooth.notes[0]


def test_the_input_does_not_enter_and_is_told_so():
    t = points(40, 2)
    found, other = PairwiseKDE()(points(40, 1), t), PairwiseKDE()(points(40, 5, 3), t)
    assert found == other and any("only t enters" in note for note in found.notes)
    assert PairwiseKDE()(t, points(40, 1)).value != found.value


def test_tiles_and_distances_far_from_the_origin_do_not_show(monkeypatch):
    t = points(70, 3)
    expected = PairwiseKDE(0.2)(t, t).value
    far = t.clone()
    far[-1] += 1e9  # products of centred points would cancel
    assert noise.cancels(noise.scaled(far, 0.2)) and not noise.cancels(noise.scaled(t, 0.2))
    without = PairwiseKDE(0.2)(t[:-1], t[:-1]).value
    outlier = (69 * (without + math.log2(70 / 69)) + math.log2(70)) / 70
    assert PairwiseKDE(0.2)(far, far).value == pytest.approx(outlier, abs=1e-9)
    assert PairwiseKDE(0.2)(t, t + 1e6).value == pytest.approx(expected, abs=1e-6)
    monkeypatch.setattr(noise, "TILE", 16)
    assert PairwiseKDE(0.2)(t, t).value == pytest.approx(expected, abs=1e-12)


def test_directly_and_by_products_are_the_same():
    a, b = points(20, 4), points(30, 4, 1)
    expected = -torch.tensor(np.square(a.numpy()[:, None] - b.numpy()).sum(2))
    for directly in (True, False):
        torch.testing.assert_close(noise.exponents(a, b, directly), expected)


@each_bound
def test_shuffled_is_what_as_many_calls_give(bound):
    t, labels = points(40, 2), torch.arange(40) % 3
    drawn, estimator = orders(0, "t", n=40, count=5), PairwiseKDE(0.3, bound)
    for x, y in ((labels, t), (t, labels), (t, t)):
        expected = [estimator(x, y[order]).value for order in drawn]
        assert estimator.shuffled(x, y, drawn) == pytest.approx(expected, abs=1e-10)
    assert WithNull(estimator)(t[:, 0] > 0, t).p_value == 0.025


def test_the_noise_is_a_variance():
    t = points(30, 2)
    assert PairwiseKDE(0.4)(t, t).value == pytest.approx(PairwiseKDE(1.6)(t, 2 * t).value)
    assert (
        "variance 0.001 " in PairwiseKDE(1e-3).words
        and "variance=0.001" in PairwiseKDE(1e-3)(t, t).method
    )


def test_gradients_do_not_disturb():
    t = points(20, 2).requires_grad_()
    assert PairwiseKDE()(t, t).value == PairwiseKDE()(t.detach(), t.detach()).value


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf, math.nan])
def test_a_noise_that_is_none_is_refused(wrong: float):
    with pytest.raises(InfoplaneError, match="variance=.*positive"):
        PairwiseKDE(wrong)


def test_what_it_cannot_take_is_refused_with_the_remedy():
    labels = torch.arange(10)
    with pytest.raises(InfoplaneError, match="PlugIn"):
        PairwiseKDE()(labels, labels)
    with pytest.raises(InfoplaneError, match="PlugIn"):
        PairwiseKDE().entropy(labels)
    with pytest.raises(InfoplaneError, match="No variable"):
        PairwiseKDE().joint_entropy()
    with pytest.raises(InfoplaneError, match="y has 9"):
        PairwiseKDE()(points(10, 1), points(9, 1))
