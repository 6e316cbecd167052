"""A classifier of rectified linear units in a row."""

import math
from collections.abc import Sequence
from functools import partial
from typing import final

import torch
from torch import Tensor, nn

from infoplane.models.dense import Dense, row
from infoplane.models.initial import for_rectifiers

OUTPUT = "output"
_Rectified = partial(Dense, activation=torch.relu, initial=for_rectifiers)


@final
class Classifier(nn.Module):
    """Image → hidden.1 → hidden.2 → … → output, the logits of the classes.

    Every hidden layer is an affine map and a rectifier, recorded before its dropout. Weights are
    He-uniform and biases zero, each layer's from the stream of its name.

    Args:
        shape: Shape of one image (c, h, w).
        hidden: Widths of the hidden layers, from the input on.
        classes: How many classes there are.
        dropout: Share of each hidden layer's units that are dropped while training.
        seed: Seed of the initial weights.
    """

    def __init__(
        self,
        shape: Sequence[int],
        hidden: Sequence[int],
        classes: int,
        *,
        dropout: float = 0.0,
        seed: int,
    ) -> None:
        super().__init__()
        widths = [math.prod(shape), *hidden]
        names = hidden_names(len(hidden))
        self.hidden = row(names, widths, seed, _Rectified)
        self.drop = nn.Dropout(dropout)
        self.output = for_rectifiers(nn.Linear(widths[-1], classes), seed=seed, name=OUTPUT)
        self.layers = (*names, OUTPUT)
        """Names of the recorded layers from input to logits."""

    def activations(self, x: Tensor) -> dict[str, Tensor]:
        """Every recorded layer's output by its name, for images (n, c, h, w)."""
        found: dict[str, Tensor] = {}
        passed = x.flatten(1)
        for name, layer in zip(self.layers[:-1], self.hidden, strict=True):
            found[name] = layer(passed)
            passed = self.drop(found[name])
        found[OUTPUT] = self.output(passed)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, c, h, w) to logits (n, classes)."""
        return self.activations(x)[OUTPUT]


def hidden_names(depth: int) -> tuple[str, ...]:
    """Names of so many hidden layers.

    >>> hidden_names(2)
    ('hidden.1', 'hidden.2')
    """
    return tuple(f"hidden.{place + 1}" for place in range(depth))
