"""Evidence for any estimator, as wrappers: a permutation null, and a spread over batches."""

import math
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.measures.estimator import Estimator, Properties, ShuffledEstimator
from infoplane.measures.samples import Samples, paired
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.seeds import orders

ROUNDING = 1e-9
"""Values of one variable pair under two orders may differ by this much through rounding alone."""


def permutation_p(
    value: Float[Tensor, "*batch"], null: Float[Tensor, "s *batch"]
) -> Float[Tensor, "*batch"]:
    """(r + 1)/(S + 1), where r of the S shuffled values reach the value: never 0.

    >>> float(permutation_p(torch.tensor(2.0), torch.tensor([0.0, 1.0, 3.0])))
    0.5
    """
    reached = (null >= value - ROUNDING).sum(0)
    return (reached + 1.0).double() / (len(null) + 1)


@final
@dataclass(frozen=True)
class WithNull:
    """Adds the mean and p-value of the estimate under shuffling of y.

    Attributes:
        inner: The estimator.
        permutations: How many; 39 resolve p = 0.025.
        seed: Seed of the stream that draws them.
        within: Shuffle only inside consecutive blocks of this size, such as the batches of a
            batched estimator; None shuffles all samples.
    """

    inner: Estimator
    permutations: int = 39
    seed: int = 0
    within: int | None = None

    def __post_init__(self) -> None:
        if self.permutations < 1:
            raise InfoplaneError(f"permutations={self.permutations}: at least one is needed.")
        if self.within is not None and self.within < 1:
            raise InfoplaneError(f"within={self.within}: a block needs at least one sample.")

    @property
    def properties(self) -> Properties:
        """Those of the inner estimator."""
        return self.inner.properties

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """The inner estimate with ``null`` and ``p_value`` filled in."""
        first, second = paired(x, y)
        drawn = orders(
            self.seed, "null", n=len(second), count=self.permutations, within=self.within
        )
        estimate = self.inner(first, second)
        values = shuffled(self.inner, first, second, drawn.to(second.device))
        null = torch.tensor(values, dtype=torch.float64)
        p_value = permutation_p(torch.tensor(estimate.value, dtype=torch.float64), null)
        return replace(estimate, null=float(null.mean()), p_value=float(p_value))


@final
@dataclass(frozen=True)
class Batched:
    """The mean over batches of a fixed size, with the standard error of that mean.

    Attributes:
        inner: The estimator.
        size: Samples per batch; the ceiling is log2 of this.
    """

    inner: Estimator
    size: int = 100

    def __post_init__(self) -> None:
        if self.size < 2:
            raise InfoplaneError(f"size={self.size}: a batch needs at least two samples.")

    @property
    def properties(self) -> Properties:
        """Those of the inner estimator."""
        return self.inner.properties

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """The batch mean.

        Raises:
            InfoplaneError: There are not enough samples for two batches.
        """
        first, second = paired(x, y)
        batches, rest = divmod(len(first), self.size)
        if batches < 2:
            raise InfoplaneError(
                f"{len(first)} samples give {batches} batch(es) of {self.size}; a standard error "
                "needs two. Lower the batch size or give more samples."
            )
        pieces = [slice(i * self.size, (i + 1) * self.size) for i in range(batches)]
        estimates = [self.inner(first[piece], second[piece]) for piece in pieces]
        values = np.array([estimate.value for estimate in estimates])
        left_out = [f"{rest} samples beyond the last full batch were left out."] if rest else []
        return replace(
            estimates[0],
            value=float(values.mean()),
            n=batches * self.size,
            stderr=float(values.std(ddof=1) / math.sqrt(batches)),
            stderr_source=f"{batches} batches of {self.size}",
            bounds=(estimates[0].bounds[0], _mean_or_none([e.bounds[1] for e in estimates])),
            notes=tuple(dict.fromkeys(note for e in estimates for note in e.notes))
            + tuple(left_out),
        )


def shuffled(estimator: Estimator, x: Tensor, y: Tensor, drawn: Int[Tensor, "s n"]) -> list[float]:
    """The estimate under every order of y, the estimator's own quick way where it has one."""
    if isinstance(estimator, ShuffledEstimator):
        return estimator.shuffled(x, y, drawn)
    return [estimator(x, torch.index_select(y, 0, order)).value for order in drawn]


def _mean_or_none(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
