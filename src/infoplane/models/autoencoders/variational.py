"""The variational autoencoder: a code drawn from a normal distribution that the encoder chooses."""

import math
from collections.abc import Sequence
from typing import ClassVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from infoplane.models.autoencoders.naming import inward, outward
from infoplane.models.autoencoders.species import CODE, Species
from infoplane.models.dense import Dense, identity, row


@final
class Sampled(nn.Module):
    """Z = μ + ε·exp(½ log σ²), with ε from torch's global stream."""

    def forward(
        self, mean: Float[Tensor, "n k"], logvar: Float[Tensor, "n k"]
    ) -> Float[Tensor, "n k"]:
        """One draw for every sample."""
        return mean + torch.randn_like(mean) * (0.5 * logvar).exp()


@final
class Variational(Species):
    """Image → encoder.1 → … → (mean, logvar) → code → decoder.1 → … → output.

    Hidden layers and output are sigmoid, mean and log-variance linear. The objective is the
    negative evidence lower bound: cross-entropy of the pixels plus KL(q(z|x) ‖ N(0, 1)).

    Args:
        shape: Shape of one image (c, h, w).
        hidden: Widths of the encoder's layers, outermost first.
        code_size: Width K of the code.
        seed: Seed of the initial weights.

    Source: lee2021information (layers and objective as in the authors' code).
    """

    unit: ClassVar[str] = "nat"

    def __init__(
        self, shape: Sequence[int], hidden: Sequence[int], code_size: int, *, seed: int
    ) -> None:
        super().__init__()
        pixels = math.prod(shape)
        names_in, names_out = inward(hidden), outward(hidden)
        widths = [pixels, *hidden]
        self.encoder = row(names_in, widths, seed)
        self.mean = Dense(widths[-1], code_size, seed=seed, name="mean", activation=identity)
        self.logvar = Dense(widths[-1], code_size, seed=seed, name="logvar", activation=identity)
        self.code = Sampled()
        self.decoder = row(names_out, [code_size, *reversed(hidden)], seed)
        last = hidden[0] if hidden else code_size
        self.output = Dense(last, pixels, seed=seed, name="output")
        self.layers = (*names_in, "mean", CODE, *names_out)

    def posterior(
        self, x: Float[Tensor, "n *shape"]
    ) -> tuple[Float[Tensor, "n k"], Float[Tensor, "n k"]]:
        """Mean and log-variance of q(z|x)."""
        hidden = self.encoder(x.flatten(1))
        return self.mean(hidden), self.logvar(hidden)

    def forward(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, "n *shape"]:
        """Images to reconstructions from a drawn code."""
        return self._decoded(*self.posterior(x), x.shape)

    def objective(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """Cross-entropy summed over pixels plus KL, in nats: a mean over the images."""
        mean, logvar = self.posterior(x)
        reconstruction = self._decoded(mean, logvar, x.shape)
        entropy = nn.functional.binary_cross_entropy(reconstruction, x, reduction="sum")
        return entropy / len(x) + divergence(mean, logvar).mean()

    def rate(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, " n"]:
        """KL(q(z|x) ‖ N(0, 1)) of every image, in nats; its mean bounds I(X;Z) from above."""
        return divergence(*self.posterior(x))

    def _decoded(self, mean: Tensor, logvar: Tensor, shape: torch.Size) -> Tensor:
        return self.output(self.decoder(self.code(mean, logvar))).reshape(shape)


def divergence(mean: Float[Tensor, "n k"], logvar: Float[Tensor, "n k"]) -> Float[Tensor, " n"]:
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½ Σ (μ² + σ² − 1 − log σ²), in nats."""
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar).sum(1)
