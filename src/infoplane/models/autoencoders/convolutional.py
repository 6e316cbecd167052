"""A small convolutional autoencoder, for comparison with the fully connected species."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from infoplane.models.autoencoders.species import CODE, Species
from infoplane.models.dense import Dense, Stage
from infoplane.models.initial import as_torch, for_rectifiers
from infoplane.values.errors import InfoplaneError

CHANNELS = (4, 8)
"""Channels of the two convolutions."""
HALVINGS = 4
"""Two strides of 2 divide height and width by this."""


@final
class Activated(nn.Module):
    """activation(layer(x))."""

    def __init__(self, layer: nn.Module, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.layer = layer
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """Any shape that the layer takes."""
        return self.activation(self.layer(x))


@final
class Convolutional(Species):
    """Two convolutions, a code, and the same backwards.

    encoder.1 and encoder.2 are convolutions (kernel 3, stride 2, padding 1; 4 and 8 channels),
    code and decoder.1 fully connected, decoder.2 and output transposed convolutions (kernel 4,
    stride 2, padding 1). Hidden layers are rectified, code and output sigmoid; the objective is
    the squared error. The architecture is ours, chosen small. Initial weights are those for the
    layer's activation: with PyTorch's own the code hardly differs between images, and at a
    learning rate of 0.005 the network stays at one constant image.

    Args:
        shape: Shape of one image (c, h, w).
        code_size: Width K of the code.
        seed: Seed of the initial weights.

    Raises:
        InfoplaneError: Height or width cannot be halved twice.
    """

    def __init__(self, shape: Sequence[int], code_size: int, *, seed: int) -> None:
        super().__init__()
        colours, height, width = shape
        if height % HALVINGS or width % HALVINGS:
            raise InfoplaneError(
                f"A convolutional autoencoder halves height and width twice; images of "
                f"{height} x {width} cannot be. Pad them to multiples of {HALVINGS}."
            )
        first, second = CHANNELS
        self._inner = (second, height // HALVINGS, width // HALVINGS)
        inner = second * self._inner[1] * self._inner[2]
        self.encoder = nn.Sequential(
            OrderedDict(
                {
                    "1": _halving(colours, first, seed, "encoder.1"),
                    "2": _halving(first, second, seed, "encoder.2"),
                }
            )
        )
        self.code = Stage(inner, code_size, seed=seed, name=CODE)
        self.decoder = nn.ModuleDict(
            {
                "1": Dense(
                    code_size,
                    inner,
                    seed=seed,
                    name="decoder.1",
                    activation=torch.relu,
                    initial=for_rectifiers,
                ),
                "2": Activated(
                    for_rectifiers(_transposed(second, first), seed=seed, name="decoder.2"),
                    torch.relu,
                ),
            }
        )
        self.output = Activated(
            as_torch(_transposed(first, colours), seed=seed, name="output"), torch.sigmoid
        )
        self.layers = ("encoder.1", "encoder.2", CODE, "decoder.1", "decoder.2")

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Images to their reconstructions."""
        z = self.code(self.encoder(x).flatten(1))
        inner = self.decoder["1"](z).unflatten(1, self._inner)
        return self.output(self.decoder["2"](inner))

    def objective(
        self, x: Float[Tensor, "n c h w"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """Mean squared error over images and pixels."""
        return nn.functional.mse_loss(self(x), x)


def _halving(inputs: int, outputs: int, seed: int, name: str) -> Activated:
    layer = nn.Conv2d(inputs, outputs, kernel_size=3, stride=2, padding=1)
    return Activated(for_rectifiers(layer, seed=seed, name=name), torch.relu)


def _transposed(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1)
