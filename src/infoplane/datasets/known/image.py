"""Invertible images: I(f(X); g(Y)) = I(X; Y) for one-to-one f and g, in any number of dimensions.

Samples of an image are the images of the base's samples under the same seed, so that an estimate
of one can be held against that of the other, pair by pair.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import Tensor

from infoplane.datasets.known.normal import Normal, Student
from infoplane.datasets.known.task import Family
from infoplane.values.errors import InfoplaneError
from infoplane.values.pairs import Pair

Map = Literal["none", "asinh", "half-cube", "normal-cdf", "wiggly", "swiss-roll", "spiral"]
FULL_TURN = 21.0
"""Divisor that brings the Swiss roll into about [−1, 1]²."""


def half_cube(x: Tensor) -> Tensor:
    """sign(x)|x|^(3/2): lengthens tails."""
    return x.sign() * x.abs().pow(1.5)


def wiggly(x: Tensor) -> Tensor:
    """X plus waves, whose slopes sum to less than 1 so that the whole increases."""
    return x + 0.4 * x.sin() + 0.2 * (1.7 * x + 1).sin() + 0.03 * (3.3 * x - 2.5).sin()


def swiss_roll(x: Tensor) -> Tensor:
    """A line, shape (n, 1), rolled up in the plane, (n, 2): a spiral that never meets itself."""
    angle = 1.5 * math.pi * (1 + 2 * torch.special.ndtr(x))
    return torch.cat([angle * angle.cos(), angle * angle.sin()], dim=1) / FULL_TURN


def spiral(x: Tensor) -> Tensor:
    """Turns the first two columns by the angle ‖x‖², which the turn leaves as it is."""
    angle = x.square().sum(1)
    a, b, cos, sin = x[:, 0], x[:, 1], angle.cos(), angle.sin()
    turned = torch.stack([cos * a - sin * b, sin * a + cos * b], dim=1)
    return torch.cat([turned, x[:, 2:]], dim=1)


MAPS: Mapping[Map, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "asinh": torch.asinh,
    "half-cube": half_cube,
    "normal-cdf": torch.special.ndtr,
    "wiggly": wiggly,
    "swiss-roll": swiss_roll,
    "spiral": spiral,
}
"""One-to-one maps of samples of shape (n, d)."""


@final
@dataclass(frozen=True)
class Image:
    """A task seen through a one-to-one map of x and one of y.

    Attributes:
        name: Short name.
        base: The task.
        x_map: What is done to x.
        y_map: What is done to y.
    """

    name: str
    base: Normal | Student
    x_map: Map
    y_map: Map

    def __post_init__(self) -> None:
        needs = {"swiss-roll": lambda d: d == 1, "spiral": lambda d: d >= 2}
        for name, d in zip((self.x_map, self.y_map), self.base.dims, strict=True):
            if name in needs and not needs[name](d):
                wanted = "one column" if name == "swiss-roll" else "at least two columns"
                raise InfoplaneError(f"{self.name}: {name} needs {wanted}, the base has {d}.")

    @property
    def words(self) -> str:
        """What it is."""
        told = [f"{v} by {m}" for v, m in (("x", self.x_map), ("y", self.y_map)) if m != "none"]
        return f"{self.base.words}; {' and '.join(told)}"

    @property
    def family(self) -> Family:
        """An image."""
        return "image"

    @property
    def kind(self) -> Pair:
        """Numbers."""
        return "numbers"

    @property
    def dims(self) -> tuple[int, int]:
        """The roll adds a column."""
        x, y = self.base.dims
        return x + (self.x_map == "swiss-roll"), y + (self.y_map == "swiss-roll")

    @property
    def truth(self) -> float:
        """That of the base, because the maps are one-to-one."""
        return self.base.truth

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """Images of the base's pairs."""
        x, y = self.base.sample(n, seed)
        return MAPS[self.x_map](x), MAPS[self.y_map](y)
