"""What the fully connected species share: a symmetric funnel of layers around a code."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from infoplane.models.autoencoders.naming import inward, outward
from infoplane.models.autoencoders.species import CODE, Species
from infoplane.models.dense import Dense, row


class Funnel(Species):
    """Image → encoder.1 → … → code → decoder.1 → … → output, all sigmoid, with squared error.

    A species is this with another code, output or objective.

    Args:
        shape: Shape of one image (c, h, w).
        hidden: Widths of the encoder's layers, outermost first; none for a shallow network.
        code_size: Width K of the code.
        seed: Seed of the initial weights.

    Source: lee2021information (layers, initialisation and objective as in the authors' code).
    """

    def __init__(
        self, shape: Sequence[int], hidden: Sequence[int], code_size: int, *, seed: int
    ) -> None:
        super().__init__()
        pixels = math.prod(shape)
        names_in, names_out = inward(hidden), outward(hidden)
        widths = [pixels, *hidden]
        self.encoder = row(names_in, widths, seed)
        self.code: nn.Module = Dense(widths[-1], code_size, seed=seed, name=CODE)
        self.decoder = row(names_out, [code_size, *reversed(hidden)], seed)
        last = hidden[0] if hidden else code_size
        self.output: nn.Module = Dense(last, pixels, seed=seed, name="output")
        self.layers = (*names_in, CODE, *names_out)

    def encoded(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, "n k"]:
        """The code Z of images."""
        return self.code(self.encoder(x.flatten(1)))

    def decoded(self, z: Float[Tensor, "n k"], shape: torch.Size) -> Tensor:
        """Reconstructions of that shape from codes."""
        return self.output(self.decoder(z)).reshape(shape)

    def forward(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, "n *shape"]:
        """Images to their reconstructions."""
        return self.decoded(self.encoded(x), x.shape)

    def objective(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """Mean squared error over images and pixels."""
        return nn.functional.mse_loss(self(x), x)
