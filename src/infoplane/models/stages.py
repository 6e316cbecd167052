"""One stage of a network: an affine map and what follows it, seeded by its own name."""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor, nn

from infoplane.values.seeds import stream

SIGMOID_GAIN = 4.0
"""Glorot's gain for the logistic sigmoid, whose slope at 0 is 1/4: deep stacks then do learn."""


@final
class Stage(nn.Module):
    """activation(W x + b) with Glorot-uniform W and zero b.

    Args:
        inputs: Number of inputs.
        outputs: Number of units.
        seed: Seed of the initial weights.
        name: Name of the stage; its weights come from the stream of that name.
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
        self.affine = nn.Linear(inputs, outputs)
        self.activation = activation
        generator = stream(seed, "init", name)
        nn.init.xavier_uniform_(self.affine.weight, gain=SIGMOID_GAIN, generator=generator)
        nn.init.zeros_(self.affine.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (n, inputs) to (n, outputs)."""
        return self.activation(self.affine(x))
