"""Ways to move a source in time so that it tells the target nothing, for a null.

What a null keeps decides what it can explain. A permutation keeps the states alone; within blocks
it keeps what drifts from block to block as well; whole blocks, or the series shifted on a circle,
keep the source's memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import torch
from jaxtyping import Int
from torch import Tensor

from infoplane.measures.evidence.null import block_orders
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import orders, stream


@runtime_checkable
class Surrogates(Protocol):
    """A way to move the moments of a source."""

    @property
    def words(self) -> str:
        """What is done."""
        ...

    def orders(self, n: int, count: int, seed: int) -> Iterator[Int[Tensor, " n"]]:
        """``count`` orders of ``n`` moments, one after the other."""
        ...


@final
@dataclass(frozen=True)
class Permuted:
    """All moments change places: the null of samples without memory and without drift."""

    @property
    def words(self) -> str:
        """What is done."""
        return "all moments permuted"

    def orders(self, n: int, count: int, seed: int) -> Iterator[Int[Tensor, " n"]]:
        """Permutations."""
        return (orders(seed, "surrogate", i, n=n, count=1)[0] for i in range(count))


PERMUTED = Permuted()


@final
@dataclass(frozen=True)
class PermutedWithin:
    """Moments change places inside consecutive blocks: the null of two series that drift together.

    Attributes:
        size: Moments in a block; within it the drift should be small.
    """

    size: int

    def __post_init__(self) -> None:
        _require_positive("size", self.size, 2)

    @property
    def words(self) -> str:
        """What is done."""
        return f"moments permuted within blocks of {self.size}"

    def orders(self, n: int, count: int, seed: int) -> Iterator[Int[Tensor, " n"]]:
        """Permutations within blocks; what does not fill the last one is permuted too."""
        whole = n // self.size * self.size
        for i in range(count):
            order = orders(seed, "surrogate", i, n=n, count=1, within=min(self.size, n))[0]
            rest = torch.randperm(n - whole, generator=stream(seed, "surrogate-rest", i))
            order[whole:] = whole + rest
            yield order


@final
@dataclass(frozen=True)
class BlocksPermuted:
    """Consecutive blocks change places whole: the null of a source with a short memory.

    Attributes:
        length: Moments in a block, after which the source has forgotten.

    Source: kunsch1989jackknife.
    """

    length: int

    def __post_init__(self) -> None:
        _require_positive("length", self.length, 1)

    @property
    def words(self) -> str:
        """What is done."""
        return f"blocks of {self.length} moments permuted"

    def orders(self, n: int, count: int, seed: int) -> Iterator[Int[Tensor, " n"]]:
        """Orders of the blocks.

        Raises:
            InfoplaneError: So few blocks have fewer orders than are asked for.
        """
        return iter(block_orders(seed, "surrogate", n=n, count=count, length=self.length))


@final
@dataclass(frozen=True)
class Shifted:
    """The series shifted on a circle: the null of a stationary source with any memory.

    Attributes:
        least: By at least so many moments in either direction.
    """

    least: int = 1

    def __post_init__(self) -> None:
        _require_positive("least", self.least, 1)

    @property
    def words(self) -> str:
        """What is done."""
        return f"shifted on a circle by at least {self.least} moments"

    def orders(self, n: int, count: int, seed: int) -> Iterator[Int[Tensor, " n"]]:
        """Shifts, each drawn anew.

        Raises:
            InfoplaneError: There are fewer shifts than are asked for.
        """
        shifts = n - 2 * self.least + 1
        if shifts < count:
            raise InfoplaneError(
                f"{n} moments have {max(0, shifts)} shifts by at least {self.least}, and {count} "
                "are asked for: lower least, give a longer series or fewer permutations."
            )
        generator = stream(seed, "surrogate")
        drawn = self.least + torch.randperm(shifts, generator=generator)[:count]
        places = torch.arange(n)
        return ((places + int(shift)) % n for shift in drawn)


def _require_positive(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InfoplaneError(f"{name}={value!r}: it is a number of moments, at least {least}.")
