"""A fully connected layer with PyTorch's default initial weights, and funnels of them."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import final

import torch
from torch import Tensor, nn

from infoplane.models.autoencoders.initial import drawn


def identity(x: Tensor) -> Tensor:
    """A linear layer's activation."""
    return x


@final
class Dense(nn.Module):
    """activation(W x + b), initialised as ``torch.nn.Linear`` is.

    Args:
        inputs: Number of inputs.
        outputs: Number of units.
        seed: Seed of the initial weights.
        name: Name of the layer; its weights come from the stream of that name.
        activation: Element-wise function of the units.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        seed: int,
        name: str,
        activation: Callable[[Tensor], Tensor] = torch.sigmoid,
    ) -> None:
        super().__init__()
        self.affine = drawn(nn.Linear(inputs, outputs), seed=seed, name=name)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Shape (n, inputs) to (n, outputs)."""
        return self.activation(self.affine(x))


def inward(hidden: Sequence[int]) -> tuple[str, ...]:
    """Names of the encoder's layers: encoder.1 is the outermost.

    >>> inward([256, 128])
    ('encoder.1', 'encoder.2')
    """
    return tuple(f"encoder.{place}" for place in range(1, len(hidden) + 1))


def outward(hidden: Sequence[int]) -> tuple[str, ...]:
    """Names of the decoder's layers: decoder.1 follows the code, the last comes before the output.

    >>> outward([256, 128])
    ('decoder.1', 'decoder.2')
    """
    return tuple(f"decoder.{place}" for place in range(1, len(hidden) + 1))


def chain(names: Sequence[str], widths: Sequence[int], seed: int) -> nn.Sequential:
    """Sigmoid layers in a row; the part of a name after the dot is the module's key.

    Args:
        names: Name of every layer.
        widths: Width of the input, then of every layer.
        seed: Seed of the initial weights.
    """
    layers = zip(names, widths[:-1], widths[1:], strict=True)
    return nn.Sequential(
        OrderedDict(
            (name.split(".")[1], Dense(inputs, outputs, seed=seed, name=name))
            for name, inputs, outputs in layers
        )
    )
