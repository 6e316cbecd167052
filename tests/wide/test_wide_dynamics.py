"""Ensembles over training: limits, the linear model, finite networks, hard kernels, bad input."""

import math

import pytest
import torch

import infoplane as ip
from infoplane.quantities.normal import divergence
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.values.units import LN2
from oracles.wide import Linear

wide = ip.wide
TIMES = (0.0, 0.03, 0.4, 3.0, 40.0)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=stream(seed, "test"), dtype=torch.float64)


def network(activation=None, weights=1.5, biases=0.1, depth=1):
    hidden = [wide.Dense(weights, biases), activation or wide.Erf()] * depth
    return wide.serial(*hidden, wide.Dense(weights, biases))


@pytest.fixture(scope="module", params=["relu", "erf"])
def ensemble(request):
    activation = {"relu": wide.Relu(), "erf": wide.Erf()}[request.param]
    x = drawn(15, 4)
    return wide.Ensemble(network(activation, depth=2), x, drawn(15, 2, seed=1))


def test_untrained_it_is_the_prior(ensemble):
    x = drawn(6, 4, seed=2)
    found = ensemble.at(0.0).predict(x)
    assert float(found.mean.abs().max()) == 0
    torch.testing.assert_close(found.covariance, ensemble.net.kernels(x).nngp)


def test_trained_for_ever_it_fits_what_it_was_trained_on(ensemble):
    for x in (None, ensemble.x):
        found = ensemble.at(math.inf).predict(x)
        scale = float(ensemble.flow.kernels.nngp.diagonal().max())
        torch.testing.assert_close(found.mean, ensemble.y, rtol=1e-8, atol=1e-8)
        assert float(found.covariance.abs().max()) < 1e-8 * scale
    x = drawn(6, 4, seed=2)
    across = ensemble.net.kernels(x, ensemble.x).ntk
    wanted = across @ torch.linalg.solve(ensemble.flow.kernels.ntk, ensemble.y)
    torch.testing.assert_close(ensemble.at(math.inf).predict(x).mean, wanted, rtol=1e-8, atol=1e-8)


def test_late_is_for_ever(ensemble):
    x = drawn(6, 4, seed=2)
    late, ever = (ensemble.at(time).predict(x) for time in (1e10, math.inf))
    torch.testing.assert_close(late.mean, ever.mean)
    torch.testing.assert_close(late.covariance, ever.covariance)


def test_where_both_kernels_are_one_it_ends_as_the_gaussian_process():
    whole = network(depth=1).kernels(drawn(20, 4)).nngp
    k, across, own = whole[:14, :14], whole[14:, :14], whole[14:, 14:]
    flow = wide.GradientFlow(wide.Kernels(k, k), drawn(14, 1, seed=1))
    modes = flow.spectrum[1]
    there = wide.Predictor(flow, across @ modes, across @ modes, own)
    posterior = own - across @ torch.linalg.solve(k, across.T)
    torch.testing.assert_close(there.covariance(math.inf), posterior, rtol=1e-8, atol=1e-9)


def test_variances_are_the_diagonal_of_covariances_which_are_positive(ensemble):
    there = ensemble.predictor(drawn(7, 4, seed=3))
    each = there.variance(TIMES)
    for i, time in enumerate(TIMES):
        whole = there.covariance(time)
        torch.testing.assert_close(each[i], whole.diagonal())
        assert float(torch.linalg.eigvalsh(whole)[0]) > -1e-12
    assert torch.equal(
        there.mean(TIMES)[2], ensemble.at(TIMES[2]).predict(drawn(7, 4, seed=3)).mean
    )


def test_outputs_do_not_know_of_each_other(ensemble):
    x = drawn(5, 4, seed=3)
    alone = wide.Ensemble(ensemble.net, ensemble.x, ensemble.y[:, 1]).at(0.4).predict(x)
    both = ensemble.at(0.4).predict(x)
    torch.testing.assert_close(alone.mean[:, 0], both.mean[:, 1])
    torch.testing.assert_close(alone.covariance, both.covariance)


# a model that is linear in its parameters, where everything can be integrated in parameter space


@pytest.fixture(params=[(6, 9, 0.0), (6, 4, 0.0), (6, 9, 0.3), (6, 4, 0.3)], ids=str)
def linear(request):
    """More and fewer parameters than samples, with and without a ridge."""
    n, p, ridge = request.param
    return Linear(drawn(n, p), drawn(n, 2, seed=1), ridge)


def flow_of(model):
    return wide.GradientFlow(wide.Kernels(model.kernel, model.kernel), model.targets, model.ridge)


@pytest.mark.parametrize("time", TIMES[1:])
def test_moments_are_those_of_the_linear_model(linear, time):
    flow, new = flow_of(linear), drawn(3, linear.slopes.shape[1], seed=2)
    mean, covariance = linear.parameters(time)
    modes = flow.spectrum[1]
    across = new @ linear.slopes.T @ modes
    there = wide.Predictor(flow, across, across, new @ new.T)
    torch.testing.assert_close(there.mean([time])[0], new @ mean)
    torch.testing.assert_close(there.covariance(time), new @ covariance @ new.T)


@pytest.mark.parametrize("time", [0.0, 0.02, 0.1, 0.5])
def test_parameter_information_of_a_linear_model_is_its_divergence_from_the_prior(linear, time):
    """To 1e-10, with the cross term of a function that is linear in its parameters."""
    mean, covariance = linear.parameters(time)
    p = len(covariance)
    wanted = divergence(mean, covariance, torch.zeros_like(mean), torch.eye(p, dtype=torch.float64))
    found = wide.parameter_information(flow_of(linear), [time], cross=1.0)[0]
    assert abs(float(found - wanted)) <= 1e-10 * max(1.0, float(wanted))


@pytest.mark.parametrize("cross", [0.0, 1.0, 3.0])
def test_parameter_information_grows_by_the_trace_of_theta(ensemble, cross):
    late = torch.tensor([1e6, 2e6], dtype=torch.float64)
    found = wide.parameter_information(ensemble.flow, late, cross=cross)
    slope = float(found.diff()) * LN2 / 1e6
    assert math.isclose(slope, float(wide.fisher_trace(ensemble.flow)), rel_tol=1e-8)
    first = wide.parameter_information(ensemble.flow, [0.0], cross=cross)
    assert float(first.abs()) == 0


@pytest.mark.parametrize("ridge", [0.0, 0.2])
@pytest.mark.parametrize("time", [0.05, 1.0, 20.0])
def test_the_quadrature_of_the_squared_speed_is_the_path_energy(ensemble, time, ridge):
    flow = wide.GradientFlow(ensemble.flow.kernels, ensemble.flow.targets, ridge)
    nodes, weights = torch.from_numpy(_legendre()[0]), torch.from_numpy(_legendre()[1])
    fastest = float(flow.spectrum[0][-1])
    edges = torch.cat([torch.zeros(1), torch.logspace(-3, 0, 60) * time]).double()
    half = 0.5 * edges.diff()[:, None]
    assert float(half.max()) * fastest < 300
    at = edges[:-1, None] + half * (1 + nodes)
    speeds = wide.squared_speed(flow, at.flatten()).reshape(at.shape)
    quadrature = float((speeds * weights * half).sum())
    assert math.isclose(quadrature, float(wide.path_energy(flow, [time])[0]), rel_tol=1e-6)


def _legendre():
    import numpy as np

    return np.polynomial.legendre.leggauss(24)


def test_the_squared_speed_is_that_of_the_outputs(linear):
    """‖θ′‖ in the Fisher metric is ‖z′‖: by matrix exponentials, E over the initial outputs."""
    time, n, k = 0.07, len(linear.targets), linear.kernel
    slowed = torch.matrix_exp(-time * (k + linear.ridge * torch.eye(n, dtype=torch.float64)))
    moving = k @ slowed
    outputs = linear.targets.shape[1]
    wanted = outputs * (moving @ k @ moving.T).trace() + (moving @ linear.targets).square().sum()
    found = wide.squared_speed(flow_of(linear), [time])[0]
    torch.testing.assert_close(found, wanted)


def test_displacement_ends_where_the_targets_are_met(ensemble):
    k, theta = ensemble.flow.kernels
    wanted = 2 * torch.linalg.solve(theta, k).trace()
    wanted += (ensemble.y * torch.linalg.solve(theta, ensemble.y)).sum()
    torch.testing.assert_close(wide.displacement(ensemble.flow, [math.inf])[0], wanted)
    moved = wide.displacement(ensemble.flow, TIMES)
    energy = wide.path_energy(ensemble.flow, TIMES)
    assert bool((moved.diff() > 0).all()) and bool((energy.diff() > 0).all())


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_training_information_is_the_divergence_of_training_outputs(ensemble, ridge):
    flow = wide.GradientFlow(ensemble.flow.kernels, ensemble.flow.targets, ridge)
    ridged = wide.Ensemble(ensemble.net, ensemble.x, ensemble.y, ridge)
    found = wide.training_information(flow, (0.0, 0.01, 0.05, 0.2))
    for value, time in zip(found[1:], (0.01, 0.05, 0.2), strict=True):
        at = ridged.at(time).predict()
        prior = flow.kernels.nngp
        wanted = divergence(at.mean, at.covariance, torch.zeros_like(at.mean), prior)
        torch.testing.assert_close(value, wanted, rtol=1e-6, atol=1e-8)
    assert abs(float(found[0])) < 1e-9 and bool((found.diff() > 0).all())
    late = float(wide.training_information(flow, [1e6])[0])
    assert late > 1e6 if not ridge else math.isfinite(late)


# finite networks


def test_a_finite_ensemble_has_the_mean_and_covariance_of_the_infinite_one():
    """200 networks of width 512, trained side by side by gradient descent."""
    copies = 200
    x, new = drawn(10, 3), drawn(4, 3, seed=2)
    ensemble = wide.Ensemble(network(wide.Relu(), 1.5, 0.1), x, x[:, 0] * x[:, 1] + 1)
    step = 0.05 / float(ensemble.flow.spectrum[0][-1])
    times = (0.0, 10 * step, 120 * step)
    networks = wide.Networks(
        ensemble.net, (3,), width=512, copies=copies, seed=5, dtype=torch.float32
    )
    for time in wide.trained(networks, x, ensemble.flow.targets, times, step=step):
        z = networks(new).detach().double()[..., 0]
        wanted = ensemble.at(time).predict(new)
        of_mean = (wanted.variance / copies).sqrt()
        assert float(((z.mean(0) - wanted.mean[:, 0]) / of_mean).abs().max()) < 4
        v = wanted.variance
        of_covariance = ((wanted.covariance.square() + torch.outer(v, v)) / copies).sqrt()
        assert float(((z.T.cov() - wanted.covariance) / of_covariance).abs().max()) < 4
    moved = (ensemble.at(times[-1]).predict(new).mean[:, 0].abs() > 10 * of_mean).sum()
    assert int(moved) >= 3  # the data are told from the prior


def test_steps_too_large_are_told():
    x = drawn(5, 2)
    networks = wide.Networks(network(), (2,), width=8, copies=2, seed=0)
    with pytest.raises(InfoplaneError, match="diverged"):
        list(wide.trained(networks, x, 1e3 + drawn(5, 1), [5000.0], step=50.0))


# kernels that are hard to invert


def test_equal_inputs_with_other_targets_meet_in_the_middle():
    x = drawn(4, 3)
    x = torch.cat([x, x[:2]])
    y = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 8.0])
    for activation in (wide.Relu(), wide.Erf()):
        ensemble = wide.Ensemble(network(activation), x, y)
        assert ensemble.flow.unmoved == 2
        found = ensemble.at(math.inf).predict()
        wanted = torch.tensor([3.0, 5.0, 3.0, 4.0, 3.0, 5.0]).double()
        torch.testing.assert_close(found.mean[:, 0], wanted, rtol=1e-6, atol=1e-6)
        with pytest.raises(InfoplaneError, match="leave repeated inputs"):
            wide.training_information(ensemble.flow, [1.0])


@pytest.mark.parametrize(("n", "spread"), [(3000, 1e-9), (300, 1e-3), (300, 1e-12)])
def test_many_nearly_equal_points_have_a_positive_kernel(n, spread):
    """Their gaps come from differences, so the tangent kernel tells them apart: see pairs.py."""
    x = 1 + spread * drawn(n, 3)
    net = network(wide.Relu(), 2.0, 0.0)
    theta = net.kernels(x).ntk
    assert bool(torch.isfinite(theta).all()) and torch.equal(theta, theta.T)
    some = slice(0, n, n // 150)
    rounding = n * 2.2e-16 * float(theta.diagonal().max())
    torch.linalg.cholesky(theta + rounding * torch.eye(n))  # raises unless it is positive
    ensemble = wide.Ensemble(net, x[some], drawn(150, seed=1))
    assert bool(torch.isfinite(ensemble.at(1.0).predict(x[1:9]).covariance).all())


def test_the_slope_of_close_points_has_all_its_digits():
    """Θ(x, x′) falls from Θ(x, x) as their angle: to 1e-6 of it, at angles below √ε."""
    x = torch.tensor([[1.0, 0.0], [1.0, 1e-9], [1.0, 3e-9]], dtype=torch.float64)
    theta = network(wide.Relu(), 2.0, 0.0).kernels(x).ntk
    lost = theta[0, 0] - theta[0]
    slope = 2 / (2 * math.pi)  # k = x·x/2·2, and 2 K K′ of one hidden layer
    assert float(lost[0]) == 0
    torch.testing.assert_close(lost[1:], slope * x[1:, 1], rtol=1e-6, atol=0)


@pytest.mark.parametrize("biases", [0.0, 0.1])
@pytest.mark.parametrize("name", ["relu", "leaky", "erf", "tanh"])
def test_zero_and_opposite_inputs_have_finite_positive_kernels(name, biases):
    activation = {
        "relu": wide.Relu(),
        "leaky": wide.LeakyRelu(0.1),
        "erf": wide.Erf(),
        "tanh": wide.Tanh(),
    }[name]
    x = torch.tensor([[0.0, 0.0], [1.0, 2.0], [-1.0, -2.0], [2.0, 4.0], [0.0, 0.0], [1e-200, 0.0]])
    net = network(activation, 0.5, biases, depth=2)
    for one in net.kernels(x.double()):
        assert bool(torch.isfinite(one).all())
        assert float(torch.linalg.eigvalsh(one)[0]) > -1e-14
        if not biases:
            assert float(one[0].abs().max()) == 0
    found = wide.Ensemble(net, x.double(), torch.arange(6.0)).at(math.inf).predict()
    assert bool(torch.isfinite(found.mean).all())


def test_opposite_inputs_of_a_relu_network_share_nothing():
    x = torch.tensor([[1.0, 2.0], [-1.0, -2.0]])
    found = network(wide.Relu(), 2.0, 0.0).kernels(x)
    assert abs(float(found.nngp[0, 1])) < 1e-15 and abs(float(found.ntk[0, 1])) < 1e-15


def test_a_kernel_that_is_none_says_which_ridge_would_do():
    broken = torch.tensor([[1.0, 1.1], [1.1, 1.0]], dtype=torch.float64)
    flow = wide.GradientFlow(wide.Kernels(broken, broken), torch.ones(2, 1).double())
    with pytest.raises(InfoplaneError, match="ridge=0.2"):
        flow.gained([1.0])
    ridged = wide.GradientFlow(wide.Kernels(broken, broken), flow.targets, 0.2)
    assert bool(torch.isfinite(ridged.gained([math.inf])).all())


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda e: wide.Ensemble(e.net, e.x, e.y[:3]), "training inputs and targets"),
        (lambda e: wide.Ensemble(e.net, e.x, e.y, -1.0).flow, "ridge=-1"),
        (lambda e: wide.Ensemble(e.net, e.x, torch.nan * e.y).flow, "NaN"),
        (lambda e: e.at(-1.0).predict(), "at least 0"),
        (lambda e: e.at(math.nan).predict(), "at least 0"),
        (lambda e: e.at(1.0).predict(drawn(2, 9)), "x2 of"),
    ],
)
def test_what_cannot_be_trained_is_refused(ensemble, make, told):
    with pytest.raises(InfoplaneError, match=told):
        make(ensemble)


def test_numpy_and_lists_are_taken_and_what_cannot_be_meant_is_refused():
    net = ip.wide.serial(ip.wide.Dense(2.0), ip.wide.Relu(), ip.wide.Dense(2.0))
    x, y = torch.randn(4, 3, dtype=torch.float64), torch.randn(4, dtype=torch.float64)
    wanted = ip.wide.Ensemble(net, x, y).at(1.0).predict(x).mean
    for form in (torch.Tensor.numpy, torch.Tensor.tolist):
        found = ip.wide.Ensemble(net, form(x), form(y)).at(1.0).predict(form(x)).mean
        assert torch.equal(found, wanted)
    for wrong in ([], [["a"]], float("nan") * x):
        with pytest.raises(ip.InfoplaneError):
            ip.wide.Ensemble(net, wrong, y)
    with pytest.raises(ip.InfoplaneError, match="time=-1.0"):
        ip.wide.Ensemble(net, x, y).at(-1.0)
    with pytest.raises(ip.InfoplaneError, match="No times"):
        target = ip.wide.NormalTarget(1.0)
        ip.wide.information(ip.wide.Ensemble(net, x, y), x, y, [], target=target)
