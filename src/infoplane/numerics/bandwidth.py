"""Kernel-width rules as values, each with its own paper's convention translated to exp(−d²/(2σ²)).

A rule first scales the samples (as given, or standardised), then says the width σ that it wants
for them. Absolute values under different rules are not comparable; that is why there is a choice.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, Protocol, final, runtime_checkable

import torch
from jaxtyping import Float, Int, Num
from torch import Tensor

from infoplane.numerics.kernels import (
    column_scales,
    gaussian_,
    whole_scale,
)
from infoplane.values.errors import InfoplaneError


@runtime_checkable
class Bandwidth(Protocol):
    """How wide the Gaussian kernel of a variable is."""

    def scale(self, x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch c"] | None:
        """Factor of every column before distances are taken, one for all (c = 1), or None."""
        ...

    def sigma(self, squared: Float[Tensor, "*batch n n"], d: int) -> Float[Tensor, "*batch"]:
        """The width for n samples of d columns, scaled, with these squared distances."""
        ...


@runtime_checkable
class Described(Protocol):
    """A rule that says for a methods section what it does."""

    @property
    def formula(self) -> str:
        """The width σ of the kernel exp(−d²/(2σ²)) in symbols, with its parameters."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        ...


@runtime_checkable
class SaysScale(Protocol):
    """A rule that says whether units matter to it."""

    @property
    def scale_invariant(self) -> bool:
        """Whether the kernel stays if all numbers are doubled."""
        ...


class _AsGiven:
    """Shared by the rules that leave the samples as they are."""

    def scale(self, x: Num[Tensor, "*batch n d"]) -> None:
        return None


@runtime_checkable
class FromShape(Protocol):
    """A rule whose width follows from how many samples and columns there are, and nothing else."""

    def width_for(self, n: int, d: int) -> float:
        """The width for n samples of d columns, scaled."""
        ...


class _FromShape(ABC):
    """Shared by the rules whose width needs no distances."""

    @abstractmethod
    def width_for(self, n: int, d: int) -> float: ...

    def sigma(self, squared: Float[Tensor, "*batch n n"], d: int) -> Float[Tensor, "*batch"]:
        """The same width for every batch."""
        return squared.new_full(squared.shape[:-2], self.width_for(squared.shape[-1], d))


def _shrinking(factor: float, n: int, d: int) -> float:
    """Factor · n^(−1/(4+d)), the common form of the published rules."""
    return factor * n ** (-1 / (4 + d))


def _positive(rule: object, **numbers: float) -> None:
    for name, number in numbers.items():
        if not (math.isfinite(number) and number > 0):
            raise InfoplaneError(
                f"{type(rule).__name__}({name}={number}): {name} must be positive and finite."
            )


@final
@dataclass(frozen=True)
class Silverman(_AsGiven, _FromShape):
    """σ = h·n^(−1/(4+d)) of Yu and Principe; h = 5 for the forward chain. Not scale-invariant.

    Source: yu2019understanding; yu2020understanding.
    """

    scale_invariant: ClassVar[bool] = False

    h: float = 5.0

    def __post_init__(self) -> None:
        _positive(self, h=self.h)

    @property
    def formula(self) -> str:
        """The rule in symbols."""
        return f"σ = h·n^(−1/(4+d)) with h = {self.h:g}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("yu2019understanding", "yu2020understanding")

    def width_for(self, n: int, d: int) -> float:
        """h·n^(−1/(4+d))."""
        return _shrinking(self.h, n, d)


@final
@dataclass(frozen=True)
class LeeJo(_AsGiven, _FromShape):
    """σ = γ·n^(−1/(4+d)) of Lee and Jo, γ = 2. Saturates on wide layers. Not scale-invariant.

    Source: lee2021information.
    """

    scale_invariant: ClassVar[bool] = False

    gamma: float = 2.0

    def __post_init__(self) -> None:
        _positive(self, gamma=self.gamma)

    @property
    def formula(self) -> str:
        """The rule in symbols."""
        return f"σ = γ·n^(−1/(4+d)) with γ = {self.gamma:g}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("lee2021information",)

    def width_for(self, n: int, d: int) -> float:
        """γ·n^(−1/(4+d))."""
        return _shrinking(self.gamma, n, d)


@final
@dataclass(frozen=True)
class Tapia(_FromShape):
    """σ = γ·√d·n^(−1/(4+d)) on standardised samples: the scale-invariant rule.

    The published code adds 1e-8 to every variance, which makes small activations scale-dependent
    again; here a column counts as constant only if its spread is rounding.

    Attributes:
        gamma: Width in units of the typical distance.
        standardise: "columns" gives every dimension unit variance (layers), "whole" divides all
            of them by one common scale (images, whose dark border pixels must not be amplified).

    Source: tapia2020information.
    """

    scale_invariant: ClassVar[bool] = True

    gamma: float = 1.0
    standardise: Literal["columns", "whole"] = "columns"

    def __post_init__(self) -> None:
        _positive(self, gamma=self.gamma)
        if self.standardise not in ("columns", "whole"):
            raise InfoplaneError(
                f"Tapia(standardise={self.standardise!r}): choose 'columns' or 'whole'."
            )

    def scale(self, x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch c"]:
        """To unit variance, per column or as a whole."""
        return column_scales(x) if self.standardise == "columns" else whole_scale(x)

    @property
    def formula(self) -> str:
        """The rule in symbols."""
        return (
            f"σ = γ·√d·n^(−1/(4+d)) with γ = {self.gamma:g} on samples standardised "
            f"{'per column' if self.standardise == 'columns' else 'as a whole'}"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("tapia2020information",)

    def width_for(self, n: int, d: int) -> float:
        """γ·√d·n^(−1/(4+d))."""
        return _shrinking(self.gamma * math.sqrt(d), n, d)


@final
@dataclass(frozen=True)
class Fixed(_AsGiven, _FromShape):
    """One width chosen by hand, in the units of the samples."""

    scale_invariant: ClassVar[bool] = False

    width: float

    def __post_init__(self) -> None:
        _positive(self, width=self.width)

    @property
    def formula(self) -> str:
        """The rule in symbols."""
        return f"σ = {self.width:g} in the units of the samples"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ()

    def width_for(self, n: int, d: int) -> float:
        """The given width."""
        return self.width


@final
@dataclass(frozen=True)
class MedianDistance(_AsGiven):
    """σ = factor · the median distance between different samples. Scale-invariant.

    If more than half of all pairs coincide the median is 0; the median of the positive distances
    is taken instead, and 1 if all samples are equal (their kernel is then 1 at any width).
    """

    scale_invariant: ClassVar[bool] = True

    factor: float = 1.0

    def __post_init__(self) -> None:
        _positive(self, factor=self.factor)

    @property
    def formula(self) -> str:
        """The rule in symbols."""
        return f"σ = {self.factor:g} × the median distance between samples"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ()

    def sigma(self, squared: Float[Tensor, "*batch n n"], d: int) -> Float[Tensor, "*batch"]:
        """The median off-diagonal distance times the factor."""
        distances = _pair_distances(squared)
        median = _median(distances)
        positive = _median(distances.masked_fill(distances == 0, torch.nan))
        fallback = positive.nan_to_num(nan=1.0)
        return self.factor * torch.where(median > 0, median, fallback)


@final
@dataclass(frozen=True)
class Alignment(_AsGiven):
    """The width whose kernel aligns best with the class labels, chosen on held-out samples.

    Choosing a width by labels and measuring on the same samples is selection on the target. Of
    several batches, each is therefore measured with the width that the *other* batches prefer.

    Attributes:
        labels: Class of every sample, shape (batch, n) like the samples to be measured.
        candidates: Number of widths tried.
        smoothest: Largest width tried, in units of the mean distance.
        smoothing: Weight of the previous step's width (exponential moving average).
        previous: Width of each batch at the previous step, shape (batch,); see ``after``.
        centred: Centred alignment (CKA) instead of the published uncentred one.

    Source: wickstrom2019information (kernel exp(−d²/σ²): its widths are √2 times these).
    """

    labels: Int[Tensor, "batch n"]
    candidates: int = 75
    smoothest: float = 10 / math.sqrt(2)
    smoothing: float = 0.9
    previous: Float[Tensor, " batch"] | None = field(default=None, repr=False)
    centred: bool = False

    @property
    def scale_invariant(self) -> bool:
        """As long as no width of a step before, in its units, is remembered."""
        return self.previous is None

    @property
    def formula(self) -> str:
        """The rule in symbols."""
        return (
            f"the σ of {self.candidates} candidates whose kernel aligns best with the class labels "
            "on the other batches"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("wickstrom2019information",)

    def sigma(self, squared: Float[Tensor, "*batch n n"], d: int) -> Float[Tensor, "*batch"]:
        """For each batch the candidate of best mean alignment over the other batches.

        Raises:
            InfoplaneError: There is one batch alone, or the labels have another shape.
        """
        if squared.ndim != 3 or len(squared) < 2:
            raise InfoplaneError(
                "Alignment measures each batch with the width that the other batches prefer: "
                f"give at least two batches (batch, n, d); the distances have shape "
                f"{tuple(squared.shape)}."
            )
        if self.labels.shape != squared.shape[:2]:
            raise InfoplaneError(
                f"Alignment has labels of shape {tuple(self.labels.shape)} for distances of shape "
                f"{tuple(squared.shape)}; one label per sample is needed."
            )
        grid = self._grid(squared)
        scores = torch.stack([self._alignment(squared, width) for width in grid])
        others = scores.sum(1, keepdim=True) - scores
        best = grid[others.argmax(0)]
        if self.previous is None:
            return best
        return self.smoothing * self.previous + (1 - self.smoothing) * best

    def after(self, sigma: Float[Tensor, " batch"]) -> "Alignment":
        """The rule for the next step, which remembers this step's widths."""
        return replace(self, previous=sigma)

    def _grid(self, squared: Tensor) -> Tensor:
        """Evenly spaced widths up to ``smoothest`` mean distances, common to all batches."""
        mean = squared.sqrt().mean()
        largest = self.smoothest * torch.where(
            mean > 0, mean, 1
        )  # any width does for equal samples
        return torch.arange(1, self.candidates + 1).to(squared) / self.candidates * largest

    def _alignment(self, squared: Tensor, width: Tensor) -> Tensor:
        """⟨K, K_y⟩ / (‖K‖·‖K_y‖) of every batch, shape (batch,)."""
        kernel = gaussian_(squared.clone(), width.expand(len(squared)))
        classes = (self.labels[:, :, None] == self.labels[:, None, :]).to(kernel)
        if self.centred:
            kernel, classes = _doubly_centred(kernel), _doubly_centred(classes)
        product = (kernel * classes).sum((-2, -1))
        return product / (kernel.square().sum((-2, -1)) * classes.square().sum((-2, -1))).sqrt()


def _pair_distances(squared: Tensor) -> Tensor:
    """Distances of the n(n−1)/2 pairs, shape (…, pairs)."""
    n = squared.shape[-1]
    i, j = torch.triu_indices(n, n, offset=1, device=squared.device)
    return squared[..., i, j].sqrt()


def _median(values: Tensor) -> Tensor:
    """Mean of the lower and the upper median, without NaN; torch.quantile stops at 2²⁴ numbers."""
    lower, upper = values.nanmedian(-1).values, -(-values).nanmedian(-1).values
    return (lower + upper) / 2


def _doubly_centred(matrix: Tensor) -> Tensor:
    rows, columns = matrix.mean(-1, keepdim=True), matrix.mean(-2, keepdim=True)
    return matrix - rows - columns + matrix.mean((-2, -1), keepdim=True)
