"""Initial weights of affine layers, each layer's from a stream named after it."""

import math
from typing import TypeVar

from torch import Tensor, nn

from infoplane.values.seeds import stream

Affine = TypeVar("Affine", nn.Linear, nn.Conv2d, nn.ConvTranspose2d)

SIGMOID_GAIN = 4.0
"""Glorot's gain for the logistic sigmoid, whose slope at 0 is 1/4: deep stacks then do learn."""


def as_torch(layer: Affine, *, seed: int, name: str) -> Affine:
    """PyTorch's habit: Kaiming-uniform weights (a = √5) and biases uniform in ±1/√fan_in.

    Args:
        layer: Any affine layer, changed in place.
        seed: Seed of the initial weights.
        name: Name of the layer; its weights come from the stream of that name.
    """
    generator = stream(seed, "init", name)
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    if layer.bias is not None:
        bound = 1 / math.sqrt(fan_in(layer.weight))
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


def for_sigmoids(layer: Affine, *, seed: int, name: str) -> Affine:
    """Glorot-uniform weights with the sigmoid's gain, and biases 0; arguments as ``as_torch``."""
    generator = stream(seed, "init", name)
    nn.init.xavier_uniform_(layer.weight, gain=SIGMOID_GAIN, generator=generator)
    return _unbiased(layer)


def for_rectifiers(layer: Affine, *, seed: int, name: str) -> Affine:
    """He-uniform weights, and biases 0; arguments as ``as_torch``."""
    generator = stream(seed, "init", name)
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
    return _unbiased(layer)


def _unbiased(layer: Affine) -> Affine:
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def fan_in(weight: Tensor) -> int:
    """What PyTorch takes for the number of inputs of a unit: the size of one slice of the weight.

    Of a transposed convolution that is outputs times kernel, which is PyTorch's habit.

    >>> fan_in(nn.Linear(7, 3).weight), fan_in(nn.Conv2d(2, 5, 3).weight)
    (7, 18)
    """
    return weight[0].numel()
