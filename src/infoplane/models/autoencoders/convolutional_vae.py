"""The convolutional variational autoencoder of Camboulin et al., every stage a module by name."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import ClassVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from infoplane.models.autoencoders.species import CODE, Species
from infoplane.models.autoencoders.variational import Sampled, divergence
from infoplane.models.initial import as_torch
from infoplane.values.errors import InfoplaneError

SIDE = 32
"""Pixels of one side of the images."""
CHANNELS = (64, 128, 256, 256)
"""Channels of the encoder's stages at width 1; the decoder has the same the other way round."""
SLOPE = 0.2
"""Slope of the leaky units below zero."""
CORNER = 2
"""Pixels of one side of the innermost maps: four stages have halved 32."""

AT_ONCE = 500
"""Images that pass at once where only the rate is asked for."""


@final
class ConvolutionalVAE(Species):
    """Image → encoder.1 … encoder.4 → (mean, logvar) → code → decoder.1 … decoder.4 → output.

    Each encoder stage is a 4 × 4 convolution of stride 2, batch normalisation and a leaky unit;
    decoder.1 is a linear layer back, decoder.2 to decoder.4 are transposed convolutions, with the
    same behind them, and output is a transposed convolution with sigmoid units. The code is drawn
    in training as in evaluation.

    Args:
        colours: Channels of an image.
        code_size: Width K of the code.
        width: Factor of the published channels 64, 128, 256, 256; they are rounded.
        seed: Seed of the initial weights.

    Source: camboulin2024understanding; kingma2014auto.

    Raises:
        InfoplaneError: A stage would have no channel.
    """

    unit: ClassVar[str] = "nat"

    def __init__(self, colours: int, code_size: int, *, width: float, seed: int) -> None:
        super().__init__()
        inward = [round(width * count) for count in CHANNELS]
        if min(colours, code_size, *inward) < 1:
            raise InfoplaneError(
                f"A convolutional VAE of width={width}, code_size={code_size} for images of "
                f"{colours} channels has stages of {inward} channels: each needs 1 or more."
            )
        flat, outward = inward[-1] * CORNER**2, inward[::-1]
        self.encoder = _stages(
            _halving(a, b, seed, f"encoder.{i}")
            for i, (a, b) in enumerate(_steps([colours, *inward]), 1)
        )
        self.mean = as_torch(nn.Linear(flat, code_size), seed=seed, name="mean")
        self.logvar = as_torch(nn.Linear(flat, code_size), seed=seed, name="logvar")
        self.code = Sampled()
        widening = [
            _doubling(a, b, seed, f"decoder.{i}") for i, (a, b) in enumerate(_steps(outward), 2)
        ]
        self.decoder = _stages([_unfolded(code_size, outward[0], seed), *widening])
        self.output = nn.Sequential(_up(outward[-1], colours, seed, "output"), nn.Sigmoid())
        names_in = tuple(f"encoder.{i}" for i in self.encoder._modules)
        names_out = tuple(f"decoder.{i}" for i in self.decoder._modules)
        self.layers = (*names_in, "mean", CODE, *names_out)

    def posterior(
        self, x: Float[Tensor, "n c side side"]
    ) -> tuple[Float[Tensor, "n k"], Float[Tensor, "n k"]]:
        """Mean and log-variance of q(z|x).

        Raises:
            InfoplaneError: The images have not 32 × 32 pixels.
        """
        if x.shape[-2:] != (SIDE, SIDE):
            raise InfoplaneError(
                f"The convolutional VAE takes images of {SIDE} × {SIDE} pixels, got shape "
                f"{tuple(x.shape)}; resized(x) makes them."
            )
        hidden = self.encoder(x).flatten(1)
        return self.mean(hidden), self.logvar(hidden)

    def forward(self, x: Float[Tensor, "n c side side"]) -> Float[Tensor, "n c side side"]:
        """Images in [0, 1] to reconstructions from a drawn code."""
        return self._decoded(*self.posterior(x))

    def objective(
        self, x: Float[Tensor, "n c side side"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """Cross-entropy summed over pixels plus KL, in nats: a mean over the images."""
        distortion, rate = self.costs(x)
        return (distortion + rate).mean()

    def costs(
        self, x: Float[Tensor, "n c side side"]
    ) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
        """Both parts of the objective in nats, for every image.

        Returns:
            The cross-entropy of the reconstruction, summed over pixels; and the ``rate``.
        """
        mean, logvar = self.posterior(x)
        pixels = nn.functional.binary_cross_entropy(
            self._decoded(mean, logvar), x, reduction="none"
        )
        return pixels.flatten(1).sum(1), divergence(mean, logvar)

    def rate(self, x: Float[Tensor, "n c side side"]) -> Float[Tensor, " n"]:
        """KL(q(z|x) ‖ N(0, 1)) of every image, in nats; its mean bounds I(X;Z) from above.

        Many images pass in parts, which makes a difference in training mode alone.
        """
        return torch.cat([divergence(*self.posterior(part)) for part in x.split(AT_ONCE)])

    def _decoded(self, mean: Tensor, logvar: Tensor) -> Tensor:
        return self.output(self.decoder(self.code(mean, logvar)))


def resized(images: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c side side"]:
    """Images of any size as 32 × 32 pixels, by bilinear interpolation."""
    return nn.functional.interpolate(images, (SIDE, SIDE), mode="bilinear", align_corners=False)


def _stages(stages: Iterable[nn.Module]) -> nn.Sequential:
    """Stages in a row, counted from 1."""
    return nn.Sequential(OrderedDict((str(i), stage) for i, stage in enumerate(stages, 1)))


def _steps(counts: Sequence[int]) -> list[tuple[int, int]]:
    """Inputs and outputs of each stage."""
    return list(zip(counts, counts[1:], strict=False))


def _halving(inputs: int, outputs: int, seed: int, name: str) -> nn.Sequential:
    """Half the height and width."""
    layer = nn.Conv2d(inputs, outputs, kernel_size=4, stride=2, padding=1)
    norm = nn.BatchNorm2d(outputs)
    return nn.Sequential(as_torch(layer, seed=seed, name=name), norm, nn.LeakyReLU(SLOPE))


def _unfolded(inputs: int, outputs: int, seed: int) -> nn.Sequential:
    """From the code to maps of 2 × 2 pixels."""
    flat = outputs * CORNER**2
    layer = as_torch(nn.Linear(inputs, flat), seed=seed, name="decoder.1")
    maps = nn.Unflatten(1, (outputs, CORNER, CORNER))
    return nn.Sequential(layer, nn.BatchNorm1d(flat), nn.LeakyReLU(SLOPE), maps)


def _doubling(inputs: int, outputs: int, seed: int, name: str) -> nn.Sequential:
    """Twice the height and width."""
    norm = nn.BatchNorm2d(outputs)
    return nn.Sequential(_up(inputs, outputs, seed, name), norm, nn.LeakyReLU(SLOPE))


def _up(inputs: int, outputs: int, seed: int, name: str) -> nn.ConvTranspose2d:
    layer = nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1)
    return as_torch(layer, seed=seed, name=name)
