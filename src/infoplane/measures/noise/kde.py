"""What a layer with Gaussian noise keeps, bounded by the distances between its samples."""

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.measures.estimator import Properties
from infoplane.measures.noise.layer import (
    ROUNDING,
    NoisyLayer,
    cancels,
    exponents,
    layer_alone_note,
    layer_of,
    noise_entropy,
    saturated_note,
    saturation_notes,
    scaled,
    tiles,
)
from infoplane.measures.samples import Samples, is_discrete, paired
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Bound, Estimate, is_saturated
from infoplane.values.units import LN2


@final
@dataclass(frozen=True)
class PairwiseKDE:
    """Bounds of I(x; t + Z) by pairwise distances, Z normal noise of a given variance.

    The second argument is the layer t that noise is added to; where one argument is discrete, it is
    the other one, in either place.

    * Numbers and t: x is taken to determine t, every sample being an input of its own. The value
      −(1/n) Σ_i ln (1/n) Σ_j exp(−|t_i − t_j|²/(2cσ²)), with c = 1 (upper) or 4 (lower), bounds
      what the noisy layer keeps of these n inputs; it lies between 0 and log2 n.
    * A discrete variable and t: the bound of H(T) minus the mean bound of H(T) within the classes.
      A difference of two bounds is no bound, unless every class is one point. A class rests on
      fewer samples than the whole, so that its entropy is too low and the value too high: labels
      that are independent of t seem to share with it, the more the smaller the noise.

    Both bounds are of n equally likely inputs. Of the distribution that they were drawn from, which
    may share more than log2 n, the lower one is a bound in the mean over samples; the upper one is
    so only where n is large enough for the sums to have settled, and where the value is saturated
    it claims no bound.

    The value moves with the noise and with the scale of the layer: compare layers and moments of
    training only where one variance is meaningful for all of them.

    Attributes:
        variance: Of the noise in every dimension, σ², in squared units of t. Published planes take
            0.1 (images) and 0.001 (the 12-bit task).
        bound: Which of the two bounds.

    Source: kolchinsky2017estimating; saxe2018information.
    """

    variance: float = 0.1
    bound: Bound = "upper"

    def __post_init__(self) -> None:
        if not (self.variance > 0 and math.isfinite(self.variance)):
            raise InfoplaneError(
                f"PairwiseKDE(variance={self.variance}): it must be positive and finite; without "
                "noise a continuous layer shares infinitely many bits with its input."
            )
        if self.bound not in ("lower", "upper"):
            raise InfoplaneError(f"bound={self.bound!r}: say 'lower' or 'upper'.")

    @property
    def properties(self) -> Properties:
        """Its bound and its value are of the noisy layer, so it admits no error of the pair."""
        return Properties(takes=("numbers", "mixed"), symmetric=False, bound=self.bound)

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        return (
            f"{self.bound} bound of I(x; t + Z) by pairwise distances, Z normal noise of variance "
            f"{self.variance:g} in every dimension of t"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("kolchinsky2017estimating", "saxe2018information")

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """Bound of I(x; y + Z) in bits, or of I(x + Z; y) where y alone is discrete.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w).
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, too few, not numeric, not finite, or both
                discrete.
        """
        layer = NoisyLayer.of(*paired(x, y), self)
        whole = float(spread(layer.points, self._width))
        if layer.classes is None:
            return self._information(layer, whole, 0.0, self.bound, layer_alone_note())
        within = float(within_classes(layer.points, layer.classes, self._width))
        if within <= ROUNDING:  # every class is one point, whose entropy is known
            return self._information(layer, whole, within, self.bound)
        difference = (
            f"The value is a difference of two {self.bound} bounds, and so no bound itself: see "
            "whether the other one agrees. NoisyChannel has no gap between bounds, but is too high "
            "like this one where classes have few samples: look at the value above its null."
        )
        return self._information(layer, whole, within, None, difference)

    def entropy(self, x: Samples) -> Estimate:
        """Bound of the differential entropy of x + Z in bits."""
        return self.joint_entropy(x)

    def joint_entropy(self, *variables: Samples) -> Estimate:
        """Bound of the differential entropy of several variables, all with noise, in bits."""
        points = layer_of(variables, self)
        n, d = points.shape
        kept = float(spread(points, self._width)) / LN2
        saturated = is_saturated(kept, math.log2(n))
        bound, unbound = _bound_kept(self.bound, saturated)
        notes = (saturated_note(n), *unbound) if saturated else ()
        value = kept + noise_entropy(d, self.variance)
        return Estimate(value, n, repr(self), bound=bound, notes=notes)

    def shuffled(self, x: Samples, y: Samples, orders: Int[Tensor, "s n"]) -> list[float]:
        """I(x; y[order]) in bits for every order; the spread of all samples is computed once."""
        first, second = paired(x, y)
        layer = NoisyLayer.of(first, second, self)
        whole = float(spread(layer.points, self._width))
        if layer.classes is None:
            return [whole / LN2] * len(orders)
        orders = orders.to(layer.classes.device)
        # a layer in another order has the classes in the inverse one
        classes = layer.classes[orders if is_discrete(second) else orders.argsort(1)]
        within = [float(within_classes(layer.points, one, self._width)) for one in classes]
        return [(whole - one) / LN2 for one in within]

    @property
    def _width(self) -> float:
        """Variance of the kernel."""
        return self.variance if self.bound == "upper" else 4 * self.variance

    def _information(
        self, layer: NoisyLayer, whole: float, within: float, bound: Bound | None, *notes: str
    ) -> Estimate:
        value, ceiling = (whole - within) / LN2, math.log2(layer.n)
        bound, unbound = _bound_kept(bound, is_saturated(value, ceiling))
        saturated = saturation_notes(layer, whole / LN2, value)
        return Estimate(
            value=value,
            n=layer.n,
            method=repr(self),
            bound=bound,
            ceiling=ceiling,
            bounds=(0.0, layer.class_entropy),
            notes=(*saturated, *unbound, *notes),
            shared=True,
        )


def _bound_kept(bound: Bound | None, saturated: bool) -> tuple[Bound | None, tuple[str, ...]]:
    """The bound that may be claimed, and the note on an upper one that may not."""
    if not (saturated and bound == "upper"):
        return bound, ()
    note = (
        "No upper bound is claimed: log2 n bounds what is kept of these samples, and the "
        "distribution that they were drawn from may share more. Raise the noise, or take more "
        "samples."
    )
    return None, (note,)


def spread(points: Float[Tensor, "n d"], variance: float) -> Float[Tensor, ""]:
    """−(1/n) Σ_i ln (1/n) Σ_j exp(−|t_i − t_j|²/(2·variance)), from 0 to ln n, in nats.

    With the variance of the noise it is an upper bound of what a mixture of normal distributions
    about the points tells of its component (by the Kullback-Leibler divergence of the components),
    with four times that variance a lower bound (by their Bhattacharyya distance).

    Source: kolchinsky2017estimating.
    """
    return -(kernel_sums(points, variance) / len(points)).log().mean()


def within_classes(
    points: Float[Tensor, "n d"], classes: Int[Tensor, " n"], variance: float
) -> Float[Tensor, ""]:
    """Σ_c (n_c/n) · ``spread`` of the points of class c, in nats."""
    members = classes.argsort(stable=True).split(classes.bincount().tolist())
    several = [points[one] for one in members if len(one) > 1]
    terms = [len(one) / len(points) * spread(one, variance) for one in several]
    return torch.stack([points.new_zeros(()), *terms]).sum()


def kernel_sums(points: Float[Tensor, "n d"], variance: float) -> Float[Tensor, " n"]:
    """Σ_j exp(−|t_i − t_j|²/(2·variance)) for every i, itself included: from 1 to n.

    Every pair once, a square of pairs at a time. The logarithm of the sum needs no largest term
    taken out before, because the term of a point with itself is 1.
    """
    points = scaled(points, variance)
    directly = cancels(points)
    some = tiles(len(points))
    sums = torch.zeros(len(points), dtype=torch.float64, device=points.device)
    for i, rows in enumerate(some):
        for columns in some[i:]:
            kernel = exponents(points[rows], points[columns], directly).clamp_max_(0).exp_()
            sums[rows] += kernel.sum(1)
            if columns != rows:
                sums[columns] += kernel.sum(0)
    return sums
