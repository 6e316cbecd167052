"""Normal variables: recorded values, the determinants themselves, and the limits."""

import math

import numpy as np
import pytest
import torch

from infoplane.bottleneck import GaussianBottleneck, solve
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2

PAIR = np.array([[1.0, 0.8], [0.8, 1.0]])


@pytest.mark.parametrize(
    ("beta", "rate", "relevance"),
    [
        (2.0, 0.2876820725, 0.1642520335),
        (3.0, 0.6342556627, 0.3080930697),
        (10.0, 1.3862943611, 0.4581453659),
    ],
)
def test_one_component_has_the_recorded_values(beta, rate, relevance):
    found = GaussianBottleneck(PAIR, 1)
    assert found.critical == pytest.approx([1.5625], abs=1e-12)
    assert found.rate(beta) * LN2 == pytest.approx(rate, abs=6e-11)
    assert found.relevance(beta) * LN2 == pytest.approx(relevance, abs=6e-11)
    exact = -0.5 * math.log(1 - 0.64 * (1 - math.exp(-2 * found.rate(beta) * LN2)))
    assert found.relevance(beta) * LN2 == pytest.approx(exact, abs=1e-12)
    assert found.information * LN2 == pytest.approx(0.5108256238, abs=6e-11)


def _random(seed, inputs=3, outputs=2):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(inputs + outputs, inputs + outputs))
    return GaussianBottleneck(mixing @ mixing.T + 0.1 * np.eye(len(mixing)), inputs)


@pytest.mark.parametrize("seed", range(5))
def test_rate_and_relevance_are_those_of_the_projection(seed):
    found = _random(seed)
    table, d = np.asarray(found.covariance), found.inputs
    given = table[:d, :d] - table[:d, d:] @ np.linalg.solve(table[d:, d:], table[d:, :d])
    for beta in (*(found.critical * 1.2), 50.0):
        a = found.projection(float(beta))

        def spread(s, a=a):
            return 0.5 * np.linalg.slogdet(a @ s @ a.T + np.eye(len(a)))[1] / LN2

        assert found.rate(beta) == pytest.approx(spread(table[:d, :d]), abs=1e-11)
        told = spread(table[:d, :d]) - spread(given)
        assert found.relevance(beta) == pytest.approx(told, abs=1e-11)
        noise = np.random.default_rng(seed).normal(size=a.shape) * 1e-3
        worse = a + noise

        def cost(b, beta=beta):
            rate = 0.5 * np.linalg.slogdet(b @ table[:d, :d] @ b.T + np.eye(len(b)))[1]
            rest = 0.5 * np.linalg.slogdet(b @ given @ b.T + np.eye(len(b)))[1]
            return rate - beta * (rate - rest)

        assert cost(a) <= cost(worse) + 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_its_curve_goes_through_its_points_and_ends_at_the_information(seed):
    found = _random(seed)
    betas = [float(found.critical[0] * factor) for factor in (1.01, 1.5, 4, 100)]
    rates = np.array([found.rate(beta) for beta in betas])
    exact = [found.relevance(beta) for beta in betas]
    assert found.curve(rates) == pytest.approx(exact, abs=1e-12)
    assert [found.beta(float(rate)) for rate in rates] == pytest.approx(betas, rel=1e-12)
    assert found.relevance(1e9) == pytest.approx(found.information, abs=1e-7)
    assert found.rate(0.99 * float(found.critical[0])) == 0


def test_cut_into_bins_it_comes_from_below():
    edges = np.linspace(-3.5, 3.5, 15)
    x, y = np.meshgrid(edges, edges, indexing="ij")
    table = np.exp(-(x**2 - 1.6 * x * y + y**2) / (2 * 0.36))
    found = solve(table / table.sum(), 2.0)
    exact = GaussianBottleneck(PAIR, 1).curve(np.array([found.rate]))[0]
    assert exact - 2e-2 < found.relevance < exact + 1e-6


@pytest.mark.parametrize(
    ("covariance", "inputs", "told"),
    [
        (np.ones((2, 2)), 1, "singular"),
        (np.zeros((2, 2)), 1, "singular"),
        (np.array([[1.0, 0.2], [0.5, 1.0]]), 1, "symmetric"),
        (PAIR, 2, "one at least"),
        (np.full((2, 2), np.nan), 1, "finite"),
        (np.ones((2, 3)), 1, "square"),
    ],
)
def test_what_is_no_covariance_is_refused(covariance, inputs, told):
    with pytest.raises(InfoplaneError, match=told):
        GaussianBottleneck(covariance, inputs)


def test_rates_without_a_beta_are_refused_and_gradients_are_no_obstacle():
    found = GaussianBottleneck(torch.tensor(PAIR, requires_grad=True), 1)
    assert found.beta(0.0) == pytest.approx(found.critical[0])
    assert found.rate(found.beta(250.0)) == pytest.approx(250.0)
    for rate in (-1.0, float("nan"), 600.0):
        with pytest.raises(InfoplaneError, match="No β gives"):
            found.beta(rate)
