from dataclasses import dataclass
from typing import NamedTuple

import pytest
import torch
from torch import nn

from infoplane.record.tap import Tap, tensors_in
from infoplane.record.undisturbed import undisturbed
from infoplane.values.errors import InfoplaneError


@pytest.fixture
def model():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 2))


def test_outputs_are_those_of_the_layers_before_in_place_activations(model):
    x = torch.randn(5, 3)
    with Tap(model, ["0", "2"]) as seen:
        output = model(x)
    assert torch.equal(seen["0"], model[0](x))
    assert torch.equal(seen["2"], output)


def test_a_layer_called_twice_is_numbered():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, x):
            return self.layer(self.layer(x))

    with Tap(Twice(), ["layer"]) as seen:
        Twice()(torch.randn(2, 3))
    assert not seen  # another network
    model = Twice()
    with Tap(model, ["layer"]) as seen:
        output = model(torch.randn(2, 3))
    assert list(seen) == ["layer", "layer@2"]
    assert torch.equal(seen["layer@2"], output)


def test_no_hook_is_left_behind_even_after_an_error(model):
    with pytest.raises(RuntimeError), Tap(model, ["0"]):
        model(torch.randn(5, 7))
    assert not any(module._forward_hooks for module in model.modules())


def test_unknown_layers_are_named_with_the_known_ones(model):
    with (
        pytest.raises(InfoplaneError, match=r"\['9'\].*model has: 0, 1, 2"),
        Tap(model, ["0", "9"]),
    ):
        pass
    assert not any(module._forward_hooks for module in model.modules())


class Answer(NamedTuple):
    hidden: torch.Tensor
    states: list


@dataclass
class Output:
    logits: torch.Tensor
    loss: torch.Tensor | None


def test_the_tensors_of_a_nest_have_names_by_their_place():
    one, two, three = torch.zeros(1), torch.ones(1), torch.full((1,), 2.0)
    assert tensors_in(one) == {"": one}
    assert tensors_in((one, None)) == {"": one}
    assert tensors_in((one, (two, three))) == {"[0]": one, "[1][0]": two, "[1][1]": three}
    assert tensors_in({"a": one, "b": [two]}) == {"[a]": one, "[b][0]": two}
    assert tensors_in(Answer(one, [two])) == {"[hidden]": one, "[states][0]": two}
    assert tensors_in(Output(one, None)) == {"": one}
    assert tensors_in(Output(one, two)) == {"[logits]": one, "[loss]": two}
    assert tensors_in("text") == {}


def test_parts_of_an_output_may_be_asked_for():
    model = nn.ModuleDict({"lstm": nn.LSTM(3, 4, batch_first=True)})
    with Tap(model, ["lstm[0]"]) as seen:
        output, (hidden, cell) = model["lstm"](torch.randn(2, 5, 3))
    assert list(seen) == ["lstm[0]", "lstm[1][0]", "lstm[1][1]"]
    assert torch.equal(seen["lstm[0]"], output) and torch.equal(seen["lstm[1][1]"], cell)


def test_a_layer_with_an_odd_name_is_found_by_it():
    model = nn.ModuleDict({"a@2[0]": nn.Linear(1, 1)})
    with Tap(model, ["a@2[0]"]) as seen:
        model["a@2[0]"](torch.zeros(1, 1))
    assert list(seen) == ["a@2[0]"]


def test_undisturbed_restores_modes_and_random_state(model):
    model[1].eval()
    model.add_module("drop", nn.Dropout())
    state = torch.get_rng_state()
    modes = [module.training for module in model.modules()]
    with undisturbed(model):
        assert not any(module.training for module in model.modules())
        assert not torch.is_grad_enabled()
        torch.rand(3)
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
