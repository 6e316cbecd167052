"""What ensembles know: bounds on their side, exact relatives, the Gaussian bottleneck's curve."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import infoplane as ip
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.values.units import LN2

wide = ip.wide
TIMES = (0.0, 0.01, 0.1, 1.0, 10.0, 1e4, 1e10)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=stream(seed, "test"), dtype=torch.float64)


def task(n, seed, rho2=0.64, d=5):
    """Normal inputs and one normal target of variance 1, of which they explain rho2."""
    x = drawn(n, d, seed=seed)
    y = math.sqrt(rho2 / d) * x.sum(1) + math.sqrt(1 - rho2) * drawn(n, seed=seed + 1000)
    return x, y


def curve(rates, rho2=0.64):
    """The Gaussian bottleneck of one target, in bits: A17's closed form."""
    return -0.5 * np.log2(1 - rho2 * (1 - np.exp(-2 * LN2 * rates)))


@pytest.fixture(scope="module", params=["relu", "erf"])
def known(request):
    """An ensemble of few samples, and what it knows of 5 × 150 others."""
    activation = {"relu": wide.Relu(), "erf": wide.Erf()}[request.param]
    net = wide.serial(wide.Dense(2.0, 0.01), activation, wide.Dense(2.0, 0.01))
    ensemble = wide.Ensemble(net, *task(40, 1))
    found = wide.information(
        ensemble, *task(750, 2), TIMES, target=wide.NormalTarget(1.0), draws=6, seed=3
    )
    return ensemble, found


@pytest.mark.parametrize("noise", [0.1, 0.5, 2.0])
def test_the_sandwich_holds_a_known_information(noise):
    truth = 0.5 * math.log2(1 + 1 / noise**2)
    n = 200
    found = np.array(
        [
            wide.input_information(
                drawn(n, 1, seed=i), torch.full((n,), noise**2).double(), draws=4, seed=0, batch=i
            )
            for i in range(30)
        ]
    )
    error = found.std(0, ddof=1) / math.sqrt(len(found))
    assert found[:, 0].mean() - 3 * error[0] < truth < found[:, 1].mean() + 3 * error[1]
    assert found[:, 1].mean() - found[:, 0].mean() < 0.2 * truth


@given(st.integers(0, 10**6), st.integers(2, 12), st.floats(1e-6, 10.0), st.integers(1, 3))
def test_the_lower_bound_is_never_above_the_logarithm_of_n(seed, n, noise, outputs):
    lower, _ = wide.input_information(
        drawn(n, outputs, seed=seed), torch.full((n,), noise).double(), draws=3, seed=seed
    )
    assert lower <= math.log2(n) + 1e-6  # narrow codes cost digits


def test_bounds_are_in_order_at_every_time(known):
    _, found = known
    assert bool((found.input_lower.mean(1) <= found.input_upper.mean(1) + 0.01).all())
    assert bool((found.input_lower <= math.log2(150)).all())


def test_data_teach_nothing_before_training_and_something_after(known):
    ensemble, found = known
    assert float(found.data[0].abs().max()) < 1e-9
    assert bool((found.data[1:] > 0).all()) and bool(torch.isfinite(found.data).all())
    there = ensemble.predictor(task(750, 2)[0][:150])
    again = wide.data_information(there, 1.0)
    torch.testing.assert_close(again, found.data[3, 0], rtol=1e-9, atol=0)


def test_every_point_lies_on_or_below_the_curve(known):
    """The upper bound on I(X;Z|D) with the lower one on I(Z;Y|D), up to their Monte-Carlo error."""
    _, found = known
    slack = curve(found.input_upper.numpy()) - found.target_lower.numpy()
    error = slack.std(1, ddof=1) / math.sqrt(slack.shape[1])
    assert (slack.mean(1) > -3 * error).all()
    covariance = np.eye(6)
    covariance[:5, 5] = covariance[5, :5] = math.sqrt(0.64 / 5)
    exact = ip.bottleneck.GaussianBottleneck(covariance, 5)
    rates = found.input_upper.numpy().mean(1)
    np.testing.assert_allclose(exact.curve(rates), curve(rates), atol=1e-10)
    assert (found.target_lower.mean(1) > 0.1).any()  # something is learned


def test_bayes_never_loses_more_than_gibbs(known):
    _, found = known
    assert bool((found.bayes <= found.gibbs + 1e-9).all())


def test_losses_are_those_of_drawn_networks(known):
    ensemble, found = known
    x, y = task(750, 2)
    at = ensemble.predictor(x[:150])
    mean, variance = at.mean([1.0])[0, :, 0], at.variance([1.0])[0]
    z = mean + variance.sqrt() * drawn(20_000, 150, seed=7)
    squared = (z - y[:150]).square().mean()
    torch.testing.assert_close(found.squared[3, 0], squared, rtol=0.01, atol=0)
    gibbs = 0.5 * squared / LN2 + 0.5 * math.log2(2 * math.pi)
    torch.testing.assert_close(found.gibbs[3, 0], gibbs, rtol=0.01, atol=0)


def test_the_lagrangian_is_of_both_bounds(known):
    _, found = known
    wanted = found.input_upper - 3 * found.target_lower
    assert torch.equal(found.lagrangian(3.0), wanted)
    with pytest.raises(InfoplaneError, match="beta"):
        found.lagrangian(-1.0)


# the bound on what is told of the target


def test_a_normal_code_tells_its_exact_information_of_a_normal_target():
    rho2, noise, n = 0.5, 0.7, 200_000
    z_mean = drawn(2, n, 1, seed=1)
    y = math.sqrt(rho2) * z_mean + math.sqrt(1 - rho2) * drawn(2, n, 1, seed=2)
    variance = torch.full((1, 2, n), noise**2).double()
    found = wide.NormalTarget(1.0).told(z_mean[None], variance, y)
    truth = -0.5 * math.log2(1 - rho2 / (1 + noise**2))
    assert float((found - truth).abs().max()) < 0.01


@given(st.integers(0, 10**6))
def test_a_code_that_knows_nothing_tells_nothing(seed):
    """Fitted elsewhere: in expectation below 0, as no bound that is fitted to its own samples."""
    mean, y = drawn(3, 4, 800, 1, seed=seed), drawn(4, 800, 1, seed=seed + 1)
    found = wide.NormalTarget(1.0).told(mean, torch.ones(3, 4, 800).double(), y)
    assert float(found.mean()) < 0.01
    constant = wide.NormalTarget(1.0).told(0 * mean, torch.zeros(3, 4, 800).double(), y)
    assert bool(torch.isfinite(constant).all()) and float(constant.mean()) < 0.01


def test_a_code_of_classes_tells_what_an_integral_says():
    """Two classes around −1 and 1: I(Z;Y) by a grid, of which Bayes' rule is the best q."""
    n, deviation = 20_000, 0.8
    y = torch.where(torch.arange(2 * n) % 2 == 0, -1.0, 1.0).double().reshape(2, n, 1)
    variance = torch.full((1, 2, n), deviation**2).double()
    found = wide.ClassTarget().told(y[None], variance, y)
    z = np.linspace(-8, 8, 4001)
    density = np.stack([np.exp(-0.5 * ((z - c) / deviation) ** 2) for c in (-1, 1)])
    density /= density.sum(1, keepdims=True) * (z[1] - z[0])
    mixed = density.mean(0)
    truth = (density * np.log2(np.maximum(density, 1e-300) / mixed)).sum() * (z[1] - z[0]) / 2
    assert float((found - truth).abs().max()) < 1e-3


def test_a_code_that_is_the_class_tells_all_of_it():
    y = torch.where(torch.arange(400) % 2 == 0, -1.0, 1.0).double().reshape(2, 200, 1)
    found = wide.ClassTarget().told(y[None], torch.full((1, 2, 200), 1e-4).double(), y)
    assert float((found - 1).abs().max()) < 1e-6


# bad input


def ask(ensemble, x, y, **changed):
    return wide.information(
        ensemble, x, y, (1.0,), **{"target": wide.NormalTarget(1.0), "batches": 2, **changed}
    )


@pytest.mark.parametrize(
    ("of", "told"),
    [
        (lambda e: ask(e, *task(20, 2), batches=1), "two batches"),
        (lambda e: ask(e, *task(3, 2)), "two batches"),
        (lambda e: ask(e, task(20, 2)[0], task(19, 2)[1]), "two batches"),
        (
            lambda e: wide.information(
                e, e.x, e.y, (math.inf,), target=wide.NormalTarget(1.0), batches=2
            ),
            "is infinite",
        ),
        (
            lambda e: ask(
                e, task(20, 2)[0], torch.sign(torch.arange(20) - 9.5), target=wide.ClassTarget()
            ),
            "larger batches",
        ),
        (lambda e: ask(e, task(10, 2)[0][[0, 0] * 5], task(10, 2)[1]), "singular"),
    ],
)
def test_what_cannot_be_told_is_refused(known, of, told):
    with pytest.raises(InfoplaneError, match=told):
        of(known[0])
