"""Errors δ sample by sample: equal to autograd's, with nothing left behind."""

import weakref

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from infoplane.models.cnn import ARCHITECTURES, ConvolutionalClassifier
from infoplane.record.errors import errors, shown_gradients
from infoplane.record.tap import Tap
from infoplane.values.errors import InfoplaneError

Y = torch.tensor([0, 2, 1, 2, 0])


def network(normalised):
    """Convolutions, pooling, perhaps normalisation with statistics of its own, and full layers."""
    plan = ARCHITECTURES["vgg" if normalised else "small"]
    plan = plan.having((2, 3, 2, 2, 3, 2) if normalised else (3, 4))
    model = ConvolutionalClassifier((1, 8, 8), plan, 3, seed=0).double()
    if normalised:
        model.train()
        with torch.no_grad():
            model(torch.randn(30, 1, 8, 8).double())  # moves the running statistics
    return model


def images(n=5):
    return torch.randn(n, 1, 8, 8, generator=torch.Generator().manual_seed(1)).double()


def loss(model, x):
    return cross_entropy(model(x), Y[: len(x)], reduction="sum")


def shown(model, names, x, of=loss):
    found = {}
    errors(model, names, x, of, lambda name, gradient: found.setdefault(name, gradient.clone()))
    return found


@pytest.mark.parametrize("normalised", [False, True])
def test_every_row_is_the_gradient_of_that_sample_alone(normalised):
    model, x = network(normalised), images()
    names = [*model.preactivations.values(), *model.maps]
    found = shown(model, names, x)
    assert set(found) == set(names)
    model.eval()
    for i in range(len(x)):
        kept = {}
        with Tap(model, names, kept.__setitem__, attached=True):
            alone = cross_entropy(model(x[i : i + 1]), Y[i : i + 1])
        expected = torch.autograd.grad(alone, [kept[name] for name in names])
        for name, gradient in zip(names, expected, strict=True):
            assert (found[name][i] - gradient[0]).abs().max() < 1e-10, name


def test_the_number_of_samples_sets_no_scale():
    model, x = network(False), images()
    names = list(model.preactivations.values())
    whole, few = shown(model, names, x), shown(model, names, x[:2])
    for name in names:
        assert torch.allclose(whole[name][:2], few[name], atol=1e-14)


def test_of_the_logits_it_is_the_softmax_less_the_class():
    model, x = network(False), images()
    found = shown(model, ["output"], x)["output"]
    with torch.no_grad():
        expected = model(x).softmax(1) - nn.functional.one_hot(Y, 3)
    assert torch.allclose(found, expected, atol=1e-14)


def test_they_arrive_from_the_last_layer_back():
    model, order = network(False), []
    names = list(model.preactivations.values())
    errors(model, names, images(), loss, lambda name, _: order.append(name))
    assert order == names[::-1]


@pytest.mark.parametrize("normalised", [False, True])
def test_the_network_is_left_as_it_was(normalised):
    model = network(normalised)
    model.train()
    model(images()).sum().backward()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    gradients = [weights.grad.clone() for weights in model.parameters()]
    x = images()
    shown(model, list(model.preactivations.values()), x)
    assert model.training and not x.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    kept = [weights.grad for weights in model.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(kept, gradients, strict=True))
    assert not _hooks(model)


def test_no_hook_is_left_behind_even_after_an_error():
    model = network(False)

    def fails(_model, _x):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        errors(model, ["output"], images(), fails, lambda *_: None)
    assert not _hooks(model)
    with pytest.raises(InfoplaneError, match="no layer"):
        errors(model, ["conv.9.affine"], images(), loss, lambda *_: None)
    assert not _hooks(model)


def test_what_no_gradient_reaches_is_named():
    class Cut(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(3, 4), nn.Linear(4, 2)

        def forward(self, x):
            with torch.no_grad():
                hidden = self.first(x)
            return self.last(hidden)

    with pytest.raises(InfoplaneError, match="'first' depends on no input"):
        errors(Cut(), ["first"], torch.randn(2, 3), lambda m, x: m(x).sum(), lambda *_: None)


def test_gradients_of_what_is_changed_in_place_are_those_before_the_change():
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 2)).double()
    x = torch.randn(6, 3).double()
    found = shown(model, ["0"], x, lambda m, given: m(given).square().sum())["0"]
    z = model[0](x).detach().requires_grad_()
    (expected,) = torch.autograd.grad(model[2](z.relu()).square().sum(), z)
    assert torch.allclose(found, expected, atol=1e-12)


def test_what_later_layers_saved_is_freed_as_their_errors_arrive():
    """Layer by layer: whoever reduces each δ at once never has those of two layers in memory."""
    model, saved, alive = network(False), [], []

    class Box:
        def __init__(self, tensor):
            self.tensor = tensor

    def pack(tensor):
        box = Box(tensor)
        saved.append(weakref.ref(box))
        return box

    def see(_name, gradient):
        alive.append(sum(box() is not None for box in saved))

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda box: box.tensor):
        errors(model, list(model.preactivations.values()), images(), loss, see)
    assert len(alive) == len(model.layers) and alive[0] > alive[-1] > 0
    assert all(later < earlier for earlier, later in zip(alive, alive[1:], strict=False))
    assert not any(box() is not None for box in saved)


def test_gradients_are_shown_of_any_forward_and_backward_pass():
    model, x = network(False), images()
    found = {}
    with shown_gradients(model, ["hidden.1"], found.__setitem__):
        loss(model, x).backward()
    assert found["hidden.1"].shape == (5, 32) and not found["hidden.1"].requires_grad
    assert not _hooks(model)


def _hooks(model):
    return [m for m in model.modules() if m._forward_hooks or m._backward_hooks]
