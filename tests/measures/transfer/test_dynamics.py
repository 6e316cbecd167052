"""What a series stores and makes anew: identities, enumeration, closed forms."""

import numpy as np
import pytest

from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.neighbours.ksg import KSG
from infoplane.measures.normal.gaussian import Gaussian
from infoplane.measures.sliced import Sliced
from infoplane.measures.transfer import dynamics as of
from infoplane.measures.transfer.front import transfer_entropy
from infoplane.values.errors import InfoplaneError
from oracles.discrete import entropy, information
from oracles.transfer import directed, flips, later


@pytest.fixture
def r():
    return np.random.default_rng(1)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_what_is_stored_and_what_is_new_add_up_to_the_entropy(r, k):
    x = np.cumsum(flips(r, 500, 0.2)) % 3
    stored, new = of.active_information_storage(x, k=k), of.entropy_rate(x, k=k)
    assert stored.value + new.value == pytest.approx(entropy(x[k:].tolist()), abs=1e-12)
    assert new.unit == stored.unit == "bit"


@pytest.mark.parametrize("seed", range(5))
def test_directed_information_by_enumeration(seed):
    r = np.random.default_rng(seed)
    x, y = r.integers(0, 2, (2, 60))
    found = of.directed_information(source=x, target=y, length=3).value
    assert found == pytest.approx(directed(x.tolist(), y.tolist(), 3), abs=1e-12) and found >= 0


def test_directed_information_is_the_entropy_less_the_conditioned_one(r):
    x = flips(r, 400)
    y = later(x) ^ flips(r, 400, 0.1)
    total = of.directed_information(source=x, target=y, length=3).value
    conditioned = of.causally_conditioned_entropy(source=x, target=y, length=3).value
    windows = np.stack([y[i : len(y) - 2 + i] for i in range(3)], 1)
    assert total == pytest.approx(PlugIn().entropy(windows).value - conditioned, abs=1e-12)


def test_predictive_information_of_a_copying_chain(r):
    x = np.cumsum(flips(r, 50_000, 0.1)) % 2
    truth = of.active_information_storage(x).value  # a chain of order 1 keeps no more
    assert of.predictive_information(x, k=3).value == pytest.approx(truth, abs=0.01)


def test_time_lagged_mutual_information_is_plain_information(r):
    x = flips(r, 300)
    y = later(x, 2) ^ flips(r, 300, 0.1)
    found = of.time_lagged_mutual_information(source=x, target=y, lag=2).value
    assert found == pytest.approx(information(x[:-2].tolist(), y[2:].tolist()), abs=1e-12)


def test_stochastic_interaction_of_parts_apart_and_of_parts_that_make_each_other(r):
    x, y = r.integers(0, 2, (2, 20_000))
    assert abs(of.stochastic_interaction(x, y).value) < 0.001
    copied = of.stochastic_interaction(x, later(x)).value
    assert copied == pytest.approx(1, abs=0.01)


def test_numbers_have_all_of_these(r):
    x = np.cumsum(r.standard_normal(300)) * 0.1
    y = later(x) + r.standard_normal(300)
    for estimator in (Gaussian(), KSG(k=3)):
        assert of.active_information_storage(x, estimator=estimator).value > 0.5
        assert of.predictive_information(x, estimator=estimator).value > 0.5
        assert np.isfinite(of.entropy_rate(x, estimator=estimator).value)
        assert np.isfinite(of.stochastic_interaction(x, y, estimator=estimator).value)
        assert of.directed_information(source=x, target=y, length=2, estimator=estimator).value > 0
        lagged = of.time_lagged_mutual_information(source=x, target=y, estimator=estimator)
        assert lagged.value > transfer_entropy(source=x, target=y, estimator=estimator).value - 0.1


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda x: of.active_information_storage(x, k=0), "k=0"),
        (lambda x: of.entropy_rate(x, k=10), "two are needed"),
        (lambda x: of.predictive_information(x, k=6), "two are needed"),
        (lambda x: of.time_lagged_mutual_information(source=x, target=x, lag=-1), "lag=-1"),
        (lambda x: of.directed_information(source=x, target=x[:-1]), "at every moment"),
        (lambda x: of.stochastic_interaction(x, x, estimator=Sliced(KSG())), "knows no joint"),
    ],
)
def test_bad_questions(ask, said):
    with pytest.raises(InfoplaneError, match=said):
        ask(np.zeros(10, dtype=int))
