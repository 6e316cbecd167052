"""Tasks with labels on one side, and numbers on the other."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from torch import Tensor

from infoplane.datasets.known.normal import standard_normal
from infoplane.datasets.known.task import DATA, Family, require_letters
from infoplane.values.errors import InfoplaneError
from infoplane.values.pairs import Pair
from infoplane.values.seeds import stream
from infoplane.values.units import LN2

STEP, MARGIN = 0.01, 12.0
"""Grid of the quadrature, and how far it reaches beyond the outermost mean, in standard deviations:
the trapezoidal rule is exact to rounding for sums of normal densities on so fine a grid."""
TERMS = 200
"""Terms of a series that falls as 2⁻ʲ."""
SERIES = sum(math.log(j) / 2**j for j in range(2, TERMS))
"""Σ ln j · 2⁻ʲ = E ln Y! of a geometric Y with P(k) = 2^(−k−1)."""


@final
@dataclass(frozen=True)
class Steps:
    """A label X uniform on 0 … m − 1, and Y = X + uniform noise on [0, 2].

    Y has the density 1/m between 1 and m, and 1/(2m) on the two outer units, so
    h(Y) = log₂ m + 1/m; h(Y|X) = log₂ 2 = 1; I = log₂ m − (m − 1)/m.  [gao2017estimating].

    Attributes:
        name: Short name.
        m: Number of labels.
    """

    name: str
    m: int

    def __post_init__(self) -> None:
        require_letters(self.name, self.m)

    @property
    def words(self) -> str:
        """What it is."""
        return f"x one of {self.m} labels, y = x + uniform noise on [0, 2]"

    @property
    def family(self) -> Family:
        """Mixed."""
        return "mixed"

    @property
    def kind(self) -> Pair:
        """A label and a number."""
        return "mixed"

    @property
    def dims(self) -> tuple[int, int]:
        """One and one."""
        return 1, 1

    @property
    def truth(self) -> float:
        """In closed form, see above."""
        return math.log2(self.m) - (self.m - 1) / self.m

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """Labels (n,) and numbers (n, 1)."""
        generator = stream(seed, DATA, self.name)
        x = torch.randint(self.m, (n,), generator=generator)
        noise = 2 * torch.rand(n, 1, generator=generator, dtype=torch.float64)
        return x, x[:, None] + noise


@final
@dataclass(frozen=True)
class Counts:
    """X exponential with mean 1, and Y a Poisson count with mean X that is set to 0 with chance p.

    P(Y = 0) = p + (1−p)/2 and P(Y = k) = (1−p) 2^(−k−1). With γ = Euler's constant,
    S = Σ_{j≥2} ln j · 2⁻ʲ = E ln Y!, E X ln X = 1 − γ and u = e^(−X) uniform on [0, 1],
    H(Y|X) = −(1−p)[½ ln(1−p) + ¼ − γ − S] + [¼ − p²/4 + (p²/2) ln p]/(1−p) nats.
    At p = 0 that is γ + S, and I = 2 ln 2 − γ − S.  [gao2017estimating, at p = 0; for p > 0 the
    zeros of both origins are alike, and I is less than (1−p) times this].

    Attributes:
        name: Short name.
        inflation: The chance p of a zero that says nothing.
    """

    name: str
    inflation: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.inflation < 1:
            raise InfoplaneError(f"{self.name}: inflation={self.inflation}; it must lie in [0, 1).")

    @property
    def words(self) -> str:
        """What it is."""
        zeros = f", zero with chance {self.inflation:g}" if self.inflation else ""
        return f"x exponential, y a Poisson count with mean x{zeros}"

    @property
    def family(self) -> Family:
        """Mixed."""
        return "mixed"

    @property
    def kind(self) -> Pair:
        """A number and a count, which is taken as a label."""
        return "mixed"

    @property
    def dims(self) -> tuple[int, int]:
        """One and one."""
        return 1, 1

    @property
    def truth(self) -> float:
        """In closed form, see above."""
        p, rest = self.inflation, 1 - self.inflation
        zero = p + rest / 2
        entropy = -zero * math.log(zero) - rest / 2 * math.log(rest) + 1.5 * rest * math.log(2)
        of_zero = (0.25 - p**2 / 4 + (p**2 / 2 * math.log(p) if p else 0.0)) / rest
        of_others = -rest * (math.log(rest) / 2 + 0.25 - np.euler_gamma - SERIES)
        return (entropy - of_zero - of_others) / LN2

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """Numbers (n, 1) and counts (n,)."""
        generator = stream(seed, DATA, self.name)
        x = -torch.log1p(-torch.rand(n, generator=generator, dtype=torch.float64))
        counts = torch.poisson(x, generator=generator).long()
        kept = torch.rand(n, generator=generator, dtype=torch.float64) >= self.inflation
        return x[:, None], counts * kept


@final
@dataclass(frozen=True)
class Classes:
    """A class Y uniform on m, and X normal with variance 1 around a mean of its own.

    The means lie on the first axis, ``spacing`` apart; other columns are noise and share nothing.
    I = h(X₁) − ½ log₂(2πe), and h of the mixture of m normal densities by quadrature.

    Attributes:
        name: Short name.
        m: Number of classes.
        spacing: Between neighbouring means, in standard deviations; 0 makes X and Y independent.
        d: Columns of X.
    """

    name: str
    m: int
    spacing: float
    d: int = 1

    def __post_init__(self) -> None:
        require_letters(self.name, self.m)
        if self.d < 1 or not (math.isfinite(self.spacing) and self.spacing >= 0):
            raise InfoplaneError(
                f"{self.name}: d={self.d}, spacing={self.spacing}; take d of at least 1 and a "
                "spacing of at least 0."
            )

    @property
    def words(self) -> str:
        """What it is."""
        columns = f" in the first of {self.d} columns" if self.d > 1 else ""
        apart = f"means {self.spacing:g} σ apart{columns}" if self.spacing else "one mean for all"
        return f"normal x of {self.m} classes y, {apart}"

    @property
    def family(self) -> Family:
        """Mixed, or independent."""
        return "mixed" if self.spacing else "independent"

    @property
    def kind(self) -> Pair:
        """Numbers and a label."""
        return "mixed"

    @property
    def dims(self) -> tuple[int, int]:
        """The columns, and the label."""
        return self.d, 1

    @property
    def truth(self) -> float:
        """By quadrature, see above; exactly 0 without spacing."""
        if self.spacing == 0:
            return 0.0
        means = self.spacing * np.arange(self.m)
        x = np.arange(-MARGIN, means[-1] + MARGIN, STEP)
        density = np.exp(-0.5 * (x[:, None] - means) ** 2).mean(1) / math.sqrt(2 * math.pi)
        entropy = -STEP * float((density * np.log2(density)).sum())
        return entropy - 0.5 * math.log2(2 * math.pi * math.e)

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """Numbers (n, d) and labels (n,)."""
        generator = stream(seed, DATA, self.name)
        y = torch.randint(self.m, (n,), generator=generator)
        x = standard_normal(n, self.d, generator)
        x[:, 0] += self.spacing * y
        return x, y
