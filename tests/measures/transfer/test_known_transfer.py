"""Transfer where it is known: coins, chains, regressions, maps."""

import math

import numpy as np
import pytest
import torch

from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.gram.renyi import Renyi
from infoplane.measures.neighbours.ksg import KSG
from infoplane.measures.normal.gaussian import Gaussian
from infoplane.measures.sliced import Sliced
from infoplane.measures.transfer.front import (
    granger_causality,
    transfer_entropy,
    transfer_information_energy,
)
from infoplane.quantities import autoregression, chains
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2
from oracles.transfer import (
    autoregression as simulated,
)
from oracles.transfer import (
    energy,
    flips,
    henon_maps,
    later,
    logistic_maps,
    mixture_chain,
    transfer,
)

N = 200_000
NOISY = 1 + 0.1 * math.log2(0.1) + 0.9 * math.log2(0.9)
"""1 − H2(0.1)."""


@pytest.fixture
def r():
    return np.random.default_rng(0)


def both(x, y, **how):
    """There and back, in bits."""
    there = transfer_entropy(source=x, target=y, **how).value
    return there, transfer_entropy(source=y, target=x, **how).value


def test_a_noisy_copy(r):
    x = flips(r, N)
    y = later(x) ^ flips(r, N, 0.1)
    there, back = both(x, y)
    assert there == pytest.approx(NOISY, abs=0.005) and back < 1e-4
    assert transfer_entropy(source=x, target=y, lag=2).value < 1e-4
    assert transfer_information_energy(source=x, target=y).value == pytest.approx(0.32, abs=0.005)


def test_synergy_without_information(r):
    x, noise = flips(r, N), flips(r, N, 0.1)
    y = np.bitwise_xor.accumulate(later(x) ^ noise)  # y' = x ⊕ y ⊕ noise
    there, back = both(x, y)
    assert there == pytest.approx(NOISY, abs=0.005) and back < 1e-4
    assert PlugIn()(x[:-1], y[1:]).value < 1e-4


@pytest.mark.parametrize("flip", [0.1, 0.3])
def test_a_copied_chain(r, flip):
    x = np.cumsum(flips(r, N, flip)) % 2
    there, back = both(x, later(x))
    truth = -flip * math.log2(flip) - (1 - flip) * math.log2(1 - flip)
    assert there == pytest.approx(truth, abs=0.005) and back < 1e-4


def test_a_common_driver_is_taken_off_when_it_is_given(r):
    z = flips(r, N)
    x, y = later(z), later(z, 2)
    there, back = both(x, y)
    assert there == pytest.approx(1, abs=0.005) and back < 1e-4
    given = transfer_entropy(source=x, target=y, given=z, given_length=2)
    assert abs(given.value) < 1e-4


def test_samples_without_time_show_nothing_at_lag_one_and_all_at_lag_zero(r):
    x = flips(r, N)
    y = x ^ flips(r, N, 0.1)
    lagged = transfer_entropy(source=x, target=y)
    assert lagged.value < 1e-4 and any("shuffled order" in note for note in lagged.notes)
    assert transfer_entropy(source=y, target=x).value < 1e-4
    at_once = transfer_entropy(source=x, target=y, lag=0)
    assert at_once.value == pytest.approx(NOISY, abs=0.005)
    assert any("no transfer in time" in note for note in at_once.notes)


@pytest.mark.parametrize(
    ("chain", "bits"),
    [
        ((0.5, 0.5, 0), 0.188722),
        ((0.5, 0.5, 0.3), 0.214095),
        ((0.2, 0.5, 0.3), 0.196378),
        ((0.1, 0.8, 0.1), 0.326051),
        ((0.3, 0, 0.4), 0),
    ],
)
def test_exact_chains(chain, bits):
    assert chains.exact_te(mixture_chain(*chain)) == pytest.approx(bits, abs=1e-6)


def test_longer_pasts_of_a_chain_agree_with_long_simulations(r):
    p = mixture_chain(0.2, 0.5, 0.3)
    state, x, y = 0, [], []
    steps = p.reshape(4, 4).cumsum(1)
    for u in r.random(40_000):
        state = int(np.searchsorted(steps[state], u))
        x.append(state // 2)
        y.append(state % 2)
    for k, l, lag in ((2, 1, 1), (1, 2, 1), (2, 2, 2)):
        truth = chains.exact_te(p, k=k, l=l, lag=lag)
        found = transfer_entropy(source=x, target=y, k=k, l=l, lag=lag).value
        assert found == pytest.approx(truth, abs=0.01)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (np.full((2, 2), 0.5), "have shape"),
        (np.full((2, 2, 2, 2), 0.5), "sum to 1"),
        (np.eye(4).reshape(2, 2, 2, 2), "falls apart"),
    ],
)
def test_what_is_no_chain_is_refused(table, said):
    with pytest.raises(InfoplaneError, match=said):
        chains.exact_te(table)


def test_a_chain_of_too_long_words_is_refused():
    with pytest.raises(InfoplaneError, match="shorter past"):
        chains.exact_te(mixture_chain(0.2, 0.5, 0.3), k=12)


def test_regressions_in_closed_form():
    a, b, c = 0.5, 0.4, 0.6
    sx = 1 / (1 - a**2)
    s = a * c * sx / (1 - a * b)
    sy = (c**2 * sx + 2 * b * c * s + 1) / (1 - b**2)
    g = b * sy + c * s
    z = np.array([[a, 0], [c, b]])
    assert autoregression.transfer_entropy(z) * LN2 == pytest.approx(0.180947, abs=1e-6)
    assert autoregression.transfer_entropy(z) * LN2 == pytest.approx(0.5 * math.log(sy - g**2 / sy))
    limit = autoregression.one_way_limit(a, c)
    assert limit * LN2 == pytest.approx(0.180893, abs=1e-6)
    assert autoregression.transfer_entropy(z, k=20, l=20) == pytest.approx(limit, abs=1e-9)
    memoryless = autoregression.transfer_entropy(np.array([[0, 0], [c, b]]))
    assert memoryless * LN2 == pytest.approx(0.5 * math.log(1 + c**2))
    with pytest.raises(InfoplaneError, match="spectral radius"):
        autoregression.transfer_entropy(np.array([[1.0, 0], [0.6, 0.4]]))


def test_gaussian_transfer_is_half_of_granger_causality(r):
    x, y = simulated(r, 400_000)
    there, back = both(x, y, estimator=Gaussian(correct_bias=False))
    assert there * LN2 == pytest.approx(0.180947, abs=0.002) and back < 1e-4
    assert granger_causality(source=x, target=y).value == pytest.approx(2 * there, abs=1e-10)
    with_past = granger_causality(source=x, target=y, k=3, l=2).value
    gaussian = transfer_entropy(source=x, target=y, k=3, l=2, estimator=Gaussian(False))
    assert with_past == pytest.approx(2 * gaussian.value, abs=1e-10)


def test_nearest_neighbours_find_the_regression(r):
    values = [both(*simulated(r, 2000), estimator=KSG(), check=False) for _ in range(20)]
    there, back = np.mean(values, 0) * LN2
    assert 0.17 < there < 0.20 and abs(back) < 0.01


def test_renyi_transfer_points_the_right_way(r):
    there, back = both(*simulated(r, 300, c=1.5), estimator=Renyi())
    assert there > back + 0.1


def test_coupled_maps_point_the_right_way_until_they_synchronise(r):
    for coupling in (0.1, 0.4):
        there, back = both(*logistic_maps(r, 1000, coupling), estimator=KSG())
        assert there > back
    for coupling in (0.2, 0.6):
        there, back = both(*henon_maps(r, 1000, coupling), k=2, l=2, estimator=KSG())
        assert there > back
    same = logistic_maps(r, 1000, 0.6)
    assert abs(transfer_entropy(source=same[0], target=same[1], estimator=KSG()).value) < 0.05
    x, y = henon_maps(r, 2000, 0.8)
    assert abs(transfer_entropy(source=x, target=y, k=2, l=2, estimator=KSG()).value) < 0.05


def test_nearest_neighbours_are_warned_of_maps_and_of_ties(r):
    x, y = logistic_maps(r, 1000, 0.2)
    mapped = transfer_entropy(source=x, target=y, estimator=KSG())
    assert any("continuous function" in note for note in mapped.notes)
    layer = torch.randn(1000, 3)
    through = torch.tanh(layer @ torch.randn(3, 3))
    at_once = transfer_entropy(source=layer, target=through, lag=0, estimator=KSG())
    assert any("function of the source" in note for note in at_once.notes)
    tied = transfer_entropy(source=x.round(1), target=y.round(1), estimator=KSG())
    assert any("repeat" in note or "tied" in note for note in tied.notes)
    noisy = transfer_entropy(source=x, target=y + r.standard_normal(1000), estimator=KSG())
    assert not any("continuous function" in note for note in noisy.notes)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("l", [1, 2])
@pytest.mark.parametrize("lag", [0, 1, 3])
@pytest.mark.parametrize("base", [2, 3])
def test_the_books(r, k, l, lag, base):
    x, y, z = r.integers(0, base, (3, 200))
    found = transfer_entropy(source=x, target=y, k=k, l=l, lag=lag)
    assert found.value == pytest.approx(transfer(x, y, k, l, lag), abs=1e-12)
    given = transfer_entropy(source=x, target=y, given=z, k=k, l=l, lag=lag, given_length=2)
    assert given.value == pytest.approx(transfer(x, y, k, l, lag, z.tolist(), 2), abs=1e-12)
    assert found.unit == "bit" and f"k = {k}" in found.method


def test_energy_by_its_definition(r):
    x, y = r.integers(0, 3, (2, 300))
    found = transfer_information_energy(source=x, target=y)
    assert found.value == pytest.approx(energy(x, y), abs=1e-12) and found.unit == "1"


def test_a_null_of_surrogates_has_a_p_value_that_is_never_zero(r):
    x = flips(r, 500)
    y = later(x) ^ flips(r, 500, 0.2)
    found = transfer_entropy(source=x, target=y, permutations=19)
    assert found.p_value == pytest.approx(0.05) and found.null < found.value / 3
    numbers = transfer_entropy(
        source=x.astype(float), target=y.astype(float), permutations=19, estimator=Gaussian()
    )
    assert numbers.p_value == pytest.approx(0.05)


def test_numbers_are_never_rounded_to_states(r):
    x = flips(r, 100)
    with pytest.raises(InfoplaneError, match="source holds floats"):
        transfer_entropy(source=x.astype(float), target=x)
    with pytest.raises(InfoplaneError, match="target holds floats"):
        transfer_information_energy(source=x, target=x.astype(float))
    with pytest.raises(InfoplaneError, match="labels"):
        granger_causality(source=x, target=x)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"k": 0}, "k=0"),
        ({"lag": -1}, "lag=-1"),
        ({"k": 50}, "hold no window"),
        ({"permutations": -1}, "permutations=-1"),
        ({"estimator": Sliced(KSG())}, "no conditional"),
    ],
)
def test_bad_questions(r, how, said):
    with pytest.raises(InfoplaneError, match=said):
        transfer_entropy(source=flips(r, 40), target=flips(r, 40), **how)


def test_bad_series(r):
    with pytest.raises(InfoplaneError, match="at every moment"):
        transfer_entropy(source=flips(r, 40), target=flips(r, 41))
    with pytest.raises(InfoplaneError, match="at least two samples"):
        transfer_entropy(source=[], target=[])
    with pytest.raises(TypeError):
        transfer_entropy(flips(r, 40), flips(r, 40))


def test_one_window_says_nothing_and_constants_say_exactly_nothing(r):
    assert transfer_entropy(source=[0, 1], target=[1, 0]).value == 0.0
    x, still = flips(r, 1000), np.zeros(1000, dtype=int)
    assert both(x, still) == (0.0, 0.0)
