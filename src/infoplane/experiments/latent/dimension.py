"""What dimensions are of: how many images, and code sizes beside the dimension of the input."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import xarray as xr

from infoplane.analysis.claims import Claim, untrained
from infoplane.analysis.repeated import half_interval, mean
from infoplane.experiments.latent.profile import COMPUTED
from infoplane.observe.plane import INPUT
from infoplane.values.trace import Trace

ALONG = "code_size"
PUBLISHED_ON = 5000
"""Images that Camboulin et al. measure dimensions and imbalances of."""


def noted(claims: Sequence[Claim], trace: Trace) -> list[Claim]:
    """Claims with a note that their limits were set on another number of images, if they were.

    A claim about the rate, which is no estimate, has none.
    """
    n = int(trace["dimension_T"].attrs["n"])
    if n == PUBLISHED_ON:
        return list(claims)
    note = (
        f"Published on n = {PUBLISHED_ON} images, measured here on batches of n = {n}: dimensions "
        "above about 10 come out the lower the fewer images there are, an imbalance is never below "
        f"2/n, and the limits were set for n = {PUBLISHED_ON}."
    )
    return [
        one if COMPUTED in one.notes else replace(one, notes=(*one.notes, note)) for one in claims
    ]


@final
@dataclass(frozen=True)
class Mean:
    """A mean over batches or seeds with half of its 90 % interval, NaN of one alone."""

    value: float
    half: float

    @staticmethod
    def of(values: xr.DataArray) -> "Mean":
        """The mean of numbers along batches or seeds."""
        return Mean(float(mean("", values)), float(half_interval(values)))

    def __str__(self) -> str:
        told = f"± {self.half:.1f}" if math.isfinite(self.half) else "without an interval"
        return f"{self.value:.1f} {told}"


@final
@dataclass(frozen=True)
class OfInput:
    """The dimension of the input at one scale, and that of as many normal samples.

    Both have the bias of the estimator at this n, so that K normal variables measured as the input
    is lie on the side of it on which K lies, as far as the input has the bias of normal samples.

    Attributes:
        scale: The scale.
        input: The dimension of the input.
        normal: That of K independent normal variables, by code size K.
    """

    scale: str
    input: Mean
    normal: Mapping[int, Mean]

    def is_above(self, size: int) -> bool:
        """Whether K exceeds the dimension, as measured and beside normal variables."""
        beside = self.normal[size]
        return min(size, beside.value - beside.half) > self.input.value + self.input.half

    def is_below(self, size: int) -> bool:
        """Whether it is less."""
        beside = self.normal[size]
        return max(size, beside.value + beside.half) < self.input.value - self.input.half

    def __str__(self) -> str:
        """Both numbers."""
        named = ", ".join(f"{one.value:.1f} (K = {size})" for size, one in self.normal.items())
        return f"{self.input} at scale “{self.scale}”, where K normal variables have {named}"


def of_input(trace: Trace) -> list[OfInput]:
    """The dimension of the input at every scale.

    Args:
        trace: A family of code sizes; of several seeds if they are ``across.combined``.
    """
    first = untrained(trace).isel(snapshot=0)
    # the same images in all members
    whole = first["dimension_T"].sel(layer=INPUT, drop=True).isel({ALONG: 0}, drop=True)
    normal = first["dimension_normal"]
    return [
        OfInput(
            scale,
            Mean.of(whole.sel(estimator=scale)),
            {
                int(size): Mean.of(normal.sel({"estimator": scale, ALONG: size}))
                for size in trace[ALONG].values
            },
        )
        for scale in map(str, trace["estimator"].values)
    ]


@final
@dataclass(frozen=True)
class Sides:
    """On which side of the dimension of the input code sizes lie, at every scale.

    Attributes:
        below: Those below it.
        at: Those that it may be.
        above: Those above it.
    """

    below: tuple[int, ...]
    at: tuple[int, ...]
    above: tuple[int, ...]

    def __str__(self) -> str:
        """Which lies where."""
        named = {"below": self.below, "above": self.above, "may be it": self.at}
        listed = {words: ", ".join(map(str, codes)) for words, codes in named.items() if codes}
        return "; ".join(f"{words}: K = {codes}" for words, codes in listed.items())


def placed(trace: Trace) -> Sides:
    """Which code sizes lie below the dimension of the input, at it and above it."""
    found, sizes = of_input(trace), [int(size) for size in trace[ALONG].values]
    below = tuple(size for size in sizes if all(one.is_below(size) for one in found))
    above = tuple(size for size in sizes if all(one.is_above(size) for one in found))
    return Sides(below, tuple(size for size in sizes if size not in (*below, *above)), above)
