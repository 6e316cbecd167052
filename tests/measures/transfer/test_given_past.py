"""Surrogates among equal pasts: what they keep, their exact mean, and where others are unfair."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from infoplane import (
    KSG,
    Gaussian,
    GivenPast,
    Permuted,
    PermutedWithin,
    pairwise_transfer_entropy,
    transfer_entropy,
)
from infoplane.measures.transfer.history import History
from infoplane.measures.transfer.pairs import CountedPairs, null_of
from infoplane.measures.transfer.populations import words_of
from infoplane.measures.transfer.surrogates import among_equals
from infoplane.numerics.coincidences import COUNTINGS
from infoplane.values.errors import InfoplaneError


@pytest.fixture
def r():
    return np.random.default_rng(5)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 4), st.integers(0, 1000)
)
def test_every_moment_gives_its_place_to_one_of_the_same_state(row, units, seed):
    states = torch.tensor(row).repeat(units, 1)
    states = torch.stack([one.roll(i) for i, one in enumerate(states)])
    order = torch.randperm(len(row), generator=torch.Generator().manual_seed(seed))
    found = among_equals(states, order)
    assert torch.equal(states.gather(1, found), states)
    assert all(sorted(one.tolist()) == list(range(len(row))) for one in found)
    assert torch.equal(
        among_equals(states, torch.arange(len(row))), torch.arange(len(row)).expand_as(states)
    )
    assert torch.equal(among_equals(states[0], order), found[0])


def test_an_order_within_blocks_stays_within_blocks(r):
    states = torch.from_numpy(r.integers(0, 2, (3, 90)))
    for order in PermutedWithin(30).orders(90, 5, 0):
        found = among_equals(states, order)
        assert torch.equal(found // 30, (torch.arange(90) // 30).expand_as(found))


def test_sources_pasts_and_futures_keep_their_counts(r):
    x, y = (torch.from_numpy(one) for one in r.integers(0, 3, (2, 300, 4)))
    words = words_of(x, y, History(k=2), 3)
    (order,) = Permuted().orders(words.moments, 1, 0)
    moved = words.moved(order, given_past=True)
    assert torch.equal(moved.source.numbers, words.source.numbers)
    assert torch.equal(moved.target.numbers // 3, words.target.numbers // 3)
    assert np.array_equal(moved.target.alone, words.target.alone)
    assert not torch.equal(moved.target.numbers, words.target.numbers)


def exact_mean(x, y):
    """Mean transfer over all ways to share the futures of each past among its moments, in bits."""
    source, future, past = x[:-1], y[1:], y[:-1]
    total = 0.0
    for p in (0, 1):
        m = int((past == p).sum())
        on, ones = int(source[past == p].sum()), int(future[past == p].sum())
        both = np.arange(max(0, on + ones - m), min(on, ones) + 1)
        cells = np.stack([both, on - both, ones - both, m - on - ones + both])
        shares = np.outer([on, m - on], [ones, m - ones]).flatten()[:, None] / m
        with np.errstate(divide="ignore", invalid="ignore"):
            bits = np.where(cells > 0, cells * np.log2(cells / shares), 0).sum(0)
        total += float(bits @ hypergeom(m, on, ones).pmf(both))
    return total / len(future)


def test_their_mean_is_that_of_all_ways_to_share_the_futures(r):
    x = (r.random(200) < 0.3).astype(int)
    y = (r.random(200) < 0.2 + 0.3 * x).astype(int)
    pairs = CountedPairs(
        words_of(torch.from_numpy(x[:, None]), torch.from_numpy(y[:, None]), History(), 2),
        COUNTINGS["packed"],
    )
    null = null_of(pairs, pairs.measured(), GivenPast(), 2000, 0)
    error = null.of_layer.std(ddof=1) / 2000**0.5
    assert abs(null.mean.item() - exact_mean(x, y)) < 4 * error
    one = transfer_entropy(
        source=x, target=y, permutations=400, surrogates=GivenPast(), check=False
    )
    assert abs(one.null - exact_mean(x, y)) < 4 * null.of_layer.std() / 400**0.5


def test_they_alone_have_the_bias_of_a_source_that_goes_with_the_targets_past(r):
    """A source that differs from the target once in 2500 moments: cells are empty."""
    y = r.integers(0, 2, (1000, 60))
    x = np.where(r.random(y.shape) < 0.0004, 1 - y, y)
    how = {"source": x, "target": y, "permutations": 30}
    own = np.eye(60, dtype=bool)

    def effective(surrogates):
        values = pairwise_transfer_entropy(**how, surrogates=surrogates)["te_effective"].values[own]
        return values.mean() / (values.std(ddof=1) / len(values) ** 0.5)

    assert abs(effective(GivenPast())) < 3
    assert effective(Permuted()) < -3


def test_they_see_what_passes(r):
    x = r.integers(0, 2, (1000, 2))
    y = np.roll(x, 1, 0)
    found = pairwise_transfer_entropy(source=x, target=y, permutations=99, surrogates=GivenPast())
    assert found["p_value"].values.diagonal().tolist() == [0.01, 0.01]
    assert "among equal pasts of the target" in found.attrs["method"]


@pytest.mark.parametrize("estimator", [Gaussian(), KSG()], ids=repr)
def test_numbers_have_no_equal_pasts(r, estimator):
    how = {"surrogates": GivenPast(), "permutations": 3, "estimator": estimator}
    with pytest.raises(InfoplaneError, match="cut them into states first"):
        transfer_entropy(source=r.normal(size=99), target=r.normal(size=99), **how)
    if isinstance(estimator, Gaussian):
        with pytest.raises(InfoplaneError, match="cut them into states first"):
            pairwise_transfer_entropy(
                source=r.normal(size=(99, 2)), target=r.normal(size=(99, 2)), **how
            )
