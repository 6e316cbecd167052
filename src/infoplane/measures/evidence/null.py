"""Evidence for any estimator: a permutation null, a spread over batches, and many tests judged."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, final, overload

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.measures.estimator import Estimator, Properties, ShuffledEstimator, Told
from infoplane.measures.samples import Samples, paired
from infoplane.quantities.discoveries import q_values
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.seeds import orders, stream

Key = TypeVar("Key")
Numbers = TypeVar("Numbers", Tensor, np.ndarray)
ROUNDING = 1e-9
"""Values of one variable pair under two orders may differ by this much through rounding alone."""


def permutation_p(
    value: Float[Tensor, "*batch"], null: Float[Tensor, "s *batch"]
) -> Float[Tensor, "*batch"]:
    """(r + 1)/(S + 1), where r of the S shuffled values reach the value: never 0.

    >>> float(permutation_p(torch.tensor(2.0), torch.tensor([0.0, 1.0, 3.0])))
    0.5
    """
    return share_reaching(reaches(null, value).sum(0).double(), len(null))


def reaches(shuffled: Numbers, value: Numbers) -> Numbers:
    """Which shuffled values are as large as the value, up to rounding."""
    return shuffled >= value - ROUNDING


def share_reaching(reached: Numbers, count: int) -> Numbers:
    """(r + 1)/(S + 1), the p-value of a value that ``reached`` of ``count`` shuffled ones reach."""
    return (reached + 1) / (count + 1)


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
        blocks: Whole consecutive blocks of this length change places, and stay as they are inside:
            for samples that depend on those before them, a length after which they have forgotten,
            as in the block bootstrap (kunsch1989jackknife). Shuffled one by one they would make a
            null without memory, which any two slow series exceed.
    """

    inner: Estimator
    permutations: int = 39
    seed: int = 0
    within: int | None = None
    blocks: int | None = None

    def __post_init__(self) -> None:
        if self.permutations < 1:
            raise InfoplaneError(f"permutations={self.permutations}: at least one is needed.")
        if self.within is not None and self.within < 1:
            raise InfoplaneError(f"within={self.within}: a block needs at least one sample.")
        if self.blocks is not None and self.blocks < 1:
            raise InfoplaneError(f"blocks={self.blocks}: a block needs at least one sample.")
        if self.within is not None and self.blocks is not None:
            raise InfoplaneError(
                f"within={self.within} shuffles inside blocks and blocks={self.blocks} moves whole "
                "ones: give one of them."
            )

    @property
    def properties(self) -> Properties:
        """Those of the inner estimator."""
        return self.inner.properties

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        kept = f" within blocks of {self.within}" if self.within is not None else ""
        moved = f" of blocks of {self.blocks}" if self.blocks is not None else ""
        return (
            f"{told(self.inner)}; null of {self.permutations} permutations{kept}{moved}, "
            f"seed {self.seed}"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        moved = () if self.blocks is None else ("kunsch1989jackknife",)
        return (*sources_of(self.inner), *moved)

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """The inner estimate with ``null`` and ``p_value`` filled in.

        Raises:
            InfoplaneError: What the inner estimator refuses, or too few blocks for so many orders.
        """
        first, second = paired(x, y)
        drawn = self._orders(len(second))
        estimate = self.inner(first, second)
        values = shuffled(self.inner, first, second, drawn.to(second.device))
        null = torch.tensor(values, dtype=torch.float64)
        p_value = permutation_p(torch.tensor(estimate.value, dtype=torch.float64), null)
        return replace(estimate, null=float(null.mean()), p_value=float(p_value))

    def _orders(self, n: int) -> Int[Tensor, "s n"]:
        if self.blocks is None:
            return orders(self.seed, "null", n=n, count=self.permutations, within=self.within)
        return block_orders(self.seed, "null", n=n, count=self.permutations, length=self.blocks)


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
        if isinstance(self.inner, WithNull):
            raise InfoplaneError(
                "A null of every batch is no null of their mean; ask for "
                f"WithNull(Batched(…, {self.size}), within={self.size})."
            )

    @property
    def properties(self) -> Properties:
        """Those of the inner estimator, but for what it says of all samples at once."""
        return replace(self.inner.properties, interval=False, error=None)

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        return f"{told(self.inner)}; mean of batches of {self.size}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return sources_of(self.inner)

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
            interval=None,  # that of one batch is not that of the mean, whose bias it shares
            bounds=(estimates[0].bounds[0], _mean_or_none([e.bounds[1] for e in estimates])),
            notes=tuple(dict.fromkeys(note for e in estimates for note in e.notes))
            + tuple(left_out),
        )


@overload
def significant(estimates: Mapping[str, Estimate], rate: float = 0.1) -> list[str]: ...


@overload
def significant(estimates: Sequence[Estimate], rate: float = 0.1) -> list[int]: ...


def significant(
    estimates: Mapping[str, Estimate] | Sequence[Estimate], rate: float = 0.1
) -> list[str] | list[int]:
    """What stays a discovery among many tests, after Benjamini and Hochberg.

    Give every test that was made: those left out because they looked bad are what it corrects for.
    p-values of S permutations are at least 1/(S + 1), so that one discovery among m tests cannot
    stand alone unless m < rate·(S + 1); see ``q_values`` for the numbers themselves.

    Args:
        estimates: With p-values, by name or one after the other.
        rate: The share of wrong ones that is expected among what stays, at most.

    Returns:
        The names in a mapping, the places in a sequence, of those with a q-value below the rate.

    Raises:
        InfoplaneError: An estimate has no p-value, or the rate is none.

    >>> found = {name: Estimate(1.0, 9, "any", p_value=p) for name, p in [("a", 0.01), ("b", 0.5)]}
    >>> significant(found), significant([*found.values()])
    (['a'], [0])
    """
    if not 0 < rate < 1:
        raise InfoplaneError(f"rate={rate}: give a share between 0 and 1, such as 0.1.")
    if isinstance(estimates, Mapping):
        return _below(dict(estimates), rate)
    return _below(dict(enumerate(estimates)), rate)


def block_orders(
    seed: int, *path: str | int, n: int, count: int, length: int
) -> Int[Tensor, "s n"]:
    """``count`` independent orders of the blocks of ``n`` samples, shape (count, n).

    Blocks are consecutive and of the same length; where they do not come out even, the last one is
    shorter and changes places like the others.

    Raises:
        InfoplaneError: So few blocks have fewer orders than are asked for.

    >>> block_orders(0, "example", n=5, count=1, length=2).tolist()
    [[2, 3, 0, 1, 4]]
    """
    blocks = torch.arange(n, device="cpu").split(length)
    if math.factorial(min(len(blocks), 20)) <= count:
        raise InfoplaneError(
            f"{n} samples are {len(blocks)} block(s) of {length}, which have "
            f"{math.factorial(len(blocks))} order(s), and {count} are asked for beside the one "
            "they are in: give shorter blocks, more samples or fewer permutations."
        )
    generator = stream(seed, *path)
    drawn = [torch.randperm(len(blocks), generator=generator) for _ in range(count)]
    return torch.stack([torch.cat([blocks[place] for place in order]) for order in drawn])


def shuffled(estimator: Estimator, x: Tensor, y: Tensor, drawn: Int[Tensor, "s n"]) -> list[float]:
    """The estimate under every order of y, the estimator's own quick way where it has one."""
    if isinstance(estimator, ShuffledEstimator):
        return estimator.shuffled(x, y, drawn)
    return [estimator(x, torch.index_select(y, 0, order)).value for order in drawn]


def told(estimator: Estimator) -> str:
    """How an estimator describes itself; else its parameters."""
    return estimator.words if isinstance(estimator, Told) else repr(estimator)


def sources_of(estimator: Estimator) -> tuple[str, ...]:
    """Keys in ``references.bib`` that an estimator names; none if it does not."""
    return estimator.sources if isinstance(estimator, Told) else ()


def _below(estimates: Mapping[Key, Estimate], rate: float) -> list[Key]:
    missing = [repr(key) for key, one in estimates.items() if one.p_value is None]
    if missing:
        raise InfoplaneError(
            f"{', '.join(missing)} of {len(estimates)} estimates: no p-value was measured. Ask for "
            "permutations, or wrap the estimator in WithNull."
        )
    found = q_values([one.p_value for one in estimates.values() if one.p_value is not None])
    return [key for key, q_value in zip(estimates, found, strict=True) if q_value < rate]


def _mean_or_none(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
