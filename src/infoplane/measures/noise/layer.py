"""A layer with Gaussian noise: what every measure of it needs.

A layer t = t(x) of real numbers shares infinitely much with its input x. With noise it does not:
T = t + Z is a mixture of normal distributions, one about each sample.
"""

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.measures.samples import (
    Samples,
    checked,
    is_discrete,
    numbered,
)
from infoplane.numerics.counts import states
from infoplane.quantities.tables import counted_entropy
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import is_saturated

ROUNDING = 1e-9
"""The largest error in an exponent that matrix products may leave; else differences are taken."""
TILE = 512
"""Kernels are summed over squares of so many samples, which fit into a processor's cache."""


@final
@dataclass(frozen=True)
class NoisyLayer:
    """The samples that noise is added to.

    Attributes:
        points: Activations, float64.
        classes: State of the discrete variable at every sample, 0…C−1; None where the other
            variable is of numbers, so that every sample is an input of its own.
    """

    points: Float[Tensor, "n d"]
    classes: Int[Tensor, " n"] | None

    @classmethod
    def of(cls, x: Tensor, y: Tensor, estimator: object) -> "NoisyLayer":
        """Of two checked variables: the second one, or that of numbers where one is discrete.

        Raises:
            InfoplaneError: Both are discrete.
        """
        if not is_discrete(y):
            return cls(y.detach().double(), _classes(x) if is_discrete(x) else None)
        if is_discrete(x):
            raise InfoplaneError(
                f"Both variables are discrete, and {type(estimator).__name__} adds noise to "
                "numbers: use PlugIn, or pass the layer as floats."
            )
        return cls(x.detach().double(), _classes(y))

    @property
    def n(self) -> int:
        """How many samples."""
        return len(self.points)

    @property
    def class_entropy(self) -> float | None:
        """Entropy of the discrete variable in bits, if there is one."""
        if self.classes is None:
            return None
        return counted_entropy(self.classes.bincount())


def layer_of(variables: tuple[Samples, ...], estimator: object) -> Float[Tensor, "n d"]:
    """Several variables of numbers as the columns of one layer.

    Raises:
        InfoplaneError: None is given, one is discrete, or they are not samples of the same things.
    """
    if not variables:
        raise InfoplaneError("No variable was given.")
    samples = checked(numbered(variables))
    for name, x in samples.items():
        if is_discrete(x):
            raise InfoplaneError(
                f"{name} holds integers, and {type(estimator).__name__} adds noise to "
                "numbers: PlugIn has the entropy of states; pass counts as floats."
            )
    return torch.cat([x.detach().double() for x in samples.values()], 1)


def noise_entropy(d: int, variance: float) -> float:
    """Differential entropy of the noise in bits: (d/2) log2(2πe·variance)."""
    return 0.5 * d * math.log2(2 * math.pi * math.e * variance)


def scaled(points: Float[Tensor, "n d"], variance: float) -> Float[Tensor, "n d"]:
    """Centred, in units in which the kernel is exp(−|a − b|²)."""
    moved = points - points[:1]  # exact zeros where all points are the same
    return (moved - moved.mean(0)) / math.sqrt(2 * variance)


def tiles(n: int) -> list[slice]:
    """All of n samples in consecutive pieces of ``TILE``."""
    return [slice(start, start + TILE) for start in range(0, n, TILE)]


def cancels(points: Float[Tensor, "n d"]) -> bool:
    """Whether points lie so far out that products would lose the distances between them."""
    farthest = float(points.square().sum(1).max())
    return not farthest * 8 * torch.finfo(torch.float64).eps <= ROUNDING


def exponents(
    a: Float[Tensor, "m d"], b: Float[Tensor, "k d"], directly: bool
) -> Float[Tensor, "m k"]:
    """−|a_i − b_j|² of all pairs, without an (m, k, d) array.

    Args:
        a: Points.
        b: Other points.
        directly: From differences, slowly; matrix products do it where nothing ``cancels``.
    """
    if directly:
        return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist").square_().neg_()
    squares = b.square().sum(1)
    return torch.addmm(-squares, a, b.mT, alpha=2).sub_(a.square().sum(1)[:, None])


def saturation_notes(layer: NoisyLayer, kept: float, value: float) -> tuple[str, ...]:
    """What must be said if the samples do not overlap, in all or within the classes.

    Args:
        layer: The samples.
        kept: What the noisy layer tells of the sample that it came from, in bits; at most log2 n.
        value: What it tells of the class, or ``kept`` again where there are none, in bits. The
            rest, ``kept − value``, is what it tells of the sample within a class; at most the mean
            of log2 n_c.
    """
    ceiling, labels = math.log2(layer.n), layer.class_entropy
    if is_saturated(value, ceiling):
        return (saturated_note(layer.n),)
    if not labels:
        return ()
    if is_saturated(kept, ceiling):
        return (
            "Every sample stands alone at this noise, so the value is close to H(labels) whatever "
            "t is: raise the noise, take more samples, and look at the value above its null.",
        )
    within = ceiling - labels
    if within > ROUNDING and is_saturated(kept - value, within):
        return (
            "Every sample stands alone within its class at this noise, so the value is too high, "
            "at most H(labels), whatever t is: raise the noise, take more samples, and look at the "
            "value above its null.",
        )
    return ()


def saturated_note(n: int) -> str:
    """Says that a value is the number of samples."""
    return (
        f"The value is saturated at log2 n: with this noise the {n} samples do not overlap, so it "
        "counts them. Raise the noise, or take more samples."
    )


def layer_alone_note() -> str:
    """Says what a value means whose first variable is of numbers."""
    return (
        "Every sample of x counts as an input of its own that determines t, so only t enters and "
        "shuffling it changes nothing: for a null, or where t is noisy itself, use MixedKSG, or "
        "pass labels as x."
    )


def _classes(x: Tensor) -> Tensor:
    """Discrete samples, numbered 0…C−1 by those states that occur."""
    return states(x).ids.unique(return_inverse=True)[1]
