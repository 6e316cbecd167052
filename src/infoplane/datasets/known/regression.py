"""One normal target of many normal inputs, linear in them up to noise."""

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.datasets.known.normal import standard_normal
from infoplane.datasets.known.task import DATA
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream


@final
@dataclass(frozen=True)
class Regression:
    """x = L e and y = a·x + noise, with L and a drawn once; Var(y) = 1.

    L has independent normal entries, scaled so that E‖x‖² is the number of inputs.

    Attributes:
        inputs: Dimensions of x.
        rho2: Share of Var(y) that x explains: the squared canonical correlation ρ².
        drawn: Which L and a; not a seed of the samples.
    """

    inputs: int = 30
    rho2: float = 0.64
    drawn: int = 0

    def __post_init__(self) -> None:
        if self.inputs < 1 or not 0 <= self.rho2 < 1:
            raise InfoplaneError(
                f"inputs={self.inputs}, rho2={self.rho2}: at least one input, and ρ² in [0, 1)."
            )

    @property
    def mixing(self) -> Float[Tensor, "d d"]:
        """L, with tr(L Lᵀ) = d."""
        found = standard_normal(self.inputs, self.inputs, stream(self.drawn, DATA, "mixing"))
        return found * math.sqrt(self.inputs) / torch.linalg.matrix_norm(found)

    @property
    def slopes(self) -> Float[Tensor, " d"]:
        """a, with Var(a·x) = ρ²."""
        found = standard_normal(self.inputs, 1, stream(self.drawn, DATA, "slopes"))[:, 0]
        return found * math.sqrt(self.rho2) / torch.linalg.vector_norm(self.mixing.T @ found)

    @property
    def covariance(self) -> Float[Tensor, "m m"]:
        """Of (x, y), shape (d + 1, d + 1)."""
        within = self.mixing @ self.mixing.T
        cross = (within @ self.slopes)[:, None]
        one = torch.ones(1, 1, dtype=torch.float64)
        return torch.cat([torch.cat([within, cross], 1), torch.cat([cross.T, one], 1)])

    @property
    def truth(self) -> float:
        """I(X;Y) = −½ log2(1 − ρ²) in bits."""
        return -0.5 * math.log2(1 - self.rho2)

    def sample(
        self, n: int, seed: int, part: str = "train"
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n 1"]]:
        """Pairs.

        Args:
            n: How many.
            seed: Of the draw.
            part: Its name; parts of different names are independent.
        """
        white = standard_normal(n, self.inputs + 1, stream(seed, DATA, "regression", part))
        x = white[:, :-1] @ self.mixing.T
        noise = math.sqrt(1 - self.rho2) * white[:, -1]
        return x, (x @ self.slopes + noise)[:, None]
