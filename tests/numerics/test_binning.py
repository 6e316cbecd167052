"""Every rule against its paper's convention, and the corners where conventions differ."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.numerics.binning import (
    Adaptive,
    Binning,
    Distinct,
    Edges30,
    FixedWidth,
    Quantile,
)
from infoplane.values.errors import InfoplaneError
from oracles.discrete import edges30

RULES = [
    Edges30(),
    FixedWidth(),
    Quantile(4),
    Quantile(7, over="whole"),
    Adaptive(5),
    Adaptive(5, over="whole"),
    Distinct(),
]
every_rule = pytest.mark.parametrize("rule", RULES, ids=repr)
few = settings(max_examples=25)


def partition(values) -> list[int]:
    first: dict = {}
    return [first.setdefault(value, i) for i, value in enumerate(values)]


@st.composite
def activations(draw):
    r = np.random.default_rng(draw(st.integers(0, 10**6)))
    x = np.tanh(draw(st.sampled_from([0.1, 1.0, 20.0])) * r.standard_normal((12, 3)))
    x[r.integers(0, 12, 4), 0] = draw(st.sampled_from([1.0, -1.0, 0.0, 1.5, -1.5]))
    return x


@few
@given(activations())
def test_edges30_is_the_published_loop(x):
    found = Edges30().bins(torch.from_numpy(x)).flatten().tolist()
    assert partition(found) == partition(edges30(x).flatten().tolist())


def test_edges30_on_its_own_edges_and_outside():
    edges = np.linspace(-1, 1, 30)
    x = torch.from_numpy(np.concatenate([edges, np.nextafter(edges, -9), [-2.0, 2.0, np.inf]]))
    bins = Edges30().bins(x[:, None]).flatten()
    assert bins[:30].tolist() == list(range(30))  # 1 has a bin of its own, the last
    assert bins[30:60].tolist() == [29, *range(29)]  # just below −1 is in that bin too
    assert bins[60:].tolist() == [29, 29, 29]


def test_edges30_says_what_lies_outside_and_at_saturation():
    inside = torch.tensor([[0.5, -1.0]], dtype=torch.float64)
    assert Edges30().remarks(inside, "t") == ()
    (outside,) = Edges30().remarks(torch.tensor([[0.5, 3.0]]), "t")
    assert "1 of 2 values of t lie outside" in outside and "Adaptive" in outside
    (saturated,) = Edges30().remarks(torch.tensor([[1.0, 1.0]]), "t")
    assert "2 of 2 values of t are exactly 1" in saturated


def test_fixed_width_is_the_floor_of_the_ratio():
    x = torch.tensor([[-0.01], [0.0], [0.069], [0.0701], [-0.071]], dtype=torch.float64)
    assert FixedWidth(0.07).bins(x).flatten().tolist() == [-1, 0, 0, 1, -2]


def test_fixed_width_refuses_what_float64_cannot_count():
    with pytest.raises(InfoplaneError, match="widen the bins"):
        FixedWidth(1e-3).bins(torch.tensor([[0.0], [1e300]], dtype=torch.float64))


@few
@given(st.integers(2, 60), st.integers(1, 9), st.integers(0, 10**6))
def test_quantiles_hold_equally_many(n, bins, seed):
    x = torch.from_numpy(np.random.default_rng(seed).standard_normal((n, 2)))
    found = Quantile(bins).bins(x)
    for column in found.T:
        counts = torch.bincount(column, minlength=bins)
        assert int(counts.max() - counts.min()) <= 1
    whole = torch.bincount(Quantile(bins, over="whole").bins(x).flatten(), minlength=bins)
    assert int(whole.max() - whole.min()) <= 1


def test_equal_numbers_share_a_quantile():
    x = torch.tensor([0.0] * 6 + [1.0, 2.0], dtype=torch.float64)[:, None]
    assert len(set(Quantile(4).bins(x)[:6].flatten().tolist())) == 1
    assert (
        len(set(Quantile(4).bins(torch.zeros(5, 1, dtype=torch.float64)).flatten().tolist())) == 1
    )


def test_adaptive_bins_are_even_over_the_range_of_each_column_or_of_all():
    x = torch.tensor([[0.0, 0.0], [0.5, 5.0], [1.0, 10.0]], dtype=torch.float64)
    assert Adaptive(2).bins(x).tolist() == [[0, 0], [1, 1], [1, 1]]
    assert Adaptive(10, over="whole").bins(x).tolist() == [[0, 0], [0, 5], [1, 9]]
    constant = torch.full((4, 1), 3.0, dtype=torch.float64)
    assert Adaptive(30).bins(constant).flatten().tolist() == [0] * 4


def test_adaptive_survives_a_range_beyond_float64():
    x = torch.tensor([[-1.7e308], [0.0], [1.7e308]], dtype=torch.float64)
    assert Adaptive(2).bins(x).flatten().tolist() == [0, 1, 1]


@every_rule
@few
@given(activations())
def test_scale_invariant_rules_keep_their_bins(rule: Binning, x):
    one, two = (rule.bins(torch.from_numpy(v)) for v in (x, 2 * x))
    if rule.scale_invariant:
        assert partition(one.flatten().tolist()) == partition(two.flatten().tolist())


@every_rule
def test_bins_do_not_depend_on_the_order_of_samples(rule: Binning):
    x = torch.from_numpy(np.tanh(np.random.default_rng(0).standard_normal((50, 3))))
    order = torch.randperm(50)
    assert torch.equal(rule.bins(x)[order], rule.bins(x[order]))


@every_rule
def test_every_rule_says_what_it_is(rule: Binning):
    assert isinstance(rule, Binning) and rule.formula
    assert all(isinstance(key, str) for key in rule.sources)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: FixedWidth(0.0), "width=0.0"),
        (lambda: FixedWidth(math.nan), "width=nan"),
        (lambda: Adaptive(0), "Adaptive.bins_per_unit=0"),
        (lambda: Quantile(-1), "Quantile.bins_per_unit=-1"),
    ],
)
def test_bad_parameters_are_named(make, match):
    with pytest.raises(InfoplaneError, match=match):
        make()


@pytest.mark.parametrize("rule", [Adaptive, Quantile])
@pytest.mark.parametrize("bins", [2.5, 30.0, True])
def test_bins_are_whole_numbers_without_type_checks_too(rule, bins):
    one = rule()
    object.__setattr__(one, "bins_per_unit", bins)
    with pytest.raises(InfoplaneError, match=f"{rule.__name__}.bins_per_unit={bins}.*whole number"):
        one.__post_init__()
