"""Normal variables, and Student's, whose tails are heavier.

A covariance fixes the information of normal variables: I = ½ log₂(det Σ_x det Σ_y / det Σ). It is
the same for every invertible linear map of x or y, because h(Ax) = h(x) + log₂|det A|.
"""

import math
from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float
from scipy.special import digamma, gammaln
from torch import Tensor

from infoplane.datasets.known.task import DATA, Family
from infoplane.values.errors import InfoplaneError
from infoplane.values.pairs import Pair
from infoplane.values.seeds import stream
from infoplane.values.units import LN2

Structure = Literal["pairs", "dense", "sparse"]
MOST_PAIRS = 2
"""So many coordinates of x have a partner in y under "pairs" and "sparse"."""
MIXING = 0.5
"""What each coordinate takes over from the next under "sparse"."""
TOLD: dict[Structure, str] = {
    "pairs": "x₁ with y₁ and x₂ with y₂, the others independent",
    "dense": "all variables with each other",
    "sparse": "two pairs, then neighbours within x and within y mixed",
}


@final
@dataclass(frozen=True)
class Normal:
    """Normal x and y of ``d`` dimensions each, with mean 0.

    * "pairs": at most two pairs (xᵢ, yᵢ) with correlation ρ and all else independent; information
      adds up over independent pairs, each with −½ log₂(1 − ρ²).
    * "sparse": the same after an invertible linear map of x and one of y, which changes nothing.
    * "dense": all 2d variables have correlation ρ with each other. Such a matrix of order m has
      det = (1 − ρ)^(m−1) (1 + (m−1)ρ), so I = ½ log₂[(1 + (d−1)ρ)² / ((1−ρ)(1 + (2d−1)ρ))].

    Attributes:
        name: Short name.
        d: Dimensions of x, and of y.
        rho: Correlation.
        structure: What is correlated with what.
    """

    name: str
    d: int
    rho: float
    structure: Structure = "pairs"

    def __post_init__(self) -> None:
        if self.d < 1 or not (0 <= self.rho < 1):
            raise InfoplaneError(
                f"{self.name}: d={self.d}, rho={self.rho}; take d of at least 1 and rho in [0, 1)."
            )

    @property
    def words(self) -> str:
        """What it is."""
        if self.d == 1:
            return f"two normal variables, ρ = {self.rho:g}"
        told = TOLD[self.structure] if self.rho else "all independent"
        return f"normal, {self.d} + {self.d} dimensions, ρ = {self.rho:g}: {told}"

    @property
    def family(self) -> Family:
        """Normal, or independent."""
        return "normal" if self.rho else "independent"

    @property
    def kind(self) -> Pair:
        """Numbers."""
        return "numbers"

    @property
    def dims(self) -> tuple[int, int]:
        """As many for both."""
        return self.d, self.d

    @property
    def truth(self) -> float:
        """In closed form, see above."""
        rho, d = self.rho, self.d
        if self.structure == "dense":
            within, all_of_them = 1 + (d - 1) * rho, 1 + (2 * d - 1) * rho
            return 0.5 * math.log2(within**2 / ((1 - rho) * all_of_them))
        return 0.5 * min(d, MOST_PAIRS) * math.log2(1 / (1 - rho**2))

    @property
    def covariance(self) -> Float[Tensor, "m m"]:
        """Of (x, y), shape (2d, 2d)."""
        d = self.d
        if self.structure == "dense":
            return (1 - self.rho) * _identity(2 * d) + self.rho * torch.ones(2 * d, 2 * d).double()
        cross = torch.zeros(d, d, dtype=torch.float64)
        for i in range(min(d, MOST_PAIRS)):
            cross[i, i] = self.rho
        if self.structure == "pairs":
            return torch.cat([_beside(_identity(d), cross), _beside(cross.T, _identity(d))])
        mixing = _identity(d) + MIXING * torch.diag(torch.ones(d - 1, dtype=torch.float64), 1)
        within, cross = mixing @ mixing.T, mixing @ cross @ mixing.T
        return torch.cat([_beside(within, cross), _beside(cross.T, within)])

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """Pairs of shape (n, d) each."""
        white = standard_normal(n, 2 * self.d, stream(seed, DATA, self.name))
        both = white @ torch.linalg.cholesky(self.covariance).T
        return both[:, : self.d], both[:, self.d :]


@final
@dataclass(frozen=True)
class Student:
    """Student's t: normal variables divided by one common √(χ²_ν/ν).

    h_d = ½ ln det Σ + ln[Γ(ν/2)(νπ)^(d/2)/Γ((ν+d)/2)] + ((ν+d)/2)(ψ((ν+d)/2) − ψ(ν/2)), so that
    I = h_x + h_y − h_xy is the normal's information and a term that depends on ν and on the
    dimensions alone, and is there even if Σ has no correlation: the common scale is shared.

    Attributes:
        name: Short name.
        normal: The normal variables.
        df: Degrees of freedom ν; with 1 there is no mean, with 2 no variance.
    """

    name: str
    normal: Normal
    df: int

    def __post_init__(self) -> None:
        if self.df < 1:
            raise InfoplaneError(f"{self.name}: df={self.df}; it must be at least 1.")

    @property
    def words(self) -> str:
        """What it is."""
        return f"Student's t, ν = {self.df}, of {self.normal.words}"

    @property
    def family(self) -> Family:
        """Heavy tails."""
        return "heavy tails"

    @property
    def kind(self) -> Pair:
        """Numbers."""
        return "numbers"

    @property
    def dims(self) -> tuple[int, int]:
        """Those of the normal variables."""
        return self.normal.dims

    @property
    def truth(self) -> float:
        """The normal's information, and that of the common scale."""
        m, k = self.dims
        return self.normal.truth + scale_information(self.df, m, k)

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """Pairs of shape (n, d) each."""
        x, y = self.normal.sample(n, seed)
        white = standard_normal(n, self.df, stream(seed, DATA, self.name, "scale"))
        scale = white.square().mean(1, keepdim=True).sqrt()
        return x / scale, y / scale


def scale_information(df: int, m: int, k: int) -> float:
    """What m and k coordinates of Student's t with Σ = 1 share, in bits; see ``Student``."""

    def entropy(d: int) -> float:
        """H of d coordinates in nats, without what cancels."""
        half, whole = df / 2, (df + d) / 2
        return float(gammaln(half) - gammaln(whole) + whole * (digamma(whole) - digamma(half)))

    return (entropy(m) + entropy(k) - entropy(m + k)) / LN2


def standard_normal(n: int, d: int, generator: torch.Generator) -> Float[Tensor, "n d"]:
    """Independent standard normal numbers."""
    return torch.randn(n, d, generator=generator, dtype=torch.float64)


def _identity(d: int) -> Float[Tensor, "d d"]:
    return torch.eye(d, dtype=torch.float64)


def _beside(left: Tensor, right: Tensor) -> Tensor:
    return torch.cat([left, right], dim=1)
