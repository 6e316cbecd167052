"""What several variables share: total correlations and O-information.

Everything is built from the joint entropies of groups of variables, so any estimator that knows
those will do, and every entropy is measured once.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor

from infoplane.measures.estimator import Estimator, JointEntropyEstimator
from infoplane.measures.gram.renyi import DEFAULT
from infoplane.measures.samples import Samples, checked, numbered
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate, is_saturated
from infoplane.values.units import PURE

Group = tuple[int, ...]
"""Positions of the variables that are taken together."""

KNOWS_ENTROPIES = "Renyi, PlugIn, Binned, Gaussian, PairwiseKDE, NoisyChannel and KSG"
"""The estimators that know entropies, of one variable and of several, for who gave another."""

SHOWN = 3
"""So many notes of single entropies are passed on; of more it is said how many there are."""

MORE = (
    "{} more notes like these are on other groups of variables; measure their joint entropies one "
    "by one to read them."
)
UNDEFINED = (
    "The entropies are infinite, so their difference is not defined (∞ − ∞): some variables "
    "determine others. Leave those out, or measure all in bins (Binned)."
)


@runtime_checkable
class GroupedEntropyEstimator(Protocol):
    """An estimator with a quicker way through many joint entropies than as many calls."""

    def joint_entropies(
        self, variables: Sequence[Samples], groups: Sequence[Group]
    ) -> list[Estimate]:
        """S of every group of variables, in bits."""
        ...


def total_correlation(
    *variables: Samples,
    estimator: Estimator | JointEntropyEstimator = DEFAULT,
    normalised: bool = False,
) -> Estimate:
    """T = Σ S(x_i) − S(x_1, …, x_L) in bits: how far variables are from being independent.

    Args:
        variables: Two or more, of as many samples each, in any form that an estimator takes.
        estimator: One that knows joint entropies.
        normalised: As a share T / (Σ S(x_i) − max S(x_i)) of its largest value, without unit; only
            of entropies that are never negative, which differential entropies are not.

    Raises:
        InfoplaneError: Fewer than two variables, not paired, not numeric or not finite; the
            estimator knows no joint entropies, or none that have shares.

    Source: watanabe1960information; of Gram matrices yu2021measuring, eq. 11.

    >>> import torch
    >>> bits = torch.tensor([0, 0, 1, 1])
    >>> round(total_correlation(bits, bits, bits).value, 6)
    2.0
    """
    samples = several(variables, 2, "can share something")
    *alone, whole = entropies_of(samples, [*_each(samples), _all(samples)], estimator)
    entropies = [one.value for one in alone]
    value, notes = sum(entropies) - whole.value, _remarks([*alone, whole], len(samples))
    if normalised:
        return _share(value, sum(entropies) - max(entropies), whole, notes)
    ceilings = sorted(one.ceiling for one in alone)
    return difference(value, whole, sum(ceilings[1:]), notes)


def dual_total_correlation(
    *variables: Samples,
    estimator: Estimator | JointEntropyEstimator = DEFAULT,
    normalised: bool = False,
) -> Estimate:
    """D = Σ_i S(all but x_i) − (L − 1)·S(x_1, …, x_L) in bits: what is shared by any of them.

    Args:
        variables: Two or more, of as many samples each, in any form that an estimator takes.
        estimator: One that knows joint entropies.
        normalised: As a share D / S(x_1, …, x_L) of the joint entropy, without unit; only of
            entropies that are never negative, which differential entropies are not.

    Raises:
        InfoplaneError: As in ``total_correlation``.

    Source: han1975linear; of Gram matrices yu2021measuring, eq. 12.

    >>> import torch
    >>> bits = torch.tensor([0, 0, 1, 1])
    >>> round(dual_total_correlation(bits, bits, bits).value, 6)
    1.0
    """
    samples = several(variables, 2, "can share something")
    *without, whole = entropies_of(samples, [*_all_but(samples), _all(samples)], estimator)
    value = sum(one.value for one in without) - (len(samples) - 1) * whole.value
    notes = _remarks([*without, whole], len(samples))
    if normalised:
        return _share(value, whole.value, whole, notes)
    return difference(value, whole, whole.ceiling, notes)


def o_information(
    *variables: Samples, estimator: Estimator | JointEntropyEstimator = DEFAULT
) -> Estimate:
    """Ω = T − D in bits: positive where redundancy outweighs synergy, negative where it does not.

    It is the balance of the two, not the amount of either: 0 may be much of both.

    Args:
        variables: Three or more, of as many samples each; of two Ω is always 0.
        estimator: One that knows joint entropies.

    Raises:
        InfoplaneError: Fewer than three variables, not paired, not numeric or not finite; the
            estimator knows no joint entropies.

    Source: rosas2019quantifying.

    >>> import torch
    >>> a, b = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    >>> round(o_information(a, b, a ^ b).value, 6), round(o_information(a, a, a).value, 6)
    (-1.0, 1.0)
    """
    samples = several(variables, 3, "can hold redundancy or synergy (of two, Ω is always 0)")
    count = len(samples)
    groups = [*_each(samples), *_all_but(samples), _all(samples)]
    *some, whole = entropies_of(samples, groups, estimator)
    alone, without = (sum(one.value for one in part) for part in (some[:count], some[count:]))
    value = (alone - whole.value) - (without - (count - 1) * whole.value)
    notes = _remarks([*some, whole], count)
    return difference(value, whole, (count - 2) * whole.ceiling, notes)


def entropies_of(
    samples: Sequence[Tensor],
    groups: Sequence[Group],
    estimator: Estimator | JointEntropyEstimator,
) -> list[Estimate]:
    """S of every group, by the estimator's own quick way where it has one."""
    if isinstance(estimator, GroupedEntropyEstimator):
        return estimator.joint_entropies(samples, groups)
    if not isinstance(estimator, JointEntropyEstimator):
        raise InfoplaneError(
            f"{estimator!r} knows no joint entropies of several variables; {KNOWS_ENTROPIES} do."
        )
    return [estimator.joint_entropy(*[samples[i] for i in group]) for group in groups]


def several(variables: Sequence[Samples], at_least: int, what: str) -> list[Tensor]:
    """Paired samples of so many variables or more."""
    if len(variables) < at_least:
        words = {2: "two", 3: "three"}[at_least]
        raise InfoplaneError(
            f"{len(variables)} variable{'' if len(variables) == 1 else 's'} given: "
            f"at least {words} variables {what}."
        )
    samples = list(checked(numbered(variables)).values())
    return samples


def _each(samples: Sequence[Tensor]) -> list[Group]:
    return [(i,) for i in range(len(samples))]


def _all(samples: Sequence[Tensor]) -> Group:
    return tuple(range(len(samples)))


def _all_but(samples: Sequence[Tensor]) -> list[Group]:
    """Every group that lacks one variable."""
    return [tuple(j for j in _all(samples) if j != i) for i in _all(samples)]


def difference(value: float, like: Estimate, ceiling: float, notes: tuple[str, ...]) -> Estimate:
    """A quantity in bits, by the estimator that measured ``like``."""
    if math.isnan(value):
        notes = (*notes, UNDEFINED)
    return Estimate(value, like.n, like.method, ceiling=ceiling, notes=notes, shared=True)


def _share(value: float, largest: float, like: Estimate, notes: tuple[str, ...]) -> Estimate:
    """A quantity without unit; it has no ceiling set by n, so it is never saturated."""
    if math.isinf(like.ceiling):
        raise InfoplaneError(
            f"normalised=True: {like.method} gives differential entropies, which may be negative "
            "and have no shares; leave it out, or use Renyi, PlugIn or Binned."
        )
    undefined = () if largest else ("All variables are constant: there is nothing to share (0/0).",)
    share, notes = ratio(value, largest), notes + undefined
    return Estimate(share, like.n, like.method, unit=PURE, notes=notes, shared=True)


def ratio(value: float, largest: float) -> float:
    """A share, NaN of nothing."""
    return value / largest if largest else math.nan


def too_fine(together: Estimate, count: int) -> tuple[str, ...]:
    """A sentence if the joint entropy of all says how many samples there are."""
    if not is_saturated(together.value, together.ceiling):
        return ()
    return (
        f"The entropy of all {count} variables together, {together.value:.3f} bit, is saturated at "
        f"{together.ceiling:.3f} bit: a further variable cannot raise it, so the value follows "
        "from the entropies of fewer variables, whatever they share. Take more samples, a wider "
        "kernel or coarser bins.",
    )


def _remarks(entropies: Sequence[Estimate], count: int) -> tuple[str, ...]:
    """What is to be said of entropies of which the last is that of all variables together."""
    return gathered(entropies) + too_fine(entropies[-1], count)


def gathered(parts: Iterable[Estimate]) -> tuple[str, ...]:
    """What the estimator said of its entropies, once each, the first few of many."""
    said = list(dict.fromkeys(note for part in parts for note in part.notes))
    if len(said) <= SHOWN:
        return tuple(said)
    return (*said[:SHOWN], MORE.format(len(said) - SHOWN))
