"""Information from nearest neighbours, for numbers: Kraskov, Stögbauer and Grassberger."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.special import digamma
from torch import Tensor

from infoplane.measures.estimator import Properties
from infoplane.measures.neighbours.neighbourhood import (
    ceiling,
    cloud_of,
    locality_notes,
    repetition_notes,
    require_more_samples,
    require_neighbours,
    scale_notes,
    tie_notes,
)
from infoplane.measures.samples import Samples, checked, is_discrete
from infoplane.numerics.neighbours import (
    Cloud,
    count_within,
    joined,
    nearest_by_max_norm,
    nearest_distances,
)
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.units import LN2

Local = Float[np.ndarray, " n"]
"""One number for every sample."""
Distances = Float[np.ndarray, "n m"]
"""Joint distances to the k nearest others, ascending, and to the next if there is one."""


def first_variant(x: Cloud, y: Cloud, radii: Local, k: int) -> Local:
    """ψ(k) + ψ(n) − ψ(n_x + 1) − ψ(n_y + 1) of every sample, in nats; I is the mean.

    n_x and n_y count those nearer than the k-th neighbour of the joint space, at ``radii``.

    Source: kraskov2004estimating, equation 8.
    """
    n_x, n_y = (count_within(one, radii, closed=False) for one in (x, y))
    return digamma(k) + digamma(len(x)) - digamma(n_x + 1) - digamma(n_y + 1)


def second_variant(x: Cloud, y: Cloud, neighbours: Int[np.ndarray, "n k"]) -> Local:
    """ψ(k) − 1/k + ψ(n) − ψ(n_x) − ψ(n_y) of every sample, in nats; I is the mean.

    Every variable has a radius of its own, that of its furthest among the k joint neighbours, and
    n_x and n_y count those as near. The 1/k is for two sides of a rectangle: beside a constant
    there is one side, and nothing is shared.

    Source: kraskov2004estimating, equation 9.
    """
    k = neighbours.shape[1]
    sides = sum(bool(np.ptp(one.numbers, axis=0).any()) for one in (x, y))
    n_x, n_y = (count_within(one, _reach(one, neighbours), closed=True) for one in (x, y))
    return digamma(k) - (sides == 2) / k + digamma(len(x)) - digamma(n_x) - digamma(n_y)


def conditional_variant(x: Cloud, y: Cloud, given: Cloud, radii: Local, k: int) -> Local:
    """ψ(k) + ψ(n_z + 1) − ψ(n_xz + 1) − ψ(n_yz + 1) of every sample, in nats; I is the mean.

    Source: frenzel2007partial.
    """
    spaces = given, joined(x, given), joined(y, given)
    n_z, n_xz, n_yz = (count_within(space, radii, closed=False) for space in spaces)
    return digamma(k) + digamma(n_z + 1) - digamma(n_xz + 1) - digamma(n_yz + 1)


def largest(distances: Distances, k: int, variant: int) -> float:
    """What no sum over these neighbourhoods exceeds, in bits: ψ(n) − ψ(k) where nothing is tied.

    Balls of variant 1 are open: of m others nearer than the k-th neighbour in the joint space all
    are in the ball of every variable, and m is k − 1, or less where the k-th is tied with those
    before it. Rectangles of variant 2 are closed and always hold k, which leaves 1/k less.
    """
    if variant == 2:
        return ceiling(len(distances), k) - 1 / k / LN2
    nearer = (distances[:, :k] < distances[:, k - 1 : k]).sum(1)
    return ceiling(len(distances), k) + 2 * float((digamma(k) - digamma(nearer + 1)).mean()) / LN2


def kozachenko_leonenko(radii: Local, columns: int, k: int) -> float:
    """ψ(n) − ψ(k) + d⟨ln 2ε⟩ in nats, from max-norm distances ε to the k-th neighbour.

    A distance of zero makes it −∞, which is the entropy of a distribution with an atom.

    Source: kozachenko1987sample; in the max norm kraskov2004estimating.
    """
    with np.errstate(divide="ignore"):
        logarithms = np.log(2 * radii)
    return float(digamma(len(radii)) - digamma(k) + columns * logarithms.mean())


@final
@dataclass(frozen=True)
class KSG:
    """Mutual information of numbers from the distances to their nearest neighbours.

    Values can be negative where there is little to find, and are shown as they come. In many
    dimensions they are too low (5 + 5 columns with 1.61 bit in truth: 1.20 bit at n = 5000): a
    note warns where neighbourhoods are as wide as the data. What a deterministic layer shares is
    infinite in truth, and here grows with n up to the ceiling ψ(n) − ψ(k). Numbers on a lattice
    have tied distances, which exceed that: a note tells of them. It claims no interval.

    It computes on the CPU, wherever the samples lie.

    Attributes:
        k: Neighbours; few for little bias, many for little variance.
        variant: 1 (one radius for all variables) or 2 (one for each).
        standardise: Divide every column by its standard deviation first. Scales matter only in
            that the wider variable chooses the neighbours; the default leaves the samples alone.

    Source: kraskov2004estimating.
    """

    k: int = 4
    variant: Literal[1, 2] = 1
    standardise: bool = False

    def __post_init__(self) -> None:
        require_neighbours(self.k, "KSG")
        if self.variant not in (1, 2):
            raise InfoplaneError(f"KSG(variant={self.variant!r}): there are variants 1 and 2.")

    @property
    def properties(self) -> Properties:
        """Numbers alone; doubling all of them changes nothing."""
        return Properties(takes=("numbers",), scale_invariant=True, error=0.2)

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        columns = ", columns standardised" if self.standardise else ""
        return (
            f"Kraskov–Stögbauer–Grassberger, variant {self.variant}, k = {self.k}, "
            f"max norm{columns}"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("kraskov2004estimating",)

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """I(x; y) in bits.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w) of floats.
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, not finite, discrete, or hold k samples at
                most.
        """
        samples = self._numbers({"x": x, "y": y})
        clouds = self._clouds(samples)
        local, distances = self._local(*clouds.values())
        return self._information(local, distances, samples, clouds)

    def shuffled(self, x: Samples, y: Samples, orders: Int[Tensor, "s n"]) -> list[float]:
        """I(x; y[order]) for every order, in bits."""
        clouds = self._clouds(self._numbers({"x": x, "y": y}))
        moved = (clouds["y"].at(order) for order in orders.cpu().numpy())
        return [float(self._local(clouds["x"], other)[0].mean()) / LN2 for other in moved]

    def conditional(self, x: Samples, y: Samples, given: Samples) -> Estimate:
        """I(x; y | given) in bits, of numbers all three.

        Source: frenzel2007partial.

        Raises:
            InfoplaneError: As for I(x; y), or this is variant 2, which has no conditional form.
        """
        if self.variant == 2:
            raise InfoplaneError("Conditional information has variant 1 alone: KSG(variant=1).")
        samples = self._numbers({"x": x, "y": y, "given": given})
        clouds = self._clouds(samples)
        a, b, other = clouds.values()
        distances, _ = self._nearest(a, b, other)
        local = conditional_variant(a, b, other, distances[:, self.k - 1], self.k)
        return self._information(local, distances, samples, clouds)

    def entropy(self, x: Samples) -> Estimate:
        """The differential entropy h(x) in bits, of the numbers as they are.

        It is negative for a narrow density, and −∞ where more than k samples coincide.

        Source: kozachenko1987sample.
        """
        return self.joint_entropy(x)

    def joint_entropy(self, *variables: Samples) -> Estimate:
        """The differential entropy h(x, y, …) in bits, of several variables of numbers."""
        if not variables:
            raise InfoplaneError("No variable was given.")
        samples = self._numbers({f"variable {i}": x for i, x in enumerate(variables)})
        joint = torch.cat([one.detach().double().cpu() for one in samples.values()], 1)
        cloud = cloud_of(joint)
        radii = nearest_distances(cloud, self.k)[:, -1]
        value = kozachenko_leonenko(radii, cloud.columns, self.k) / LN2
        remedy = "the entropy of an atom is −∞; use Binned for the entropy of states."
        notes = repetition_notes({"the variables": joint}, remedy) + locality_notes(cloud, radii)
        return Estimate(value, len(cloud), repr(self), notes=notes)

    def _numbers(self, given: Mapping[str, Samples]) -> dict[str, Tensor]:
        samples = checked(given)
        for name, x in samples.items():
            if is_discrete(x):
                raise InfoplaneError(
                    f"{name} is discrete (integers), and KSG measures distances of numbers: use "
                    "MixedKSG, which takes labels and numbers, or pass counts as floats."
                )
            require_more_samples(len(x), self.k, "KSG")
        return samples

    def _clouds(self, samples: Mapping[str, Tensor]) -> dict[str, Cloud]:
        return {name: cloud_of(one, self.standardise) for name, one in samples.items()}

    def _nearest(self, *clouds: Cloud) -> tuple[Distances, Int[np.ndarray, "n m"]]:
        """Distances in the joint space, and who is there; one beyond the k-th shows its ties."""
        points = joined(*clouds).numbers
        return nearest_by_max_norm(points, min(self.k + 1, len(points) - 1))

    def _local(self, x: Cloud, y: Cloud) -> tuple[Local, Distances]:
        """Nats of every sample, and distances in the joint space."""
        distances, neighbours = self._nearest(x, y)
        if self.variant == 1:
            return first_variant(x, y, distances[:, self.k - 1], self.k), distances
        return second_variant(x, y, neighbours[:, : self.k]), distances

    def _information(
        self,
        local: Local,
        distances: Distances,
        samples: Mapping[str, Tensor],
        clouds: Mapping[str, Cloud],
    ) -> Estimate:
        remedy = "use MixedKSG, which allows for ties."
        tied = repetition_notes(samples, remedy) or tie_notes(distances, self.k, remedy)
        return Estimate(
            value=float(local.mean()) / LN2,
            n=len(local),
            method=repr(self),
            ceiling=math.inf if tied else largest(distances, self.k, self.variant),
            notes=(
                *tied,
                *(() if self.standardise else scale_notes(clouds)),
                *locality_notes(joined(*clouds.values()), distances[:, self.k - 1]),
            ),
            shared=True,
        )


def _reach(cloud: Cloud, neighbours: np.ndarray) -> Local:
    """The largest distance to some neighbours within one variable."""
    apart = [np.abs(cloud.numbers - cloud.numbers[one]).max(1) for one in neighbours.T]
    return np.max(apart, axis=0)
