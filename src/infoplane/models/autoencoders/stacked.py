"""The stacked autoencoder of S0: a symmetric funnel of sigmoid stages around a code."""

import math
from collections.abc import Sequence
from typing import final

from torch import Tensor, nn

from infoplane.models.dense import Stage, row

FUNNEL = (1000 / 784, 500 / 784, 250 / 784)
"""Widths of the encoder's stages per input pixel: 784-1000-500-250 on 28 × 28 images."""


def funnel(shape: Sequence[int]) -> list[int]:
    """Widths of the encoder's stages for images of a shape (c, h, w), outermost first.

    >>> funnel((1, 28, 28))
    [1000, 500, 250]
    """
    return [max(1, round(share * math.prod(shape))) for share in FUNNEL]


@final
class StackedAutoencoder(nn.Module):
    """Image → encoder.1 → … → code → … → decoder.1 → output, all sigmoid.

    Stages are modules of their own, so that each can be recorded by name; ``encoder.i`` and
    ``decoder.i`` have equal widths and are the symmetric pair (T_i, T_i′): decoder.1 is the
    outermost, next to the output. In S1's species it is the one that follows the code.

    Args:
        shape: Shape of one image (c, h, w).
        hidden: Widths of the encoder's stages, outermost first.
        code_size: Width K of the code.
        seed: Seed of the initial weights.

    Source: yu2019understanding (architecture after hinton2006reducing).
    """

    def __init__(
        self, shape: Sequence[int], hidden: Sequence[int], code_size: int, *, seed: int
    ) -> None:
        super().__init__()
        pixels, depth = math.prod(shape), len(hidden)
        outward = list(reversed(hidden))
        inward_names = [f"encoder.{i + 1}" for i in range(depth)]
        outward_names = [f"decoder.{depth - i}" for i in range(depth)]
        self.encoder = row(inward_names, [pixels, *hidden], seed, Stage)
        self.code = Stage(outward[0] if hidden else pixels, code_size, seed=seed, name="code")
        self.decoder = row(outward_names, [code_size, *outward], seed, Stage)
        self.output = Stage(outward[-1] if hidden else code_size, pixels, seed=seed, name="output")
        self.layers = (*inward_names, "code", *outward_names)
        """Names of the hidden stages from input to output."""
        self.pairs = tuple(zip(inward_names, reversed(outward_names), strict=True))
        """Symmetric pairs, outermost first."""

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, c, h, w) to their reconstructions of the same shape."""
        hidden = self.decoder(self.code(self.encoder(x.flatten(1))))
        return self.output(hidden).reshape(x.shape)
