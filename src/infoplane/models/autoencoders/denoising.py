"""The denoising autoencoder: trained on images of which a part is missing."""

from collections.abc import Sequence
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from infoplane.models.autoencoders.funnel import Funnel
from infoplane.values.errors import InfoplaneError


@final
class Denoising(Funnel):
    """A shallow autoencoder that learns to restore images whose pixels are set to 0 at random.

    Masking noise is the corruption of the first denoising autoencoders. It is a matter of the
    objective alone: what is recorded, and reconstructed, are clean images.

    Args:
        shape: Shape of one image (c, h, w).
        code_size: Width K of the code.
        seed: Seed of the initial weights.
        masked: Probability that a pixel is set to 0.

    Raises:
        InfoplaneError: That is no probability below 1.

    Source: vincent2008extracting.
    """

    def __init__(
        self, shape: Sequence[int], code_size: int, *, seed: int, masked: float = 0.25
    ) -> None:
        if not 0 <= masked < 1:
            raise InfoplaneError(f"Denoising(masked={masked}): a probability below 1 is needed.")
        super().__init__(shape, (), code_size, seed=seed)
        self.masked = masked

    def corrupted(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, "n *shape"]:
        """Images without some of their pixels, drawn from torch's global stream."""
        return x * (torch.rand_like(x) >= self.masked)

    def objective(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """Mean squared error of what is restored from corrupted images."""
        return nn.functional.mse_loss(self(self.corrupted(x)), x)
