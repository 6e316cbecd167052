"""Numbers as two states: rules by which a unit is on or off."""

import math
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from infoplane.values.errors import InfoplaneError


@runtime_checkable
class Binarisation(Protocol):
    """A rule by which numbers become 0 or 1."""

    @property
    def words(self) -> str:
        """The rule in words."""
        ...

    def __call__(self, x: Float[Tensor, "n *d"]) -> UInt8[Tensor, "n *d"]:
        """1 where a unit is on."""
        ...


@final
@dataclass(frozen=True)
class Above:
    """On where a number exceeds a level; 0 is the sign, or what a rectifier lets through.

    Attributes:
        level: The level.
    """

    level: float = 0.0

    def __post_init__(self) -> None:
        _require_finite(self.level)

    @property
    def words(self) -> str:
        """The rule in words."""
        return f"on above {self.level:g}"

    def __call__(self, x: Float[Tensor, "n *d"]) -> UInt8[Tensor, "n *d"]:
        """1 where x > level."""
        return (x > self.level).to(torch.uint8)


@final
@dataclass(frozen=True)
class AtLeast:
    """On where a number, or its magnitude, reaches a level.

    With magnitude and 1 it is what the published code does to logits, without and with 0.9 what it
    does to the outputs of a softmax.

    Attributes:
        level: The level.
        magnitude: Whether |x| is compared.

    Source: moldovan2021cnn, from the authors' code.
    """

    level: float = 1.0
    magnitude: bool = False

    def __post_init__(self) -> None:
        _require_finite(self.level)

    @property
    def words(self) -> str:
        """The rule in words."""
        return f"on where {'|x|' if self.magnitude else 'x'} ≥ {self.level:g}"

    def __call__(self, x: Float[Tensor, "n *d"]) -> UInt8[Tensor, "n *d"]:
        """1 where x or |x| is at least the level."""
        return ((x.abs() if self.magnitude else x) >= self.level).to(torch.uint8)


@final
@dataclass(frozen=True)
class AboveMedian:
    """On where a unit exceeds its own median over the samples: as often on as off without ties."""

    @property
    def words(self) -> str:
        """The rule in words."""
        return "on above the unit's own median"

    def __call__(self, x: Float[Tensor, "n *d"]) -> UInt8[Tensor, "n *d"]:
        """1 where x > the lower median of its column."""
        return (x > x.median(0).values).to(torch.uint8)


def _require_finite(level: float) -> None:
    if not math.isfinite(level):
        raise InfoplaneError(f"level={level}: a level is a finite number.")
