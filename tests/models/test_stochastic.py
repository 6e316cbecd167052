"""The stochastic classifier: what it draws, what it is made of, and that it can be watched."""

import pytest
import torch

from infoplane.models.stochastic import NARROWEST, NARROWEST_CLASS, StochasticClassifier
from infoplane.record.layers import leaves, matching
from infoplane.record.tap import Tap

X = torch.linspace(-1, 1, 6 * 16).reshape(6, 1, 4, 4)


def made(**changed):
    settings = {"shape": (1, 4, 4), "hidden": (9, 7), "code_size": 3, "classes": 5, "seed": 0}
    return StochasticClassifier(**{**settings, **changed})


def test_in_evaluation_the_code_is_its_mean_and_in_training_it_is_drawn():
    model = made()
    at = model.encode(X)
    model.eval()
    assert torch.equal(model(X), model.decode(at.mean)) and torch.equal(model(X), model(X))
    model.train()
    torch.manual_seed(3)
    drawn = model(X)
    torch.manual_seed(3)
    assert torch.equal(drawn, model.decode(at.drawn(torch.randn(6, 3))))
    assert not torch.equal(model(X), drawn)


def test_no_scale_is_below_its_least_however_far_training_goes():
    model = made()
    with torch.no_grad():
        model.scale.affine.bias.fill_(-1e4)
        model.class_raw_scale.fill_(-1e4)
    assert model.encode(X).scale.min().item() == pytest.approx(NARROWEST)
    assert model.by_class.scale.min().item() == pytest.approx(NARROWEST_CLASS)
    assert made().by_class.scale.detach().numpy() == pytest.approx(1 + NARROWEST_CLASS)


def test_its_weights_are_those_of_its_seed_and_of_their_names_alone():
    one, other = made(), made(decoder=(4,))
    assert torch.equal(one.mean.affine.weight, other.mean.affine.weight)
    assert not torch.equal(one.mean.affine.weight, made(seed=1).mean.affine.weight)
    assert other.decode(torch.zeros(2, 3)).shape == (2, 5)


def test_without_hidden_layers_an_encoder_of_one_hot_rows_is_a_table():
    model = made(shape=(4,), hidden=(), code_size=2)
    at = model.encode(torch.eye(4))
    weights = model.mean.affine
    assert torch.allclose(at.mean, weights.weight.T + weights.bias)


def test_every_leaf_that_matters_is_called_under_its_name():
    model, seen = made(decoder=(4,)), {}
    found = matching(model, leaves)
    names = ("hidden.1.affine", "mean.affine", "scale.affine", "code", "output.affine")
    assert set(names) <= set(found)
    with Tap(model, (*found, *model.layers), lambda name, output: seen.update({name: output})):
        model(X)
    assert set(seen) == {*found, *model.layers}
    assert torch.equal(seen["scale"], model.encode(X).scale)
