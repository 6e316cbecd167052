"""Many networks as one module: each is the network it would be alone."""

import math

import pytest
import torch

from infoplane.models.stacked import ACTIVATIONS, StackedNetworks
from infoplane.record.tap import Tap
from infoplane.values.errors import InfoplaneError

WIDTHS = (5, 4, 3, 2)


def made(nets=3, **changed):
    return StackedNetworks(WIDTHS, nets, **{"seed": 0, **changed}).double()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_network_is_the_one_it_is_alone(activation):
    model = made(activation=activation)
    x = torch.randn(7, 5, dtype=torch.float64)
    together = model(x)
    assert together.shape == (7, 3, 2)
    for place in range(3):
        assert torch.allclose(together[:, place], model.alone(place)(x), atol=1e-14)


def test_samples_of_their_own_go_through_each_network():
    model, x = made(), torch.randn(7, 3, 5, dtype=torch.float64)
    for place in range(3):
        assert torch.allclose(model(x)[:, place], model.alone(place)(x[:, place]), atol=1e-14)


def test_a_tap_sees_every_layer_with_samples_first():
    model = made()
    with Tap(model, model.layers) as seen:
        answer = model(torch.randn(7, 5, dtype=torch.float64))
    assert {name: tuple(one.shape) for name, one in seen.items()} == {
        "hidden.1": (7, 3, 4),
        "hidden.2": (7, 3, 3),
        "output": (7, 3, 2),
    }
    assert torch.equal(seen["output"], answer)
    assert torch.allclose(answer.sum(2), torch.ones(7, 3, dtype=torch.float64))


def test_the_first_networks_are_the_same_however_many_there_are():
    few, many = made(2), made(9)
    for one, other in zip(few.parameters(), many.parameters(), strict=True):
        assert torch.equal(one, other[:2])


@pytest.mark.parametrize(("fan", "n"), [("fan_in", 30), ("fan_out", 20)])
def test_initial_weights_are_normal_and_cut_at_two_deviations(fan, n):
    (stage, *_) = StackedNetworks((30, 20, 2), 50, fan=fan, seed=1).stages
    deviation, weight = 1 / math.sqrt(n), stage.weight.detach()
    assert float(weight.abs().max()) <= 2 * deviation * (1 + 1e-6)
    # of a normal distribution that is cut at ±2σ
    assert float(weight.std()) == pytest.approx(0.8796 * deviation, rel=0.02)
    assert not stage.bias.any()


def test_noise_is_drawn_while_training_and_left_out_in_evaluation():
    model, x = made(noise=0.1), torch.randn(4, 5, dtype=torch.float64)
    assert not torch.equal(model(x), model(x))
    assert torch.equal(model.eval()(x), model(x))
    without = made().eval()
    assert torch.equal(model(x), without(x))


def test_what_is_propagated_spreads_as_the_noise_and_not_in_the_first_layer():
    model, x = made(noise=0.1).eval(), torch.randn(4, 5, dtype=torch.float64)
    drawn = model.propagated(x, 4000, torch.Generator().manual_seed(0))
    assert drawn["hidden.2"].shape == (3, 4, 4000, 3)
    assert float(drawn["hidden.1"].std(2).max()) < 1e-12
    weight, bias = (one[0] for one in (model.stages[1].weight, model.stages[1].bias))
    first = drawn["hidden.1"][0, 0, 0]
    slope = 1 - torch.tanh(weight @ first + bias) ** 2
    expected = 0.1 * slope * weight.norm(dim=1)  # to first order in the noise
    assert torch.allclose(drawn["hidden.2"][0, 0].std(0), expected, rtol=0.1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"widths": (5,), "nets": 1}, r"widths=\(5,\)"),
        ({"widths": (5, 0, 2), "nets": 1}, "at least 1"),
        ({"widths": WIDTHS, "nets": 0}, "nets=0"),
        ({"widths": WIDTHS, "nets": 1, "noise": -1.0}, "noise=-1.0"),
    ],
)
def test_what_makes_no_networks_is_refused(arguments, words):
    with pytest.raises(InfoplaneError, match=words):
        StackedNetworks(**arguments, seed=0)
