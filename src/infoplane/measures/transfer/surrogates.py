"""Ways to move a source in time so that it tells the target nothing, for a null.

What a null keeps decides what it can explain. A permutation keeps the states alone; within blocks
it keeps what drifts from block to block as well; whole blocks, or the series shifted on a circle,
keep the source's memory. All these part the source from the target's past too, unless moments
change places among those of one past alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Int, Integer
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

    @property
    def given_past(self) -> bool:
        """Whether moments change places among those of one past of the target alone."""
        ...

    def orders(self, n: int, count: int, seed: int) -> Iterator[Int[Tensor, " n"]]:
        """``count`` orders of ``n`` moments, one after the other."""
        ...


class _OfSources:
    """Moves the windows of all sources alike, whatever the targets' past."""

    given_past: ClassVar[bool] = False


@final
@dataclass(frozen=True)
class Permuted(_OfSources):
    """All moments change places: the null of samples without memory and without drift."""

    @property
    def words(self) -> str:
        """What is done."""
        return "all moments permuted"

    def orders(self, n: int, count: int, seed: int) -> Iterator[Int[Tensor, " n"]]:
        """Permutations."""
        return (orders(seed, "surrogate", i, n=n, count=1)[0] for i in range(count))


PERMUTED = Permuted()
NO_EQUAL_PASTS = (
    "Surrogates given the past change moments of equal pasts, and numbers have hardly one twice: "
    "cut them into states first, such as ip.Above(0.0)(x), or take ip.Permuted()."
)


@final
@dataclass(frozen=True)
class PermutedWithin(_OfSources):
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
class BlocksPermuted(_OfSources):
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
class Shifted(_OfSources):
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


@final
@dataclass(frozen=True)
class GivenPast:
    """Moments change places among those of the same past of the target: an exact null of states.

    What the source shares with the target's past is kept, and so is what that tells of the future;
    only what the source tells beyond it goes. Where source and target go together at one moment, as
    two layers do at one sample, this alone has the bias of what is measured. Pasts that occur once
    have nothing to change places with: where most do, surrogates are the series themselves.

    Attributes:
        scheme: In which order moments of one past come.

    Source: rosenbaum1984conditional; tsamardinos2010permutation.
    """

    scheme: Surrogates = PERMUTED
    given_past: ClassVar[bool] = True

    @property
    def words(self) -> str:
        """What is done."""
        return f"{self.scheme.words} among equal pasts of the target"

    def orders(self, n: int, count: int, seed: int) -> Iterator[Int[Tensor, " n"]]:
        """Orders of all moments, for ``among_equals``."""
        return self.scheme.orders(n, count, seed)


def among_equals(
    states: Integer[Tensor, "*units m"], order: Int[Tensor, " m"]
) -> Int[Tensor, "*units m"]:
    """Orders in which every moment gives its place to one of the same state.

    The moments of one state stand where they stood, in the sequence in which ``order`` has them; an
    order within blocks so stays within blocks.

    >>> among_equals(torch.tensor([0, 1, 0, 1]), torch.tensor([3, 2, 1, 0]))
    tensor([2, 3, 0, 1])
    """
    order = order.to(states.device)
    places = _grouped(states)
    moved = order[_grouped(states[..., order])]
    return torch.empty_like(places).scatter_(-1, places, moved)


def _grouped(states: Integer[Tensor, "*units m"]) -> Int[Tensor, "*units m"]:
    """Places by state, those of one state in their sequence."""
    if (
        states.device.type == "cpu"
    ):  # NumPy sorts small integers by radix, a quarter of torch's time
        return torch.from_numpy(np.argsort(states.numpy(), axis=-1, kind="stable"))
    return states.sort(dim=-1, stable=True).indices


def _require_positive(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InfoplaneError(f"{name}={value!r}: it is a number of moments, at least {least}.")
