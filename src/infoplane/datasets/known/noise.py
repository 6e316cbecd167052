"""A uniform variable with uniform noise, and a layer without any."""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from infoplane.datasets.known.normal import standard_normal
from infoplane.datasets.known.task import DATA, Family
from infoplane.values.errors import InfoplaneError
from infoplane.values.pairs import Pair
from infoplane.values.seeds import stream
from infoplane.values.units import LN2


@final
@dataclass(frozen=True)
class UniformNoise:
    """X uniform on [0, 1], Y = X + N with N uniform on [−ε, ε].

    The sum of uniform variables of widths a ≤ b has a trapezoid as its density: a plateau 1/b, and
    two ramps of width a on which −∫ f ln f adds a/(2b); so h(Y) = ln b + a/(2b). With
    h(Y|X) = ln 2ε, I = ε − ln 2ε nats for ε ≤ ½ and 1/(4ε) nats above.

    Attributes:
        name: Short name.
        epsilon: Half the width of the noise.
    """

    name: str
    epsilon: float

    def __post_init__(self) -> None:
        if not self.epsilon > 0:
            raise InfoplaneError(f"{self.name}: epsilon={self.epsilon}; it must be positive.")

    @property
    def words(self) -> str:
        """What it is."""
        return f"x uniform on [0, 1], y = x + uniform noise of ± {self.epsilon:g}"

    @property
    def family(self) -> Family:
        """Noise."""
        return "noise"

    @property
    def kind(self) -> Pair:
        """Numbers."""
        return "numbers"

    @property
    def dims(self) -> tuple[int, int]:
        """One and one."""
        return 1, 1

    @property
    def truth(self) -> float:
        """In closed form, see above."""
        narrow, wide = sorted((1.0, 2 * self.epsilon))
        return (math.log(wide) + narrow / (2 * wide) - math.log(2 * self.epsilon)) / LN2

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """Pairs of shape (n, 1) each."""
        generator = stream(seed, DATA, self.name)
        x, u = torch.rand(2, n, 1, generator=generator, dtype=torch.float64)
        return x, x + self.epsilon * (2 * u - 1)


@final
@dataclass(frozen=True)
class Layer:
    """T = tanh(XW) of standard normal X: a layer of a network, which has no noise.

    T is a one-to-one function of continuous X, so I(X;T) = +∞: every finite number is wrong, and
    an estimate says how fine the estimator looks, not what the layer knows.

    Attributes:
        name: Short name.
        inputs: Columns of X.
        width: Columns of T, at least as many.
    """

    name: str
    inputs: int
    width: int

    def __post_init__(self) -> None:
        if not 1 <= self.inputs <= self.width:
            raise InfoplaneError(
                f"{self.name}: {self.inputs} inputs and a width of {self.width}; the map is "
                "one-to-one only if it is at least as wide."
            )

    @property
    def words(self) -> str:
        """What it is."""
        return f"t = tanh(xW), {self.inputs} normal inputs, {self.width} units, no noise"

    @property
    def family(self) -> Family:
        """Deterministic."""
        return "deterministic"

    @property
    def kind(self) -> Pair:
        """Numbers."""
        return "numbers"

    @property
    def dims(self) -> tuple[int, int]:
        """Inputs and units."""
        return self.inputs, self.width

    @property
    def truth(self) -> float:
        """+∞."""
        return math.inf

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """Inputs (n, inputs) and units (n, width); the weights are the same under every seed."""
        weights = standard_normal(self.inputs, self.width, stream(0, DATA, self.name, "weights"))
        x = standard_normal(n, self.inputs, stream(seed, DATA, self.name))
        return x, torch.tanh(x @ weights)
