"""Kernels of infinitely wide networks: closed forms, twins, finite networks, and bad input."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import infoplane as ip
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.wide import architecture
from infoplane.wide.activations import Elementwise
from oracles.wide import expectation, kernels

wide = ip.wide
ACTIVATIONS = {
    "relu": wide.Relu(),
    "leaky": wide.LeakyRelu(0.2),
    "absolute": wide.LeakyRelu(-1.0),
    "erf": wide.Erf(),
    "tanh": wide.Tanh(),
    "gelu": wide.Gelu(),
}


def points(n, d, seed=0):
    return torch.randn(n, d, generator=stream(seed, "test"), dtype=torch.float64)


def deep(activation, depth, weights=1.5, biases=0.1):
    """A network of so many hidden layers."""
    hidden = [wide.Dense(weights, biases), activation] * depth
    return wide.serial(*hidden, wide.Dense(weights, biases))


@pytest.mark.parametrize("depth", [1, 2, 3, 7])
def test_theta_of_a_critical_relu_network_is_twice_its_layers_exactly(depth):
    x = torch.ones(2, 3)
    found = deep(wide.Relu(), depth, 2.0, 0.0).kernels(x)
    assert bool((found.nngp == 2).all()) and bool((found.ntk == 2 * (depth + 1)).all())


def slope(function):
    def derivative(z):
        z = z.detach().requires_grad_()
        return torch.autograd.grad(function(z).sum(), z)[0]

    return derivative


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_kernels_are_those_of_the_recursion_by_integrals(name):
    one = ACTIVATIONS[name]
    smooth = name in ("erf", "tanh", "gelu")

    def expected(*of):
        nodes = 120 if smooth else 700
        return tuple(expectation(f, *of, nodes) for f in (one.function, slope(one.function)))

    x, y = points(2, 4)
    layers = [(1.5, 0.1), (0.8, 0.0), (1.2, 0.3)]
    steps = [wide.Dense(*layers[0]), one, wide.Dense(*layers[1]), one, wide.Dense(*layers[2])]
    found = wide.serial(*steps).kernels(x[None], y[None])
    wanted = kernels(layers, x, y, expected)
    tolerance = 1e-9 if smooth else 5e-3  # a grid over a kink is that coarse
    assert math.isclose(found.nngp.item(), wanted[0], rel_tol=tolerance)
    assert math.isclose(found.ntk.item(), wanted[1], rel_tol=tolerance)


def by_cosine(variance, other, covariance):
    """E of relu, and of its slope, as it is usually written."""
    scale = math.sqrt(variance * other)
    angle = math.acos(min(1.0, max(-1.0, covariance / scale)))
    whole = math.sin(angle) + (math.pi - angle) * math.cos(angle)
    return scale * whole / (2 * math.pi), (math.pi - angle) / (2 * math.pi)


def test_a_relu_network_is_the_usual_arc_cosine_recursion():
    x, y = points(2, 6)
    layers = [(1.7, 0.05)] * 4
    found = deep(wide.Relu(), 3, *layers[0]).kernels(x[None], y[None])
    wanted = kernels(layers, x, y, by_cosine)
    assert math.isclose(found.nngp.item(), wanted[0], rel_tol=1e-12)
    assert math.isclose(found.ntk.item(), wanted[1], rel_tol=1e-12)


@pytest.mark.parametrize("variance", [0.3, 1.0, 2.0])
def test_the_series_of_an_activation_with_a_closed_form_is_that(variance):
    x = points(40, 5)
    series = Elementwise("erf", torch.erf)
    for closed, other in zip(
        deep(wide.Erf(), 2, variance).kernels(x),
        deep(series, 2, variance).kernels(x),
        strict=True,
    ):
        torch.testing.assert_close(closed, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_blocks_symmetry_and_variances_agree(name, monkeypatch):
    x, y = points(23, 4), points(9, 4, seed=1)
    net = deep(ACTIVATIONS[name], 2, 1.0)
    whole = net.kernels(torch.cat([x, y]))
    monkeypatch.setattr(architecture, "BLOCK", 25)
    for one, many in zip(whole, net.kernels(torch.cat([x, y])), strict=True):
        torch.testing.assert_close(one, many, rtol=1e-13, atol=1e-14)
    for one, part in zip(whole, net.kernels(x, y), strict=True):
        torch.testing.assert_close(one[:23, 23:], part, rtol=1e-13, atol=1e-14)
    torch.testing.assert_close(net.variances(x), whole.nngp.diagonal()[:23], rtol=1e-13, atol=0)
    for one in whole:
        assert torch.equal(one, one.T)
        assert float(torch.linalg.eigvalsh(one)[0]) > -1e-12


@given(st.integers(0, 10**6), st.floats(0.1, 10.0))
def test_a_relu_network_without_biases_is_homogeneous(seed, factor):
    x = points(4, 3, seed)
    net = deep(wide.Relu(), 2, 2.0, 0.0)
    assert net.degree == 3
    for one, other in zip(net.kernels(factor * x), net.kernels(x), strict=True):
        torch.testing.assert_close(one, factor**2 * other, rtol=1e-11, atol=1e-12)


def test_the_degree_of_what_is_not_homogeneous_is_unknown():
    assert deep(wide.Erf(), 1, 1.0, 0.0).degree is None
    assert deep(wide.Relu(), 1, 1.0, 0.1).degree is None
    branch = wide.residual(wide.Relu(), wide.Dense(1.0))
    assert wide.serial(wide.Dense(1.0), branch, wide.Dense(1.0)).degree is None


@pytest.mark.parametrize("width", [16, 64, 256])
def test_one_hidden_layer_of_any_width_has_these_kernels_in_the_mean(width):
    """Exact in expectation for one hidden layer, so that only the copies err."""
    x, copies = points(4, 3), 400
    net = deep(wide.Relu(), 1)
    networks = wide.Networks(net, (3,), width=width, copies=copies, seed=1)
    z = networks(x).detach()[..., 0]
    for each, wanted in (
        (z[:, :, None] * z[:, None, :], net.kernels(x).nngp),
        (networks.tangents(x), net.kernels(x).ntk),
    ):
        error = each.std(0) / math.sqrt(copies)
        assert float(((each.mean(0) - wanted) / error).abs().max()) < 4.5


def test_the_tangent_kernel_of_one_network_nears_the_infinite_one_as_one_over_root_width():
    x, net = points(3, 3), deep(wide.Erf(), 2)
    wanted = net.kernels(x).ntk
    widths = (16, 64, 256)
    apart = []
    for width in widths:
        networks = wide.Networks(net, (3,), width=width, copies=60, seed=2)
        apart.append(float((networks.tangents(x) - wanted).square().mean().sqrt()))
    for small, large in zip(apart, apart[1:], strict=False):
        assert 1.6 < small / large < 2.5  # a factor of 4 in width is one of 2


@pytest.mark.parametrize("read_out", [wide.Flatten(), wide.GlobalAverage()])
@pytest.mark.parametrize("size", [1, 3])
def test_convolutions_and_residual_sums_are_those_of_finite_networks(read_out, size):
    x = torch.randn(3, 2, 4, 4, generator=stream(0, "images"), dtype=torch.float64)
    x[0, :, :2] = 0  # pixels without any variance
    net = wide.serial(
        wide.Conv(2.0, 0.0, size),
        wide.residual(wide.Relu(), wide.Conv(1.2, 0.1, 3)),
        wide.Relu(),
        read_out,
        wide.Dense(1.3, 0.2),
    )
    networks = wide.Networks(net, x.shape[1:], width=48, copies=300, seed=3)
    z = networks(x).detach()[..., 0]
    each = z[:, :, None] * z[:, None, :]
    error = each.std(0) / math.sqrt(300)
    found = net.kernels(x)
    assert float(((each.mean(0) - found.nngp) / error).abs().max()) < 4.5
    tangents = wide.Networks(net, x.shape[1:], width=192, copies=6, seed=4).tangents(x)
    torch.testing.assert_close(tangents.mean(0), found.ntk, rtol=0.06, atol=0.06)
    torch.testing.assert_close(net.variances(x), found.nngp.diagonal(), rtol=1e-13, atol=0)
    torch.testing.assert_close(net.kernels(x, x[:2]).ntk, found.ntk[:, :2], rtol=1e-12, atol=1e-12)


def test_an_image_of_one_pixel_is_a_point():
    x = points(5, 3)
    step = wide.Conv(1.5, 0.1, 1)
    for read_out in (wide.Flatten(), wide.GlobalAverage()):
        net = wide.serial(step, wide.Relu(), step, wide.Relu(), read_out, wide.Dense(1.5, 0.1))
        for one, other in zip(
            net.kernels(x[..., None, None]), deep(wide.Relu(), 2).kernels(x), strict=True
        ):
            torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-9)


def relu_after(*steps):
    return wide.serial(*steps, wide.Relu(), wide.Dense(1.0))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: wide.serial(wide.Relu(), wide.Dense(1.0)), "no Dense or Conv before"),
        (lambda: relu_after(wide.Dense(1.0), wide.Relu()), "no Dense or Conv before"),
        (lambda: wide.serial(wide.Dense(1.0), wide.Relu()), "ends in a Dense"),
        (lambda: wide.serial(), "ends in a Dense"),
        (lambda: wide.Dense(0.0), "positive"),
        (lambda: wide.Dense(1.0, -1.0), "not negative"),
        (lambda: wide.Conv(1.0, size=2), "odd width"),
        (lambda: wide.serial(wide.Conv(1.0), wide.Dense(1.0)), "come together"),
        (lambda: wide.serial(wide.Flatten(), wide.Dense(1.0)), "come together"),
        (lambda: wide.residual(wide.Dense(1.0), wide.Relu()), "ends in Dense or Conv"),
        (lambda: wide.serial(wide.residual(wide.Dense(1.0)), wide.Dense(1.0)), "follows"),
        (lambda: wide.LeakyRelu(2.0), "between"),
        (lambda: deep(wide.Relu(), 1).kernels(torch.ones(3)), "points"),
        (lambda: deep(wide.Relu(), 1).kernels(torch.full((1, 2), torch.nan)), "NaN"),
        (lambda: deep(wide.Relu(), 1).kernels(torch.ones(1, 2), torch.ones(1, 3)), "x2 of"),
        (lambda: deep(wide.Tanh(), 1, 400.0).kernels(torch.ones(1, 2)), "closed forms"),
        (
            lambda: wide.Networks(deep(wide.Relu(), 1), (3,), width=0, copies=1, seed=0),
            "at least 1",
        ),
        (
            lambda: wide.Networks(deep(wide.Relu(), 1), (1, 2, 2), width=2, copies=1, seed=0),
            "takes",
        ),
    ],
)
def test_what_makes_no_network_is_refused(make, told):
    with pytest.raises(InfoplaneError, match=told):
        make()
