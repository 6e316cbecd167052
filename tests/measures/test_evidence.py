"""The null is where independence puts it, and p-values mean what they say."""

import numpy as np
import pytest
import torch

from infoplane.measures.evidence.null import Batched, WithNull, permutation_p
from infoplane.measures.front import entropy, mutual_information
from infoplane.measures.gram import matrix
from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import Tapia
from infoplane.numerics.gram import gaussian_gram
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import orders

ESTIMATORS = [Renyi(1.0), Renyi(1.01), Renyi(2.0)]
either = pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)


def dependent(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(n, 2)
    return x, x + 0.5 * torch.randn(n, 2)


@either
def test_independent_variables_share_nothing_above_the_null(estimator: Renyi):
    drawn = [
        mutual_information(*torch.randn(2, 40, 3), estimator=estimator, permutations=19, seed=i)
        for i in range(30)
    ]
    above = np.array([estimate.above_null for estimate in drawn])
    assert abs(above.mean()) <= 3 * above.std(ddof=1) / np.sqrt(30)
    assert min(estimate.value for estimate in drawn) > 0.3  # what the raw value says of nothing
    assert 0.2 < np.mean([estimate.p_value for estimate in drawn]) < 0.8


@either
def test_dependent_variables_beat_every_shuffle(estimator: Renyi):
    estimate = mutual_information(*dependent(60), estimator=estimator, permutations=39)
    assert estimate.above_null > 0.1
    assert estimate.p_value == 0.025


@either
@pytest.mark.parametrize("y", [torch.randn(25, 2), torch.arange(25) % 3], ids=["dense", "labels"])
def test_the_quick_way_through_shuffles_is_the_slow_one(estimator: Renyi, y: torch.Tensor):
    x = torch.randn(25, 2)
    drawn = orders(0, "null", n=25, count=5)
    slow = [estimator(x, y[order]).value for order in drawn]
    assert estimator.shuffled(x, y, drawn) == pytest.approx(slow, abs=1e-12)
    for wrapped in (Batched(estimator, 10), estimator):
        estimate = WithNull(wrapped, 5)(x, y)
        slow = [wrapped(x, y[order]).value for order in drawn]
        assert estimate.null == pytest.approx(np.mean(slow), abs=1e-12)


@either
def test_dime_is_information_above_the_null(estimator: Renyi):
    x, y = dependent(30)
    drawn = orders(0, "null", n=30, count=7)
    grams = [gaussian_gram(one, Tapia())[0] for one in (x, y)]
    expected = mutual_information(x, y, estimator=estimator, permutations=7).above_null
    assert matrix.dime(*grams, drawn, estimator.alpha).item() == pytest.approx(expected)


@either
def test_a_dead_layer_is_no_evidence(estimator: Renyi):
    """Value and null are both 0 up to rounding, which must not look like a rank among shuffles."""
    for seed in range(5):
        estimate = mutual_information(
            torch.ones(30, 3), torch.randn(30, 2), estimator=estimator, permutations=19, seed=seed
        )
        assert estimate.value == pytest.approx(0, abs=1e-12)
        assert estimate.p_value == 1


def test_p_values_are_never_0():
    null = torch.zeros(39, dtype=torch.float64)
    assert permutation_p(null[0] + 5, null) == 0.025
    assert permutation_p(null[0], null) == 1


def test_batches_give_their_mean_and_its_error():
    x, y = dependent(95)
    estimate = mutual_information(x, y, batch_size=30)
    values = np.array([Renyi()(x[i : i + 30], y[i : i + 30]).value for i in (0, 30, 60)])
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.stderr == pytest.approx(values.std(ddof=1) / np.sqrt(3))
    assert (estimate.n, estimate.ceiling) == (90, np.log2(30))
    assert "5 samples beyond the last full batch" in " ".join(estimate.notes)


def test_orders_within_blocks_stay_within_blocks():
    drawn = orders(3, "null", n=23, count=50, within=5)
    blocks = drawn[:, :20].reshape(50, 4, 5)
    expected = torch.arange(20).reshape(4, 5).expand(50, 4, 5)
    assert torch.equal(blocks.sort(-1).values, expected)
    assert torch.equal(drawn[:, 20:], torch.arange(20, 23).expand(50, 3))
    assert len(blocks.unique(dim=0)) == 50
    assert torch.equal(orders(3, "null", n=9, count=4).sort(1).values, torch.arange(9).expand(4, 9))


def test_a_note_says_that_saturated_information_is_the_other_entropy():
    x, labels = 1e3 * torch.randn(40, 50), torch.arange(40) % 4
    estimate = Renyi(bandwidth=Tapia(gamma=0.1))(x, labels)
    assert estimate.value == pytest.approx(float(entropy(labels)), abs=1e-6)
    assert "S(x) = 5.322 bit is saturated" in estimate.notes[0]
    assert not estimate.saturated


@pytest.mark.parametrize("within", [0, -1])
def test_blocks_without_samples_are_refused(within: int):
    with pytest.raises(InfoplaneError, match=f"within={within}"):
        WithNull(Renyi(), within=within)(*dependent(10))
