"""The autoencoder that needs no training: principal components, in the stages of a stacked one."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn


@final
class PrincipalAutoencoder(nn.Module):
    """Principal scores in the stages of a ``StackedAutoencoder``: the best linear autoencoder.

    ``encoder.i`` gives as many scores as it is wide, the code as many as it is large, and the
    decoder's stages those of the code; a stage that is wider than there are scores has zeros in the
    rest. The output is the reconstruction from what the narrowest stage lets through.

    Args:
        images: What the components are fitted to, shape (n, c, h, w).
        hidden: Widths of the encoder's stages, outermost first.
        code_size: Width K of the code.

    Source: tapia2020information (the linear limit of an autoencoder).
    """

    def __init__(
        self, images: Float[Tensor, "n c h w"], hidden: Sequence[int], code_size: int
    ) -> None:
        super().__init__()
        depth, pixels = len(hidden), math.prod(images.shape[1:])
        mean, components = principal_components(images)
        narrowest = min([*hidden, code_size, pixels])
        inward = [(str(i + 1), width) for i, width in enumerate(hidden)]
        first = inward[0][1] if inward else code_size
        self.scores = _Scores(mean, components[: min(pixels, first)])
        self.encoder = nn.Sequential(OrderedDict((name, _Resized(width)) for name, width in inward))
        self.code = _Resized(code_size)
        self.decoder = nn.Sequential(
            OrderedDict((name, _Resized(width)) for name, width in reversed(inward))
        )
        self.output = _Reconstruction(mean, components[:narrowest])
        self.layers = (
            *(f"encoder.{i + 1}" for i in range(depth)),
            "code",
            *(f"decoder.{depth - i}" for i in range(depth)),
        )
        """Names of the hidden stages from input to output."""

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Images to their reconstructions."""
        hidden = self.decoder(self.code(self.encoder(self.scores(x.flatten(1)))))
        return self.output(hidden).reshape(x.shape)


def principal_components(
    images: Float[Tensor, "n *shape"],
) -> tuple[Float[Tensor, " d"], Float[Tensor, "d d"]]:
    """The mean of flattened images, and their principal directions as rows, the largest first."""
    flat = images.detach().flatten(1)
    mean = flat.mean(0)
    centred = flat - mean
    covariance = (centred.T @ centred).double() / len(flat)
    directions = torch.linalg.eigh(covariance).eigenvectors
    return mean, directions.flip(1).T.to(flat.dtype).contiguous()


@final
class _Scores(nn.Module):
    """Coordinates along principal directions (rows)."""

    mean: Tensor
    directions: Tensor

    def __init__(self, mean: Tensor, directions: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("directions", directions)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) @ self.directions.T


@final
class _Resized(nn.Module):
    """The first numbers of a row; zeros where it has too few."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        kept = x[:, : self.width]
        return nn.functional.pad(kept, (0, self.width - kept.shape[1]))


@final
class _Reconstruction(nn.Module):
    """The point with the given first scores."""

    mean: Tensor
    directions: Tensor

    def __init__(self, mean: Tensor, directions: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("directions", directions)

    def forward(self, scores: Tensor) -> Tensor:
        return self.mean + scores[:, : len(self.directions)] @ self.directions
