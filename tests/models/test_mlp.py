"""A classifier of rectified linear units."""

import torch

from infoplane.models.mlp import Classifier

X = torch.rand(20, 1, 4, 4, generator=torch.Generator().manual_seed(1))


def test_layers_are_what_forward_passes_through():
    model = Classifier((1, 4, 4), (8, 5), 3, seed=0)
    assert model.layers == ("hidden.1", "hidden.2", "output")
    found = model.activations(X)
    first = torch.relu(X.flatten(1) @ model.hidden[0].affine.weight.T + model.hidden[0].affine.bias)
    assert torch.allclose(found["hidden.1"], first)
    assert torch.equal(model(X), found["output"]) and found["output"].shape == (20, 3)
    recorded = {}
    for name in model.layers:
        model.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, output, name=name: recorded.__setitem__(name, output)
        )
    model(X)
    assert all(torch.equal(recorded[name], found[name]) for name in model.layers)


def test_weights_depend_on_seed_and_name_alone():
    one, wider = Classifier((1, 4, 4), (8, 5), 3, seed=0), Classifier((1, 4, 4), (8,), 3, seed=0)
    assert torch.equal(one.hidden[0].affine.weight, wider.hidden[0].affine.weight)
    other = Classifier((1, 4, 4), (8, 5), 3, seed=1)
    assert not torch.equal(one.output.weight, other.output.weight)
    bound = (6 / 16) ** 0.5  # He: uniform of variance 2/inputs
    assert one.hidden[0].affine.weight.abs().max() <= bound
    assert not one.hidden[0].affine.bias.any()


def test_dropout_acts_in_training_and_after_what_is_recorded():
    model = Classifier((1, 4, 4), (200,), 3, dropout=0.5, seed=0)
    found = [model.activations(X) for _ in range(2)]
    assert torch.equal(found[0]["hidden.1"], found[1]["hidden.1"])
    assert not torch.equal(found[0]["output"], found[1]["output"])
    model.eval()
    assert torch.equal(model(X), model(X))
