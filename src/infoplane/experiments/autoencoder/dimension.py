"""The intrinsic dimension of the data, with its error and its bias, and code sizes beside it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

from infoplane.analysis.on_normals import corrected
from infoplane.analysis.repeated import mean
from infoplane.datasets.images import SIDE
from infoplane.models.autoencoders.stacked import funnel
from infoplane.observe.dimension import METHOD
from infoplane.values.trace import Trace, settings_of

Z = 1.645
"""Standard errors on either side of an estimate that make a 90 % interval."""
SHAPES: Mapping[str, tuple[int, int, int]] = {
    "digits": (1, 8, 8),
    "mnist": (1, SIDE, SIDE),
    "fashion": (1, SIDE, SIDE),
    "emnist": (1, SIDE, SIDE),
    "cifar10": (3, 32, 32),
}
"""Shape (c, h, w) of the images of each data set."""


@final
@dataclass(frozen=True)
class Dimension:
    """The intrinsic dimension of the data by several methods.

    Attributes:
        names: The methods.
        values: What each says.
        errors: Their standard errors; NaN where one has none.
        n: Of how many images.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
    n: int

    @cached_property
    def corrected(self) -> tuple[float, ...]:
        """The dimension of n normal samples of which each method would say the same.

        ∞ above all that are known, NaN of a method or an n of which nothing is known.
        """
        return tuple(
            corrected(name, value, self.n)
            for name, value in zip(self.names, self.values, strict=True)
        )

    @cached_property
    def low(self) -> float:
        """The least end of all 90 % intervals, as estimated or corrected."""
        return min(end for end in self._ends(-Z) if not math.isnan(end))

    @cached_property
    def high(self) -> float:
        """The greatest end of them; ∞ where some bias is not known."""
        return max(math.inf if math.isnan(end) else end for end in self._ends(Z))

    def _ends(self, far: float) -> Iterator[float]:
        """Every estimate so many standard errors away, and what that would be corrected."""
        for name, value, error in zip(self.names, self.values, self.errors, strict=True):
            end = value if math.isnan(error) else value + far * error
            yield end
            yield corrected(name, end, self.n)

    def __str__(self) -> str:
        """Both numbers of every method."""
        each = ", ".join(
            f"{name} {value:.1f} ± {error:.1f} ({_words(whole)})"
            for name, value, error, whole in zip(
                self.names, self.values, self.errors, self.corrected, strict=True
            )
        )
        return (
            f"Intrinsic dimension of {self.n} training images: {each}. In brackets: the dimension "
            "of as many normal samples of which the method says the same, since all come out too "
            "low in many dimensions."
        )


def dimension_at(moment: Trace) -> Dimension:
    """The dimension of the data as it was measured at the first moment of a run."""
    values, errors = (mean(name, moment[name]).values.astype(float) for name in _MEASURED)
    return Dimension(
        tuple(str(name) for name in moment[METHOD].values),
        tuple(values.tolist()),
        tuple(errors.tolist()),
        int(moment["ID_X"].attrs["n"]),
    )


@final
@dataclass(frozen=True)
class Sides:
    """On which side of the dimension of the data code sizes lie.

    Attributes:
        below: Those below everything it may be.
        at: Those that it may be.
        above: Those above everything it may be.
        wide: Those wider than the narrowest stage before the code, wherever they lie: such a code
            is no bottleneck, and networks that differ in it are of one width.
        narrowest: Units of that stage; None where it is not known.
    """

    below: tuple[int, ...]
    at: tuple[int, ...]
    above: tuple[int, ...]
    wide: tuple[int, ...]
    narrowest: int | None

    @staticmethod
    def of(sizes: Sequence[int], found: Dimension, narrowest: int | None) -> "Sides":
        """Every size on its side."""
        most = math.inf if narrowest is None else narrowest
        codes = [size for size in sizes if size <= most]
        return Sides(
            tuple(size for size in codes if size < found.low),
            tuple(size for size in codes if found.low <= size <= found.high),
            tuple(size for size in codes if size > found.high),
            tuple(size for size in sizes if size > most),
            narrowest,
        )


def narrowest_stage(trace: Trace) -> int | None:
    """Units of the narrowest stage before the code; None of a data set that is not known."""
    shape = SHAPES.get(str(settings_of(trace).get("dataset")))
    return None if shape is None else min(funnel(shape))


def no_bottleneck(sizes: Sequence[int], narrowest: int | None) -> list[str]:
    """That codes are wider than a stage before them, a sentence; none of none."""
    if narrowest is None or not sizes:
        return []
    listed = ", ".join(map(str, sizes))
    return [
        f"A code of K = {listed} is wider than the stage of {narrowest} units before it, and so no "
        "bottleneck: what can be kept is limited by that stage, not by K."
    ]


_MEASURED = ("ID_X", "ID_X_error")


def _words(whole: float) -> str:
    """A corrected dimension."""
    if math.isnan(whole):
        return "bias not known"
    return f"{whole:.1f}" if math.isfinite(whole) else "more than is known"
