"""Fully connected layers that can be recorded by name, and rows of them."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import final

import torch
from torch import Tensor, nn

from infoplane.models.initial import as_torch, for_sigmoids


def identity(x: Tensor) -> Tensor:
    """A linear layer's activation."""
    return x


@final
class Dense(nn.Module):
    """activation(W x + b).

    Args:
        inputs: Number of inputs.
        outputs: Number of units.
        seed: Seed of the initial weights.
        name: Name of the layer; its weights come from the stream of that name.
        activation: Element-wise function of the units.
        initial: How the weights are drawn; as ``torch.nn.Linear`` draws them if not told.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        seed: int,
        name: str,
        activation: Callable[[Tensor], Tensor] = torch.sigmoid,
        initial: Callable[..., nn.Linear] = as_torch,
    ) -> None:
        super().__init__()
        self.affine = initial(nn.Linear(inputs, outputs), seed=seed, name=name)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Shape (n, inputs) to (n, outputs)."""
        return self.activation(self.affine(x))


Stage = partial(Dense, initial=for_sigmoids)
"""A sigmoid layer of a deep stack."""


def row(
    names: Sequence[str],
    widths: Sequence[int],
    seed: int,
    layer: Callable[..., nn.Module] = Dense,
) -> nn.Sequential:
    """Layers one after the other; what follows the dot in a name is the module's key.

    Args:
        names: Name of every layer.
        widths: Width of the input, then of every layer.
        seed: Seed of the initial weights.
        layer: Makes one of them; a sigmoid layer if not told.
    """
    between = zip(names, widths[:-1], widths[1:], strict=True)
    return nn.Sequential(
        OrderedDict(
            (name.partition(".")[2], layer(inputs, outputs, seed=seed, name=name))
            for name, inputs, outputs in between
        )
    )
