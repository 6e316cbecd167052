"""What holds for every width rule, order, shape, number type and scale."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from infoplane.measures.gram import matrix
from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import (
    Alignment,
    Bandwidth,
    Fixed,
    LeeJo,
    MedianDistance,
    Silverman,
    Tapia,
)
from infoplane.numerics.gram import gaussian_gram, joint, label_gram

AS_GIVEN = [Silverman(), LeeJo(), Fixed(1.0), MedianDistance()]
STANDARDISED = [Tapia(), Tapia(standardise="whole")]
RULES = AS_GIVEN + STANDARDISED
SCALE_FREE = [rule for rule in RULES if rule.scale_invariant]
SCALED = [rule for rule in RULES if not rule.scale_invariant]
ORDERS = [0.5, 0.9, 1.0, 1.01, 2.0, 5.0, math.inf]
LARGEST = {torch.float16: 2, torch.bfloat16: 6, torch.float32: 6, torch.float64: 6}
"""Largest power of ten by which samples of a type are scaled."""

every_rule = pytest.mark.parametrize("rule", RULES, ids=repr)
few = settings(max_examples=5)
some = settings(max_examples=30)
every_order = pytest.mark.parametrize("alpha", ORDERS)


def rounding(alpha: float) -> float:
    """Bits that rounding may cost: the root of an eigenvalue of 1e-16 is not small."""
    return 1e-5 if alpha < 0.9 else 1e-9


@st.composite
def samples(draw: st.DrawFn, n: int = 10) -> Tensor:
    """Normal samples of any type and scale, some of them twice, some columns dead."""
    dtype = draw(st.sampled_from(list(LARGEST)))
    power = draw(st.integers(-LARGEST[dtype], LARGEST[dtype]))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10**6)))
    x = torch.randn(n, draw(st.integers(1, 6)), generator=generator, dtype=torch.float64)
    x[: draw(st.integers(0, n // 2))] = x[-1]
    x[:, : draw(st.integers(0, 2))] = 1
    return (x * 10.0**power).to(dtype)


sizes = st.integers(2, 12)


@every_order
@every_rule
@few
@given(sizes.flatmap(samples))
def test_entropy_lies_between_0_and_log2_n(rule: Bandwidth, alpha: float, x: Tensor):
    value = matrix.entropy(gaussian_gram(x, rule)[0], alpha).item()
    assert -1e-9 <= value <= matrix.ceiling(len(x)) + 1e-9


@every_order
@every_rule
@few
@given(samples(), samples(), st.lists(st.integers(0, 2), min_size=10, max_size=10))
def test_a_joint_variable_holds_each_of_its_parts(rule, alpha, x, y, labels):
    parts = [gaussian_gram(x, rule)[0], gaussian_gram(y, rule)[0], label_gram(torch.tensor(labels))]
    whole = matrix.entropy(joint(*parts), alpha).item()
    assert whole >= max(matrix.entropy(part, alpha).item() for part in parts) - rounding(alpha)
    turned = matrix.entropy(joint(*reversed(parts)), alpha).item()
    assert turned == pytest.approx(whole, abs=rounding(alpha))


@every_rule
@some
@given(samples(), samples())
def test_information_is_not_negative_at_order_1(rule: Bandwidth, x: Tensor, y: Tensor):
    estimator = Renyi(alpha=1.0, bandwidth=rule)
    assert estimator.properties.nonnegative
    assert estimator(x, y).value >= -1e-9


@every_rule
@some
@given(samples())
def test_entropy_falls_with_its_order(rule: Bandwidth, x: Tensor):
    gram = gaussian_gram(x, rule)[0]
    values = [matrix.entropy(gram, alpha).item() for alpha in ORDERS]
    assert all(later <= earlier + 1e-9 for earlier, later in zip(values, values[1:], strict=False))


@every_order
@every_rule
@few
@given(samples(), st.permutations(range(10)))
def test_the_order_of_samples_does_not_matter(rule, alpha, x, order):
    moved = matrix.entropy(gaussian_gram(x[order], rule)[0], alpha).item()
    value = matrix.entropy(gaussian_gram(x, rule)[0], alpha).item()
    assert moved == pytest.approx(value, abs=rounding(alpha))


@every_order
@pytest.mark.parametrize("rule", AS_GIVEN, ids=repr)
@few
@given(samples())
def test_rotations_change_nothing(rule: Bandwidth, alpha: float, x: Tensor):
    turn = torch.linalg.qr(torch.randn(x.shape[1], x.shape[1], dtype=torch.float64))[0]
    turned = matrix.entropy(gaussian_gram(x.double() @ turn, rule)[0], alpha).item()
    value = matrix.entropy(gaussian_gram(x, rule)[0], alpha).item()
    assert turned == pytest.approx(value, abs=rounding(alpha))


@pytest.mark.parametrize("rule", SCALE_FREE, ids=repr)
@some
@given(samples(), st.integers(-6, 6), st.floats(-3, 3))
def test_units_do_not_matter(rule: Bandwidth, x: Tensor, power: int, origin: float):
    """Neither the scale nor, in units of it, the origin."""
    value = matrix.entropy(gaussian_gram(x, rule)[0], 1.01).item()
    wide = x.double()
    rescaled = (wide + origin * wide.abs().max()) * 10.0**power
    assert matrix.entropy(gaussian_gram(rescaled, rule)[0], 1.01).item() == pytest.approx(
        value, abs=1e-7
    )


@pytest.mark.parametrize("rule", SCALED, ids=repr)
def test_units_decide_everything_under_the_other_rules(rule: Bandwidth):
    x = torch.randn(50, 4)
    tiny, huge = (Renyi(bandwidth=rule).entropy(scale * x).value for scale in (1e-6, 1e6))
    assert tiny < 1e-6
    assert huge == pytest.approx(math.log2(50))


@every_order
@every_rule
@few
@given(samples(), samples())
def test_a_batch_is_a_loop_over_its_items(rule, alpha, x, y):
    pair = [x.double()[:, :1], y.double()[:, :1]]
    together = matrix.entropy(gaussian_gram(torch.stack(pair), rule)[0], alpha)
    alone = [matrix.entropy(gaussian_gram(item, rule)[0], alpha).item() for item in pair]
    assert together.tolist() == pytest.approx(alone, abs=rounding(alpha))


@every_order
@few
@given(st.integers(0, 99))
def test_aligned_batches_keep_the_same_laws(alpha: float, seed: int):
    """Alignment needs several batches, so it cannot join the list above."""
    x = torch.randn(3, 12, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    labels = torch.arange(36).reshape(3, 12) % 3
    gram, sigma = gaussian_gram(x, Alignment(labels))
    value = matrix.entropy(gram, alpha)
    whole = matrix.entropy(gram.times(label_gram(labels)), alpha)
    assert (sigma > 0).all()
    assert ((value > -1e-9) & (value <= whole + rounding(alpha))).all()
    assert Alignment(labels).scale_invariant and not Alignment(labels).after(sigma).scale_invariant
    scaled, width = gaussian_gram(1e6 * x, Alignment(labels))
    torch.testing.assert_close(width, 1e6 * sigma, rtol=1e-9, atol=0)
    torch.testing.assert_close(matrix.entropy(scaled, alpha), value, rtol=0, atol=rounding(alpha))


def test_the_normalised_information_of_a_copy_is_1():
    labels = label_gram(torch.arange(12) % 4)
    assert matrix.normalised_information(labels, labels, 1.01).item() == pytest.approx(1)
