"""The sparse autoencoder: every unit of the code is asked to be active rarely."""

import math
from collections.abc import Sequence
from typing import final

from jaxtyping import Float, Int
from torch import Tensor, nn

from infoplane.models.autoencoders.funnel import Funnel
from infoplane.values.errors import InfoplaneError

ACTIVITY = 0.05
"""Mean activity ρ that a unit is asked to have."""
ROUNDING = 1e-8
"""Keeps the divergence finite where a unit is always on or off; as in the published code."""


@final
class Sparse(Funnel):
    """A shallow autoencoder whose objective has a penalty λ Σ_j KL(ρ ‖ mean activity of unit j).

    Args:
        shape: Shape of one image (c, h, w).
        code_size: Width K of the code.
        seed: Seed of the initial weights.
        weight: The weight λ of the penalty; 0 makes it the shallow autoencoder.

    Raises:
        InfoplaneError: The weight is negative or no number.

    Source: lee2021information (λ = 0.001, ρ = 0.05).
    """

    def __init__(
        self, shape: Sequence[int], code_size: int, *, seed: int, weight: float = 0.001
    ) -> None:
        if not (math.isfinite(weight) and weight >= 0):
            raise InfoplaneError(f"Sparse(weight={weight}): the weight of a penalty is 0 or more.")
        super().__init__(shape, (), code_size, seed=seed)
        self.weight = weight

    def objective(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """Mean squared error plus the penalty of the mean activities over these images."""
        z = self.encoded(x)
        error = nn.functional.mse_loss(self.decoded(z, x.shape), x)
        return error + self.weight * divergence(z.mean(0)).sum()


def divergence(activity: Float[Tensor, " k"], wanted: float = ACTIVITY) -> Float[Tensor, " k"]:
    """KL(ρ ‖ ρ̂) in nats between a unit that is on with probability ρ and one with ρ̂.

    Args:
        activity: The mean activities ρ̂, in [0, 1].
        wanted: The probability ρ, in (0, 1).
    """
    on = wanted * (wanted / (activity + ROUNDING)).log()
    off = (1 - wanted) * ((1 - wanted) / (1 - activity + ROUNDING)).log()
    return on + off
