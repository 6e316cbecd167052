"""Convolutional classifiers: shapes, names, filters, and what they refuse."""

import pytest
import torch
from torch import nn

from infoplane.models.cnn import ARCHITECTURES, ConvolutionalClassifier
from infoplane.models.initial import for_rectifiers
from infoplane.models.mlp import Classifier
from infoplane.record.tap import Tap
from infoplane.values.errors import InfoplaneError

SHAPES = {
    "small": ((1, 8, 8), {"conv.1": (6, 4, 4), "conv.2": (12, 2, 2)}),
    "lenet": ((1, 28, 28), {"conv.1": (6, 12, 12), "conv.2": (12, 4, 4)}),
    "vgg": ((3, 32, 32), {"conv.1": (16, 32, 32), "conv.2": (16, 16, 16), "conv.6": (64, 4, 4)}),
    "vgg16": ((3, 32, 32), {"conv.2": (64, 16, 16), "conv.13": (512, 1, 1)}),
}


def made(name, filters=(), seed=0):
    return ConvolutionalClassifier(
        SHAPES[name][0], ARCHITECTURES[name].having(filters), 10, seed=seed
    )


@pytest.mark.parametrize("name", SHAPES)
def test_every_layer_is_recorded_as_the_next_receives_it(name):
    shape, expected = SHAPES[name]
    model = made(name, (4,) * 13 if name == "vgg16" else ())
    x = torch.randn(3, *shape)
    model.eval()
    with Tap(model, model.layers) as seen:
        assert model(x).shape == (3, 10)
    assert list(seen) == list(model.layers)
    for layer, size in expected.items():
        found = tuple(seen[layer].shape[1:])
        assert found == ((4, *size[1:]) if name == "vgg16" else size), layer
    assert all(float(seen[layer].min()) >= 0 for layer in model.layers[:-1])


@pytest.mark.parametrize("name", ["small", "vgg"])
def test_the_activations_are_what_is_recorded(name):
    model, x = made(name).eval(), torch.randn(3, *SHAPES[name][0])
    told = model.activations(x)
    with Tap(model, model.layers) as seen:
        logits = model(x)
    assert list(told) == list(model.layers) == list(seen)
    assert all(torch.equal(told[layer], seen[layer]) for layer in told)
    assert torch.equal(told["output"], logits)


def test_fully_connected_layers_are_called_as_in_other_classifiers_and_begin_as_before():
    model = made("lenet", seed=3)
    assert model.layers == ("conv.1", "conv.2", "hidden.1", "hidden.2", "output")
    assert model.layers[2:] == Classifier((1, 28, 28), (120, 84), 10, seed=0).layers
    before = for_rectifiers(nn.Linear(120, 84), seed=3, name="full.2")
    assert torch.equal(model.get_parameter("hidden.2.affine.weight"), before.weight)


def test_vgg16_has_the_convolutions_of_its_paper():
    plan = ARCHITECTURES["vgg16"]
    assert plan.filters == (64, 64, 128, 128, *(256,) * 3, *(512,) * 6)
    assert (plan.kernel, plan.padding, plan.normalised) == (3, 1, True)


@pytest.mark.parametrize("name", ["small", "vgg"])
def test_preactivations_are_what_the_rectifiers_are_given(name):
    model = made(name).eval()
    x = torch.randn(4, *SHAPES[name][0])
    assert list(model.preactivations) == list(model.layers)
    with Tap(model, [*model.layers, *model.preactivations.values()]) as seen:
        model(x)
    for layer, module in model.preactivations.items():
        rectified = torch.relu(seen[module])
        if layer == "output":
            assert torch.equal(seen[module], seen[layer])
        elif isinstance(pool := getattr(model.get_submodule(layer), "pool", None), nn.Module):
            assert torch.equal(pool(rectified), seen[layer])
        else:
            assert torch.equal(rectified, seen[layer])


def test_initial_weights_come_from_the_streams_of_their_layers():
    one, other, wider = made("lenet"), made("lenet"), made("lenet", (6, 20))
    for name, weights in one.state_dict().items():
        assert torch.equal(weights, other.state_dict()[name])
    assert torch.equal(one.conv[0].affine.weight, wider.conv[0].affine.weight)
    assert not torch.equal(one.conv[0].affine.weight, made("lenet", seed=1).conv[0].affine.weight)
    assert not one.conv[0].affine.bias.detach().any()


@pytest.mark.parametrize("filters", [(6,), (6, 12, 24), (0, 4), (6, -1)])
def test_filters_that_do_not_fit_are_refused(filters):
    with pytest.raises(InfoplaneError, match="has 2 convolutions, usually of 6 12 filters"):
        ARCHITECTURES["lenet"].having(filters)


def test_images_that_are_too_small_are_refused():
    with pytest.raises(InfoplaneError, match="8 x 8 pixels are too small for 2 blocks"):
        ConvolutionalClassifier((1, 8, 8), ARCHITECTURES["lenet"], 10, seed=0)
