"""Redundancy against synergy of several variables about a target, such as the maps of a layer."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.measures.estimator import Estimator, JointEntropyEstimator
from infoplane.measures.gram.renyi import DEFAULT
from infoplane.measures.interaction import (
    Group,
    difference,
    entropies_of,
    gathered,
    ratio,
    several,
    too_fine,
)
from infoplane.measures.samples import Samples
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate, is_saturated
from infoplane.values.seeds import stream

Two = tuple[int, int]
"""Positions of the variables of a pair."""

MANY = 64
"""Up to so many variables all pairs are looked at, unless fewer are asked for."""


@final
@dataclass(frozen=True)
class Trio:
    """How several variables, such as the maps of a layer, tell of a target, in bits.

    For two variables with I_1 = I(V; x_1), I_2 = I(V; x_2) and I_12 = I(V; x_1, x_2), where
    I_1 = U_1 + R, I_2 = U_2 + R and I_12 = U_1 + U_2 + R + S are redundant, unique and synergistic
    parts. Three numbers do not determine four: R, U and S themselves are NOT identified, and
    nothing here is one of them.

    Attributes:
        trade_off: Mean over the pairs of I_1 + I_2 − I_12 = R − S.
        non_redundant: Mean over the pairs of 2·I_12 − I_1 − I_2 = U_1 + U_2 + 2·S.
        pairwise: Mean over the pairs of I_12, the sum of the two.
        whole: I(V; x_1, …, x_C), of all variables together.
        pairs: How many pairs the means are of.

    Source: yu2020understanding.
    """

    trade_off: Estimate
    non_redundant: Estimate
    pairwise: Estimate
    whole: Estimate
    pairs: int

    @property
    def trade_off_share(self) -> float:
        """``trade_off`` as a share of ``pairwise``; NaN if the pairs tell nothing."""
        return ratio(self.trade_off.value, self.pairwise.value)

    @property
    def non_redundant_share(self) -> float:
        """``non_redundant`` as a share of ``pairwise``; the two shares sum to 1."""
        return ratio(self.non_redundant.value, self.pairwise.value)

    def __str__(self) -> str:
        return (
            f"trade-off {self.trade_off}\nnon-redundant {self.non_redundant}\n"
            f"pairwise {self.pairwise}\nwhole {self.whole}"
        )


def trio(
    variables: Sequence[Samples],
    target: Samples,
    *,
    estimator: Estimator | JointEntropyEstimator = DEFAULT,
    pairs: int | None = None,
    seed: int = 0,
) -> Trio:
    """Redundancy against synergy of several variables about a target.

    Pairs share variables, so they are no independent draws, and the standard errors are not that
    of ``pairs`` numbers. Where all pairs were looked at, it is a jackknife that leaves out one
    variable at a time: how far the mean would move had other variables of the kind been there.
    Where pairs were drawn, it is the distance to be expected from the mean over all pairs. Neither
    is the error that comes from having n samples.

    Args:
        variables: Two or more, such as ``layer.unbind(1)`` for the maps of a layer (n, c, h, w).
        target: What they tell of, of as many samples.
        estimator: One that knows joint entropies.
        pairs: So many different pairs drawn at random; None for all pairs of up to 64 variables,
            and for as many as 64 variables have, 2016, of more.
        seed: Seed of the draw.

    Raises:
        InfoplaneError: Fewer than two variables, not paired, not numeric or not finite; more pairs
            than there are, or none; the estimator knows no joint entropies.

    >>> import torch
    >>> a, b = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    >>> found = trio([a, b], a ^ b)
    >>> round(found.trade_off.value, 6), round(found.non_redundant.value, 6)
    (-1.0, 2.0)
    """
    samples = several((*variables, target), 3, "are two and a target")
    count = len(samples) - 1
    looked = chosen_pairs(count, pairs, seed)
    found = _Entropies.around(samples, looked, estimator)
    one, other, both = found.of_pairs(looked)
    notes = found.notes + found.fine_pairs(looked)

    def mean(values: Tensor) -> Estimate:
        error, source = standard_error(values, looked, count)
        like = found.together
        value = float(values.mean())
        return Estimate(value, like.n, like.method, error, source, notes=notes, shared=True)

    return Trio(
        trade_off=mean(one + other - both),
        non_redundant=mean(2 * both - one - other),
        pairwise=mean(both),
        whole=found.whole(),
        pairs=len(looked),
    )


def chosen_pairs(count: int, pairs: int | None, seed: int) -> list[Two]:
    """All pairs of so many variables, or different ones drawn at random, in ascending order.

    Raises:
        InfoplaneError: Fewer than one pair, or more than there are.

    >>> chosen_pairs(3, None, 0)
    [(0, 1), (0, 2), (1, 2)]
    """
    every = list(combinations(range(count), 2))
    if pairs is None:
        pairs = min(len(every), math.comb(MANY, 2))
    if not 1 <= pairs <= len(every):
        raise InfoplaneError(
            f"pairs={pairs}: {count} variables have {len(every)} pairs; ask for 1 to "
            f"{len(every)}, or leave it out."
        )
    drawn = torch.randperm(len(every), generator=stream(seed, "pairs"))[:pairs]
    return [every[i] for i in sorted(drawn.tolist())]


def standard_error(
    values: Float[Tensor, " p"], pairs: Sequence[Two], count: int
) -> tuple[float | None, str | None]:
    """Of a mean over pairs of ``count`` variables, and where it comes from; None of a single pair.

    All pairs: a jackknife over the variables. Some: sampling without replacement.
    """
    every = math.comb(count, 2)
    if len(pairs) == every and count > 2:
        return jackknife_error(values, pairs, count), f"jackknife over {count} variables"
    if 1 < len(pairs) < every:
        error = float(values.std()) * math.sqrt(1 / len(pairs) - 1 / every)
        return error, f"{len(pairs)} of {every} pairs, drawn without replacement"
    return None, None


def jackknife_error(values: Float[Tensor, " p"], pairs: Sequence[Two], count: int) -> float:
    """Standard error of a mean over all pairs of ``count`` variables, leaving out one at a time.

    √((C − 1)/C · Σ_i (m_i − m̄)²), where m_i is the mean over the pairs without variable i.

    Source: efron1981jackknife.
    """
    with_each = values.new_zeros(count)
    for side in torch.tensor(pairs).unbind(1):
        with_each.index_add_(0, side, values)
    left = (values.sum() - with_each) / (len(values) - (count - 1))
    return float(((count - 1) / count * (left - left.mean()).square().sum()).sqrt())


@final
@dataclass(frozen=True)
class _Entropies:
    """Of variables, of pairs and of all variables, each without and with the target.

    Attributes:
        found: The entropy of every group; the target is the last variable.
        count: How many variables there are beside the target.
    """

    found: Mapping[Group, Estimate]
    count: int

    @classmethod
    def around(
        cls,
        samples: Sequence[Tensor],
        pairs: Sequence[Two],
        estimator: Estimator | JointEntropyEstimator,
    ) -> "_Entropies":
        """Every group once; the target is the last of the samples."""
        count = len(samples) - 1
        alone = [(i,) for i in sorted({i for pair in pairs for i in pair})]
        groups: list[Group] = list(dict.fromkeys([*alone, *pairs, tuple(range(count))]))
        wanted = [(count,), *groups, *[(*group, count) for group in groups]]
        found = entropies_of(samples, wanted, estimator)
        return cls(dict(zip(wanted, found, strict=True)), count)

    @property
    def target(self) -> Estimate:
        """S of the target."""
        return self.found[(self.count,)]

    @property
    def together(self) -> Estimate:
        """S of everything."""
        return self.found[tuple(range(self.count + 1))]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the estimator said of them."""
        return gathered(self.found.values())

    def information(self, group: Group) -> float:
        """I(target; group) in bits."""
        joint = self.found[(*group, self.count)].value
        return self.target.value + self.found[group].value - joint

    def of_pairs(self, pairs: Sequence[Two]) -> Float[Tensor, "3 p"]:
        """I(V; x_i), I(V; x_j) and I(V; x_i, x_j) of every pair (i, j)."""
        single = {(i,): self.information((i,)) for i in {i for pair in pairs for i in pair}}
        rows = [(single[(i,)], single[(j,)], self.information((i, j))) for i, j in pairs]
        return torch.tensor(rows, dtype=torch.float64).mT

    def whole(self) -> Estimate:
        """I(target; all variables)."""
        every = tuple(range(self.count))
        ceiling = min(self.target.ceiling, self.found[every].ceiling)
        notes = self.notes + too_fine(self.together, self.count + 1)
        return difference(self.information(every), self.together, ceiling, notes)

    def fine_pairs(self, pairs: Sequence[Two]) -> tuple[str, ...]:
        """A sentence if the entropies of pairs with the target say how many samples there are."""
        joint = [self.found[(*pair, self.count)] for pair in pairs]
        fine = [one for one in joint if is_saturated(one.value, one.ceiling)]
        if not fine:
            return ()
        return (
            f"The entropy of two variables and the target is saturated at {fine[0].ceiling:.3f} "
            f"bit in {len(fine)} of {len(joint)} pairs: what looks like redundancy there may be "
            "the ceiling. Take more samples, a wider kernel or coarser bins, and compare with an "
            "untrained network.",
        )
