"""Ways to train a stacked autoencoder: with end-to-end back-propagation, and without."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from infoplane.models.autoencoders.stacked import StackedAutoencoder
from infoplane.numerics.bandwidth import Tapia
from infoplane.training.compute import information_cost, update_cost
from infoplane.training.objectives import RenyiInformation
from infoplane.training.phases import Phase

ORDER = 2.0
"""Order of the information that stages maximise: it needs no eigenvalues, and its cost is exact."""
OF_LAYERS = RenyiInformation(ORDER)
OF_IMAGES = RenyiInformation(ORDER, x_bandwidth=Tapia(standardise="whole"))
"""The first stage's, whose given variable is the image, with one scale for all pixels."""

Method = Callable[[StackedAutoencoder, int], tuple[Phase, ...]]
"""The phases of a network, given the samples per minibatch."""


def backpropagation(model: StackedAutoencoder, n: int) -> tuple[Phase, ...]:
    """All stages at once, by the error of the reconstruction."""
    stages = (*model.layers, "output")
    return (
        Phase(stages, lambda x: mse_loss(model(x), x), update_cost(n, [], _weights(model, stages))),
    )


def pairs(model: StackedAutoencoder, n: int) -> tuple[Phase, ...]:
    """From the outside in: each pair learns to reconstruct its own input, then stands still.

    The pair of encoder.i consists of that stage and of the decoder stage that leads back to its
    input. No gradient reaches any other stage.

    Source: yu2019understanding (an implication of its inequalities; the details are ours).
    """
    return tuple(_pair(model, n, place) for place in range(len(_encoders(model))))


def information(model: StackedAutoencoder, n: int) -> tuple[Phase, ...]:
    """Each encoder stage maximises I_2(its input; its output); then ``decoders``.

    Widths are Tapia's with γ = 1, taken anew from every minibatch. No gradient crosses a stage.

    Source: ours, after yu2019understanding's idea of information as a local criterion.
    """
    alone = [_informed(model, n, place) for place in range(len(_encoders(model)))]
    return (*alone, *decoders(model, n))


def decoders(model: StackedAutoencoder, n: int) -> tuple[Phase, ...]:
    """Decoder stages from the code outwards, encoder stages as they are.

    Each learns by least squares to give what the encoder had in its place, from what the decoder
    stages before it make of the code. No gradient crosses a stage. On an untrained encoder this is
    the control of ``information``: random features.
    """
    return tuple(_decoder(model, n, place) for place in reversed(range(len(_encoders(model)))))


METHODS: Mapping[str, Method] = {
    "backpropagation": backpropagation,
    "pairs": pairs,
    "information": information,
    "random": decoders,
}
"""By the name that a setting gives them."""


def _pair(model: StackedAutoencoder, n: int, place: int) -> Phase:
    encoders = _encoders(model)
    outer, learning = encoders[:place], (encoders[place], _decoders(model)[place])

    def objective(x: Tensor) -> Tensor:
        own = _standing(model, outer, x.flatten(1))
        return mse_loss(_through(model, learning, own), own)

    cost = update_cost(n, _weights(model, outer), _weights(model, learning))
    return Phase(learning, objective, cost)


def _informed(model: StackedAutoencoder, n: int, place: int) -> Phase:
    encoders = _encoders(model)
    outer, own = encoders[:place], encoders[place]
    measure = OF_LAYERS if place else OF_IMAGES

    def objective(x: Tensor) -> Tensor:
        below = _standing(model, outer, x.flatten(1))
        return -measure(below, _through(model, [own], below))

    inputs, outputs = _sizes(model, own)
    cost = update_cost(n, _weights(model, outer), _weights(model, [own]))
    return Phase((own,), objective, cost + information_cost(n, inputs, outputs))


def _decoder(model: StackedAutoencoder, n: int, place: int) -> Phase:
    encoders, outward = _encoders(model), _decoders(model)
    outer, rest, own = encoders[:place], encoders[place:], outward[place]
    inner = outward[:place:-1]

    def objective(x: Tensor) -> Tensor:
        wanted = _standing(model, outer, x.flatten(1))
        before = _standing(model, [*rest, *inner], wanted)
        return mse_loss(_through(model, [own], before), wanted)

    frozen = _weights(model, [*encoders, *inner])
    return Phase((own,), objective, update_cost(n, frozen, _weights(model, [own])))


def _encoders(model: StackedAutoencoder) -> list[str]:
    """Encoder stages from the input to the code, which is the last of them."""
    names = [*model.layers, "output"]
    return names[: len(names) // 2]


def _decoders(model: StackedAutoencoder) -> list[str]:
    """Decoder stages, each in the place of the encoder stage whose input it gives back."""
    names = [*model.layers, "output"]
    return names[: len(names) // 2 - 1 : -1]


def _through(model: nn.Module, names: Iterable[str], x: Tensor) -> Tensor:
    for name in names:
        x = model.get_submodule(name)(x)
    return x


_standing = torch.no_grad()(partial(_through))
"""The same through stages that stand still."""


def _sizes(model: nn.Module, name: str) -> tuple[int, int]:
    """Inputs and units of a stage."""
    (matrix,) = (one for one in model.get_submodule(name).parameters() if one.ndim == 2)
    return matrix.shape[1], matrix.shape[0]


def _weights(model: nn.Module, names: Iterable[str]) -> list[int]:
    """Weights of every stage, without biases."""
    return [inputs * units for inputs, units in (_sizes(model, name) for name in names)]
