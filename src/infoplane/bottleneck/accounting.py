"""How an account of a joint distribution is computed, a solution at a time."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from infoplane.bottleneck.account import (
    BIFURCATIONS,
    CURVE,
    DUAL,
    DUAL_BIFURCATIONS,
    Account,
    Beside,
    Search,
)
from infoplane.bottleneck.anneal import curve
from infoplane.bottleneck.bifurcation import bifurcations as sought
from infoplane.bottleneck.critical import thresholds
from infoplane.bottleneck.joint import Joint, Table, as_joint, numbers
from infoplane.bottleneck.solution import Solution
from infoplane.bottleneck.solver import posed, solve
from infoplane.quantities.tables import entropy
from infoplane.values.errors import InfoplaneError

STEPS_PER_OCTAVE = 4
"""Values of β in every doubling."""
OCTAVES = 10
"""Doublings of the onset up to which β goes at the most."""
BELOW = 2
"""Values of β below the onset."""
GRID = OCTAVES * STEPS_PER_OCTAVE + BELOW
"""Values of β at the most."""
ENOUGH = 0.99
"""The share of I(X;Y) that the last values of β must keep, at least."""
FURTHER = 2
"""Values of β beyond the first at which every distinct p(y|x) has its cluster."""
RATES = 9
"""Rates in place of values of β where these do not index the curve."""


def account_of(
    joint: Joint | Table,
    *,
    betas: Sequence[float] = (),
    rates: Sequence[float] = (),
    dual: bool = False,
    bifurcations: bool = True,
) -> Account:
    """All of it at once; see ``accounts``.

    >>> import infoplane as ip
    >>> found = ip.bottleneck.account_of([[0.45, 0.05], [0.05, 0.45]], betas=[1.25, 3.125])
    >>> [f"{one.beta:.4f} {one.splits}" for one in found.bifurcations]
    ['1.5625 True']
    """
    *_, last = accounts(joint, betas=betas, rates=rates, dual=dual, bifurcations=bifurcations)
    return last


def accounts(
    joint: Joint | Table,
    *,
    betas: Sequence[float] = (),
    rates: Sequence[float] = (),
    dual: bool = False,
    bifurcations: bool = True,
) -> Iterator[Account]:
    """The account as it grows, once after everything that was computed.

    Where neither betas nor rates are given, β is the onset times 2^(k/4 + 1/8) for k = −2, −1, …,
    up to two values beyond the first at which every distinct p(y|x) has its cluster and I(T;Y) is
    at least 99 % of I(X;Y), and at most 2^10 times the onset. If Y is a function of X, β does not
    index the curve, and nine rates from 0 to H(Y) take its place. The dual has a grid of its own
    that begins in the same way at its own onset.

    Args:
        joint: p(x, y), shape (x, y), NumPy or torch; or a ``Joint``.
        betas: Values of β, of the bottleneck and of the dual.
        rates: Values of I(X;T) in bits instead.
        dual: Whether to solve the dual as well.
        bifurcations: Whether to search for them between neighbours in β, which takes longest.

    Raises:
        InfoplaneError: Both betas and rates, no joint, a negative β or rate, or the dual where some
            p(y|x) = 0.
    """
    given = as_joint(joint)
    if len(betas) and len(rates):
        raise InfoplaneError("Ask for betas or for rates, for one of them.")
    for asked in (betas, rates):
        _require(asked)
    posed(given, 0.0, dual=dual)  # refuses the dual before anything is computed
    if not len(betas) and not len(rates):
        rates = _default_rates(given)
    parts = (CURVE, *[DUAL] * dual)
    if bifurcations:
        parts = (*parts, BIFURCATIONS, *[DUAL_BIFURCATIONS] * dual)
    limits = thresholds(given, dual=True) if (given.reduced.w > 0).all() else None
    begun = Account(given, thresholds(given), limits, parts=parts, rates=tuple(rates))
    yield (known := _begun(begun, CURVE, _most(begun, betas, dual=False)))
    for one in _solutions(known, betas, rates, dual=False):
        grown = replace(known, solutions=(*known.solutions, one))
        yield (known := _at(grown, len(grown.solutions), one.beta))
    if dual:
        yield (known := _begun(known, DUAL, _most(known, betas, dual=True)))
        for one in _solutions(known, betas, rates, dual=True):
            grown = replace(known, dual=(*known.dual, Beside(one, _below(given, one))))
            yield (known := _at(grown, len(grown.dual), one.beta))
    for of_dual in (False, *[True] * dual) if bifurcations else ():
        for grown in _searched(known, of_dual):
            yield (known := grown)
    yield replace(known, part="", done=0, total=0, doing="")


def _require(asked: Sequence[float]) -> None:
    """Refuses what is no β and no rate, before anything is computed."""
    wrong = [value for value in (numbers(asked) if len(asked) else ()) if value < 0]
    if wrong:
        raise InfoplaneError(f"{wrong[0]:g} was asked for: β and rates are at least 0.")


def _default_rates(joint: Joint) -> Sequence[float]:
    if not joint.deterministic or joint.information == 0:
        return ()
    return tuple(np.linspace(0, entropy(joint.py), RATES).tolist())


def _solutions(
    known: Account, betas: Sequence[float], rates: Sequence[float], dual: bool
) -> Iterator[Solution]:
    """One after the other, as they were asked for; β rising."""
    if len(rates):
        yield from (curve(known.joint, rates=[rate], dual=dual).solutions[0] for rate in rates)
    elif len(betas):
        yield from (solve(known.joint, beta, dual=dual) for beta in sorted(betas))
    else:
        yield from _along_grid(known, dual)


def _most(known: Account, betas: Sequence[float], dual: bool) -> int:
    """How many solutions there will be; of the default grid, at the most."""
    return len(known.rates) or len(betas) or (GRID if _begins(known, dual) else 1)


def _begins(known: Account, dual: bool) -> float | None:
    """The onset from which the default grid is counted; None if it is infinite, or none."""
    found = known.dual_thresholds if dual else known.thresholds
    return None if found is None or not math.isfinite(found.onset) else found.onset


def _along_grid(known: Account, dual: bool) -> Iterator[Solution]:
    """The default values of β."""
    start = _begins(known, dual)
    if start is None:
        yield solve(known.joint, 1.0, dual=dual)
        return
    left = FURTHER
    for step in range(-BELOW, OCTAVES * STEPS_PER_OCTAVE):
        one = solve(known.joint, start * 2 ** ((step + 0.5) / STEPS_PER_OCTAVE), dual=dual)
        yield one
        kept = one.relevance >= ENOUGH * known.joint.information
        left -= kept and one.clusters >= known.distinct
        if left < 0:
            return


def _searched(known: Account, dual: bool) -> Iterator[Account]:
    """The account with the bifurcations that are found between every two neighbours in β."""
    solutions = [one.solution for one in known.dual] if dual else known.solutions
    limits = known.dual_thresholds if dual else known.thresholds
    ordered = sorted((one for one in solutions if one.indexed), key=lambda one: one.beta)
    search, pairs = Search(), list(pairwise(ordered))
    yield (known := _begun(known, DUAL_BIFURCATIONS if dual else BIFURCATIONS, len(pairs)))
    for count, (below, above) in enumerate(pairs, start=1):
        for at in sought([below, above], limits):
            search = replace(search, found=(*search.found, at))
            yield (known := _with(known, search, dual))
        search = replace(search, between=(pairs[0][0].beta, above.beta))
        yield (known := _at(_with(known, search, dual), count, above.beta))


def _with(known: Account, search: Search, dual: bool) -> Account:
    return replace(known, dual_search=search) if dual else replace(known, search=search)


def _begun(known: Account, part: str, total: int) -> Account:
    return replace(known, part=part, done=0, total=total, doing=part)


def _at(known: Account, done: int, beta: float) -> Account:
    most = "at most " if known.part in (CURVE, DUAL) and known.total == GRID else ""
    doing = f"{known.part}, {done} of {most}{known.total}, after β = {beta:.4g}"
    return replace(known, done=done, doing=doing)


def _below(joint: Joint, dual: Solution) -> float:
    """How far a point lies below the curve at its rate, in bits."""
    best = curve(joint, rates=[dual.rate]).solutions[0]
    return best.relevance - dual.relevance
