"""Information of variables of many dimensions as the mean over random one-dimensional shadows."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.measures.estimator import Estimator, Properties
from infoplane.measures.evidence.null import shuffled, sources_of, told
from infoplane.measures.samples import Samples, is_discrete, pair_of, paired
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.pairs import Pair
from infoplane.values.seeds import stream


@final
@dataclass(frozen=True)
class Sliced:
    """Sliced mutual information: the mean over random projections of both variables to a line.

    Every projection is a pair of independent, uniformly distributed directions. Only pairs of
    scalars are ever measured, so the number of dimensions costs no samples. It is 0 for independent
    variables alone and at most the information itself, usually far less; processing can *raise* it,
    because it measures what can be extracted linearly. Discrete variables and those of one
    dimension stay as they are; where both do, the value is that of the inner estimator.

    Attributes:
        inner: The estimator of the projected pairs.
        projections: How many pairs of directions.
        seed: Seed of the directions.

    Source: goldfeld2021sliced.
    """

    inner: Estimator
    projections: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if self.projections < 2:
            raise InfoplaneError(
                f"projections={self.projections}: a standard error needs two, and 100 are usual."
            )
        if not self.properties.takes:
            raise InfoplaneError(
                f"{self.inner!r} takes no numbers, and there is nothing else to project: use "
                "Gaussian, KSG or another estimator of numbers."
            )

    @property
    def properties(self) -> Properties:
        """Those of the inner estimator that a mean over directions keeps.

        Both places have directions of their own, so swapping them moves the value within its error.
        """
        inner = self.inner.properties
        takes: tuple[Pair, ...] = tuple(pair for pair in inner.takes if pair != "labels")
        return Properties(
            takes=takes,
            symmetric=False,
            nonnegative=inner.nonnegative,
            scale_invariant=inner.scale_invariant,
            bound="lower" if inner.bound == "lower" else None,
        )

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        pairs = f"{self.projections} pairs of random directions"
        return f"sliced: mean over {pairs} of: {told(self.inner)}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return tuple(dict.fromkeys(("goldfeld2021sliced", *sources_of(self.inner))))

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """Sliced I(x; y) in bits, with the standard error of the mean over directions.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w).
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, or a pair that the inner estimator refuses.
        """
        first, second = self._pair(x, y)
        if not (_is_wide(first) or _is_wide(second)):
            whole = self.inner(first, second)
            bound = whole.bound if whole.bound == self.properties.bound else None
            return replace(whole, method=repr(self), bound=bound, interval=None)
        found = [self.inner(*pair) for pair in self._projected(first, second)]
        values = np.array([one.value for one in found])
        stderr = _error(values)
        return Estimate(
            value=float(values.mean()),
            n=found[0].n,
            method=repr(self),
            stderr=stderr,
            stderr_source=None if stderr is None else f"{self.projections} pairs of directions",
            bound=self.properties.bound if all(one.bound == "lower" for one in found) else None,
            ceiling=max(one.ceiling for one in found),
            notes=_gathered(found),
            shared=True,
        )

    def shuffled(self, x: Samples, y: Samples, orders: Int[Tensor, "s n"]) -> list[float]:
        """Sliced I(x; y[order]) in bits for every order, along the same directions."""
        first, second = self._pair(x, y)
        if not (_is_wide(first) or _is_wide(second)):
            return shuffled(self.inner, first, second, orders)
        values = [shuffled(self.inner, *pair, orders) for pair in self._projected(first, second)]
        return np.mean(values, 0).tolist()

    def _pair(self, x: Samples, y: Samples) -> tuple[Tensor, Tensor]:
        first, second = paired(x, y)
        if pair_of(first, second) == "labels":
            raise InfoplaneError(
                "Both variables are discrete, so there is nothing to project: use PlugIn, or pass "
                "counts as floats."
            )
        return first, second

    def _projected(self, x: Tensor, y: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Both variables along every pair of directions, each of shape (n, 1)."""
        along_x, along_y = self._directions(x, "x"), self._directions(y, "y")
        for k in range(self.projections):
            yield _along(x, along_x, k), _along(y, along_y, k)

    def _directions(self, x: Tensor, name: str) -> Float[Tensor, "d projections"] | None:
        """Unit vectors, uniform on the sphere; None for what stays as it is."""
        if not _is_wide(x):
            return None
        generator = stream(self.seed, "directions", name)
        drawn = torch.randn(self.projections, x.shape[1], generator=generator, dtype=torch.float64)
        return (drawn / torch.linalg.vector_norm(drawn, dim=1, keepdim=True)).T.to(x.device)


def _is_wide(x: Tensor) -> bool:
    """Whether there is something to project."""
    return not is_discrete(x) and x.shape[1] > 1


def _along(x: Tensor, directions: Tensor | None, k: int) -> Tensor:
    return x if directions is None else x.double() @ directions[:, k : k + 1]


def _error(values: np.ndarray) -> float | None:
    """Standard error of their mean; None where some are infinite."""
    if not np.isfinite(values).all():
        return None
    return float(values.std(ddof=1) / math.sqrt(len(values)))


def _gathered(found: list[Estimate]) -> tuple[str, ...]:
    """What the projections had to say, once, with how many of them."""
    noted = [one.notes for one in found if one.notes]
    if not noted:
        return ()
    share = f"Of {len(found)} projections, {len(noted)} came with notes; the first of them:"
    return (f"{share} {' '.join(noted[0])}",)
