"""Information from nearest neighbours, for labels, numbers, and numbers with ties."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import digamma
from torch import Tensor

from infoplane.measures.estimator import Properties
from infoplane.measures.neighbours.neighbourhood import (
    ceiling,
    cloud_of,
    locality_notes,
    require_more_samples,
    require_neighbours,
    scale_notes,
)
from infoplane.measures.samples import Samples, checked
from infoplane.numerics.neighbours import (
    Cloud,
    count_within,
    joined,
    nearest_distances,
    of_numbers,
)
from infoplane.quantities.tables import counted_entropy
from infoplane.values.estimate import Estimate
from infoplane.values.units import LN2


@final
@dataclass(frozen=True)
class Balls:
    """A neighbourhood of every sample in the joint space.

    Attributes:
        radii: Distance to the k-th other sample of the same states, or to the last if there are
            fewer.
        closed: Whether the sphere belongs to it: where others than the k-th lie on it too, and
            where the radius is 0.
        inside: Samples it stands for: k of an open ball, all (its centre too) of a closed one.
        alone: Whether no other sample has the same states.
    """

    radii: Float[np.ndarray, " n"]
    closed: Bool[np.ndarray, " n"]
    inside: Int[np.ndarray, " n"]
    alone: Bool[np.ndarray, " n"]


def balls(space: Cloud, k: int) -> Balls:
    """The neighbourhoods of the samples in their joint space."""
    n = len(space)
    distances = np.column_stack([np.zeros(n), nearest_distances(space, k + 1)])
    others = np.minimum(np.isfinite(distances).sum(1) - 1, k)
    every = np.arange(n)
    radii = distances[every, others]
    after, before = distances[every, others + 1], distances[every, np.maximum(others - 1, 0)]
    closed = (radii == 0) | (after == radii) | (before == radii)
    inside = others
    if closed.any():
        inside = np.where(closed, count_within(space, radii, closed) + 1, others)
    return Balls(radii, closed, inside, others == 0)


def local_information(x: Cloud, y: Cloud, given: Cloud, around: Balls) -> Float[np.ndarray, " n"]:
    """ψ(k̃) + ψ(n_z + 1) − ψ(n_xz + 1) − ψ(n_yz + 1) of every sample, in nats; I is the mean.

    k̃ samples are in the ball of the joint space, and n_… others in the same ball of a part; with
    nothing given, ψ(n_z + 1) is ψ(n). In balls without ties this is the first variant of Kraskov
    et al., and Frenzel and Pompe's; with one variable of labels it is that of Ross; in balls of
    radius 0 that of Gao et al., with ψ(n) for ln n, which leaves counts of discrete states all but
    unbiased. A sample that is alone in its states tells nothing of a density, and counts as 0.

    Source: gao2017estimating; ross2014mutual; mesner2021conditional.
    """
    spaces = given, joined(x, given), joined(y, given)
    n_z, n_xz, n_yz = (count_within(space, around.radii, around.closed) for space in spaces)
    local = digamma(around.inside) + digamma(n_z + 1) - digamma(n_xz + 1) - digamma(n_yz + 1)
    has_density = x.columns + y.columns + given.columns > 0
    return np.where(around.alone, 0.0, local) if has_density else local


@final
@dataclass(frozen=True)
class MixedKSG:
    """Mutual information of any two variables, from the distances to their nearest neighbours.

    Floats are compared by the max norm, integers (class labels, or rows of integers) by equality.
    Ties are allowed: numbers may be partly discrete, such as activations behind a ReLU. Where
    there are none it is KSG of variant 1, and two discrete variables need no neighbours: then it
    is an estimate from counts. What KSG says of many dimensions holds here too.

    It computes on the CPU, wherever the samples lie.

    Attributes:
        k: Neighbours; few for little bias, many for little variance.
        standardise: Divide every column of numbers by its standard deviation first.

    Source: gao2017estimating; ross2014mutual.
    """

    k: int = 4
    standardise: bool = False

    def __post_init__(self) -> None:
        require_neighbours(self.k, "MixedKSG")

    @property
    def properties(self) -> Properties:
        """Every pair; doubling all numbers changes nothing."""
        return Properties(scale_invariant=True, error=0.2)

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        columns = ", columns standardised" if self.standardise else ""
        return f"nearest neighbours with ties and labels, k = {self.k}, max norm{columns}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("gao2017estimating", "ross2014mutual", "kraskov2004estimating")

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """I(x; y) in bits.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w).
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, not numeric, not finite, or hold k samples
                at most.
        """
        return self._information(self._clouds({"x": x, "y": y}))

    def shuffled(self, x: Samples, y: Samples, orders: Int[Tensor, "s n"]) -> list[float]:
        """I(x; y[order]) for every order, in bits."""
        first, second = self._clouds({"x": x, "y": y}).values()
        moved = (second.at(order) for order in orders.cpu().numpy())
        return [
            self._bits(first, other, around=balls(joined(first, other), self.k)) for other in moved
        ]

    def conditional(self, x: Samples, y: Samples, given: Samples) -> Estimate:
        """I(x; y | given) in bits, of any three variables.

        Source: mesner2021conditional.
        """
        return self._information(self._clouds({"x": x, "y": y, "given": given}))

    def _clouds(self, given: Mapping[str, Samples]) -> dict[str, Cloud]:
        samples = checked(given)
        for x in samples.values():
            require_more_samples(len(x), self.k, "MixedKSG")
        return {name: cloud_of(x, self.standardise) for name, x in samples.items()}

    def _information(self, clouds: Mapping[str, Cloud]) -> Estimate:
        space = joined(*clouds.values())
        around = balls(space, self.k)
        discrete = [
            counted_entropy(clouds[name].states.counts())
            for name in ("x", "y")
            if clouds[name].columns == 0
        ]
        return Estimate(
            value=self._bits(*clouds.values(), around=around),
            n=len(space),
            method=repr(self),
            ceiling=ceiling(len(space), self.k if space.states.size == 1 else 1),
            bounds=(None, min(discrete) if discrete else None),
            notes=(
                *self._alone_notes(space, around),
                *(() if self.standardise else scale_notes(clouds)),
                *locality_notes(space, around.radii),
            ),
            shared=True,
        )

    def _bits(self, x: Cloud, y: Cloud, given: Cloud | None = None, *, around: Balls) -> float:
        nothing = of_numbers(np.empty((len(x), 0))) if given is None else given
        return float(local_information(x, y, nothing, around).mean()) / LN2

    def _alone_notes(self, space: Cloud, around: Balls) -> tuple[str, ...]:
        alone = int(around.alone.sum())
        if not alone:
            return ()
        return (
            f"{alone} of {len(space)} samples are the only ones of their class or state, and "
            + ("count as 0 bit" if space.columns else "their counts of 1 say little")
            + ": merge rare classes, or pass integers that are numbers (pixels, counts) as floats.",
        )
