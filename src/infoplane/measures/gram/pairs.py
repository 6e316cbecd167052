"""What pairs of maps tell of a target, all pairs of a layer in a few batched eigenproblems."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.measures.gram.matrix import entropy
from infoplane.numerics.gram import Dense, Gram

AT_ONCE = 1 << 20
"""Numbers in the matrices that are solved together, so that they stay near the processor."""

NOTHING = 1e-9
"""An entropy in bits that is rounding of zero."""


@final
@dataclass(frozen=True)
class PairEntropies:
    """Entropies in bits of single variables and of pairs of them, each perhaps with a target.

    Attributes:
        alone: S of every variable.
        both: S of the two variables of every pair.
        pairs: Positions of the variables of every pair.
    """

    alone: Float[Tensor, " c"]
    both: Float[Tensor, " p"]
    pairs: Int[Tensor, "p 2"]

    @property
    def normalised(self) -> Float[Tensor, " p"]:
        """I / max(S_i, S_j) of every pair, without unit; NaN of two constants.

        Source: yu2021measuring, eq. 16.
        """
        first, second = self.alone[self.pairs].unbind(1)
        larger = torch.maximum(first, second)
        return torch.where(larger > NOTHING, (first + second - self.both) / larger, torch.nan)


@final
@dataclass(frozen=True)
class PairInformation:
    """What the variables of every pair tell of a target V, in bits.

    I_1 = U_1 + R, I_2 = U_2 + R and I_12 = U_1 + U_2 + R + S. Three numbers do not determine
    redundancy R, the unique parts U and synergy S: see ``Supposed`` for what one more assumption
    makes of them.

    Attributes:
        one: I(V; x_i) of the first variable of each pair.
        other: I(V; x_j) of the second.
        both: I(V; x_i, x_j).

    Source: yu2020understanding.
    """

    one: Float[Tensor, " p"]
    other: Float[Tensor, " p"]
    both: Float[Tensor, " p"]

    @property
    def trade_off(self) -> Float[Tensor, " p"]:
        """Redundancy less synergy, I_1 + I_2 − I_12 = R − S."""
        return self.one + self.other - self.both

    @property
    def non_redundant(self) -> Float[Tensor, " p"]:
        """Weighted non-redundant information, 2·I_12 − I_1 − I_2 = U_1 + U_2 + 2·S."""
        return 2 * self.both - self.one - self.other

    def supposing_minimum(self) -> "Supposed":
        """The parts if redundancy is the smaller of both informations (MMI).

        Source: barrett2015exploration, who shows it of normal variables and a single target.
        """
        redundant = torch.minimum(self.one, self.other)
        unique = (self.one - self.other).abs()
        return Supposed(redundant, unique, self.both - torch.maximum(self.one, self.other))


@final
@dataclass(frozen=True)
class Supposed:
    """Parts of I(V; x_i, x_j) under an assumption that no data can test, in bits.

    Attributes:
        redundant: R.
        unique: U_1 + U_2, of which one is 0 under this assumption.
        synergistic: S.
    """

    redundant: Float[Tensor, " p"]
    unique: Float[Tensor, " p"]
    synergistic: Float[Tensor, " p"]


def pair_entropies(
    grams: Dense, pairs: Int[Tensor, "p 2"], alpha: float, beside: Gram | None = None
) -> PairEntropies:
    """S_α of variables and of pairs of them, each with the target if there is one.

    Many pairs are solved at once, on the threads that there are: whoever has several layers or
    batches does these side by side.

    Args:
        grams: One kernel per variable, shape (c, n, n).
        pairs: Positions of the variables of every pair.
        alpha: Order of the entropy.
        beside: Gram matrix of the target, without batches.
    """
    singles = torch.arange(len(grams.kernel), device=pairs.device)[:, None]
    size = max(1, AT_ONCE // grams.n**2)
    chunks = [*singles.split(size), *pairs.split(size)]
    found = torch.cat([_entropies(grams, group, alpha, beside) for group in chunks])
    return PairEntropies(found[: len(singles)], found[len(singles) :], pairs)


def pair_information(
    without: PairEntropies, together: PairEntropies, target: Float[Tensor, ""]
) -> PairInformation:
    """I(V; …) = S(V) + S(…) − S(…, V) of single variables and of pairs.

    Args:
        without: Entropies without the target.
        together: The same with it.
        target: S of the target.
    """
    single = target + without.alone - together.alone
    one, other = single[without.pairs].unbind(1)
    return PairInformation(one, other, target + without.both - together.both)


def _entropies(grams: Dense, group: Tensor, alpha: float, beside: Gram | None) -> Tensor:
    """S of some variables, group of shape (k, 1), or of some pairs, (k, 2)."""
    first, *others = group.unbind(1)
    kernel = grams.kernel[first]
    for other in others:
        kernel = kernel.mul_(grams.kernel[other])
    joint = Dense(kernel)
    return entropy(joint if beside is None else joint.times(beside), alpha)


def positions(pairs: Sequence[tuple[int, int]], device: torch.device) -> Int[Tensor, "p 2"]:
    """Pairs as a tensor."""
    return torch.tensor(list(pairs), dtype=torch.long, device=device).reshape(-1, 2)
