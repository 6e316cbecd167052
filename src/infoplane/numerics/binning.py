"""Binning rules as values: how numbers become states, each with its paper's convention.

Every rule gives every entry of an (n, d) array the number of its bin; a state is a row of bins.
Information of binned numbers depends on the bins, and is not comparable between rules.
"""

import math
from dataclasses import dataclass
from typing import Literal, Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int, Num
from torch import Tensor

from infoplane.values.errors import InfoplaneError

Over = Literal["columns", "whole"]
"""Whether every column has edges of its own, or all columns share one set."""
EXACT = 2.0**53
"""From here on not every integer is a float64."""


@runtime_checkable
class Binning(Protocol):
    """How numbers become bins."""

    @property
    def formula(self) -> str:
        """The rule for a methods section, with its parameters."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        ...

    @property
    def scale_invariant(self) -> bool:
        """Whether the bins stay if all numbers are doubled."""
        ...

    def bins(self, x: Float[Tensor, "n d"]) -> Num[Tensor, "n d"]:
        """The bin of every entry; which number stands for a bin has no meaning."""
        ...

    def remarks(self, x: Float[Tensor, "n d"], name: str) -> tuple[str, ...]:
        """What the rule does to these numbers that a reader must know, with a remedy each."""
        ...


class _Silent:
    """Shared by the rules that fit any numbers."""

    def remarks(self, x: Float[Tensor, "n d"], name: str) -> tuple[str, ...]:
        return ()


@final
@dataclass(frozen=True)
class Edges30:
    """30 edges evenly spaced on [−1, 1], for tanh units alone; compatible to the bit.

    As in the published code, 1 itself has a bin of its own, and what lies below −1 is in that bin
    too (an index of −1 means the last), with everything above 1. A unit that saturates at 1 is
    thereby told apart from 0.99, one that saturates at −1 is not told apart from −0.99.

    Source: shwartzziv2022information.
    """

    scale_invariant = False

    @property
    def formula(self) -> str:
        """The rule in words."""
        return "30 edges evenly spaced on [−1, 1], the last bin for 1 and for all outside"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("shwartzziv2022information",)

    def bins(self, x: Float[Tensor, "n d"]) -> Int[Tensor, "n d"]:
        """0 … 28 for the intervals, 29 for 1 and all outside."""
        edges = torch.from_numpy(np.linspace(-1, 1, 30)).to(x.device)
        return (torch.searchsorted(edges, x.contiguous(), right=True) - 1) % len(edges)

    def remarks(self, x: Float[Tensor, "n d"], name: str) -> tuple[str, ...]:
        """Values outside the range, and units that saturate at 1."""
        outside, ones = int((x.abs() > 1).sum()), int((x == 1).sum())
        told = []
        if outside:
            told.append(
                f"{outside} of {x.numel()} values of {name} lie outside [−1, 1] and share one bin "
                "of Edges30, small ones with large ones: the rule is for tanh units; take "
                "Adaptive(30) or FixedWidth(0.07) for others."
            )
        if ones:
            told.append(
                f"{ones} of {x.numel()} values of {name} are exactly 1, which has a bin of its own "
                "in Edges30 while −1 has not: compare with FixedWidth(0.07) before you read "
                "saturation as information."
            )
        return tuple(told)


@final
@dataclass(frozen=True)
class FixedWidth(_Silent):
    """Bin ⌊x/width⌋, without a range. Not scale-invariant.

    Source: saxe2018information (0.07).
    """

    width: float = 0.07
    scale_invariant = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.width) and self.width > 0):
            raise InfoplaneError(
                f"FixedWidth(width={self.width}): the width must be positive and finite."
            )

    @property
    def formula(self) -> str:
        """The rule in words."""
        return f"bins of width {self.width:g} in the units of the samples"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("saxe2018information",)

    def bins(self, x: Float[Tensor, "n d"]) -> Int[Tensor, "n d"]:
        """⌊x/width⌋.

        Raises:
            InfoplaneError: Some number is so large that neighbouring bins are the same float64.
        """
        floors = (x / self.width).floor()
        if bool((floors.abs() >= EXACT).any()):
            raise InfoplaneError(
                f"FixedWidth(width={self.width:g}) on numbers up to {float(x.abs().max()):g} has "
                "more bins than float64 can count: widen the bins, or take Adaptive(30)."
            )
        return floors.long()


@final
@dataclass(frozen=True)
class Quantile(_Silent):
    """Bins that hold equally many samples, as far as equal numbers allow. Scale-invariant.

    The edges are the sorted numbers at every n/bins-th place, and equal numbers share a bin: a unit
    that is 0 in half of all samples has one bin for that half.

    Attributes:
        bins_per_unit: Bins of every column.
        over: "columns" gives every column its own edges, "whole" takes those of all entries
            together.

    Source: chelombiev2019adaptive (edges that follow the distribution of activations).
    """

    bins_per_unit: int = 30
    over: Over = "columns"
    scale_invariant = True

    def __post_init__(self) -> None:
        _require_bins(self, self.bins_per_unit, self.over)

    @property
    def formula(self) -> str:
        """The rule in words."""
        return f"{self.bins_per_unit} bins of equally many samples{_told(self.over)}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("chelombiev2019adaptive",)

    def bins(self, x: Float[Tensor, "n d"]) -> Int[Tensor, "n d"]:
        """How many edges a number reaches, 0 … bins − 1."""
        columns = x.T.contiguous() if self.over == "columns" else x.reshape(1, -1)
        ordered = columns.sort(1).values
        places = torch.arange(1, self.bins_per_unit) * columns.shape[1] // self.bins_per_unit
        edges = ordered[:, places.to(x.device)].contiguous()
        found = torch.searchsorted(edges, columns, right=True)
        return found.T if self.over == "columns" else found.reshape(x.shape)


@final
@dataclass(frozen=True)
class Adaptive(_Silent):
    """Bins of equal width from the smallest to the largest number. Scale-invariant.

    A column whose numbers are all equal has one bin.

    Attributes:
        bins_per_unit: Bins between smallest and largest.
        over: "columns" fits every column's own range, so that a unit that hardly moves is cut as
            finely as all others; "whole" fits the range of all columns together.

    Source: saxe2018information; chelombiev2019adaptive.
    """

    bins_per_unit: int = 30
    over: Over = "columns"
    scale_invariant = True

    def __post_init__(self) -> None:
        _require_bins(self, self.bins_per_unit, self.over)

    @property
    def formula(self) -> str:
        """The rule in words."""
        return f"{self.bins_per_unit} bins of equal width over the range{_told(self.over)}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("saxe2018information", "chelombiev2019adaptive")

    def bins(self, x: Float[Tensor, "n d"]) -> Int[Tensor, "n d"]:
        """0 … bins − 1; the largest number is in the last bin."""
        largest = x.abs().max()
        scaled = x / torch.where(largest > 0, largest, 1.0)  # a range may overflow otherwise
        low, high = (
            (scaled.amin(0), scaled.amax(0))
            if self.over == "columns"
            else (scaled.min(), scaled.max())
        )
        span = torch.where(high > low, high - low, 1.0)
        places = ((scaled - low) / span * self.bins_per_unit).long()
        return places.clamp_max(self.bins_per_unit - 1)


@final
@dataclass(frozen=True)
class Distinct(_Silent):
    """No bins: every distinct row is a state, as for the input of a network. Scale-invariant."""

    scale_invariant = True

    @property
    def formula(self) -> str:
        """The rule in words."""
        return "every distinct sample a state of its own"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ()

    def bins(self, x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        """The numbers as they are."""
        return x


def _told(over: Over) -> str:
    return " of every column" if over == "columns" else " of all columns together"


def _require_bins(rule: object, bins: object, over: str) -> None:
    name = type(rule).__name__
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise InfoplaneError(
            f"{name}(bins_per_unit={bins!r}): a whole number of bins, at least one, is needed."
        )
    if over not in ("columns", "whole"):
        raise InfoplaneError(f"{name}(over={over!r}): choose 'columns' or 'whole'.")
