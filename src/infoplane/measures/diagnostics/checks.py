"""What an estimate does not say of itself: sentences with a remedy each, where the number is.

Every check is a function that returns its sentences, none if all is well. Estimators say what is
particular to them; what they said is not said again.
"""

import math
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.measures.diagnostics.determined import (
    LOOKED_AT,
    common_direction,
    distances_from,
    equal_column,
    occur_once,
    shrinkage,
    standardised,
)
from infoplane.measures.estimator import Estimator
from infoplane.measures.samples import is_discrete
from infoplane.numerics.counts import states
from infoplane.quantities.tables import counted_entropy
from infoplane.values.estimate import Estimate

Sentences = tuple[str, ...]

ABOVE = 0.01
"""A value is above a bound if it is so by more than this share of it, and by two errors."""

MOVED = 0.01
"""A value that moves by less than so many bits under doubling stays."""

ROUNDED = 0.0005
"""So many bits below 0 are written as 0.000."""

CLASSES, EACH = 20, 10
"""So few different whole numbers, each so often in the mean, look like class labels."""

UNRESOLVED = 0.5
"""Samples whose nearest neighbour is so much of a typical distance away resolve nothing."""

OWN_STATES = ("state of its own", "only ones of their class")
REPEATED = ("repeat another", "have an equal one")
FEW = ("samples are few",)
"""Words by which estimators say so themselves."""

RESOLUTION = (
    "Shannon's information is then infinite, or more than so many samples can show, and the value "
    "tells how finely the estimator looks (n, kernel, bins, noise), not how much they share. State "
    "that beside it, compare only values of equal fineness, or ask for I(x; y + noise) by "
    "NoisyChannel."
)


def diagnose(x: Tensor, y: Tensor, estimator: Estimator, estimate: Estimate) -> Sentences:
    """All that is quickly seen: at most 5000 samples are looked at, and nothing is estimated anew.

    Args:
        x: Checked samples, (n, d) or labels (n,).
        y: As many.
        estimator: What measured them.
        estimate: What it found.
    """
    named = {"x": x, "y": y}
    if constants := constant(named):
        return constants
    return (
        *saturated(estimate),
        *above_a_bound(named, estimate),
        *negative(estimate),
        *own_states(named, estimate),
        *float_labels(named),
        *repeated_rows(named, estimator, estimate),
        *too_few(named, estimator, estimate),
        *infinite(named, estimate),
    )


def constant(named: Mapping[str, Tensor]) -> Sentences:
    """A variable that never changes."""
    return tuple(
        f"All {len(v)} samples of {name} are the same: it can share nothing, so their information "
        "is 0 whatever the estimator returns. A layer may have died; else take another variable."
        for name, v in named.items()
        if bool((v == v[0]).all())
    )


def saturated(estimate: Estimate) -> Sentences:
    """A value at the ceiling that n samples set."""
    if not estimate.saturated or _said(estimate, "saturated", *OWN_STATES):
        return ()
    return (
        f"The value is saturated: so many samples can show {estimate.ceiling:.3f} bit at most, and "
        "any larger information looks the same. Take more samples or larger batches, or an "
        "estimator that looks less finely (a wider kernel, coarser bins, more noise).",
    )


def above_a_bound(named: Mapping[str, Tensor], estimate: Estimate) -> Sentences:
    """A value above the entropy of a discrete variable, or above a bound that the estimate has."""
    limits = {
        f"H({name})": counted_entropy(states(v).counts())
        for name, v in named.items()
        if is_discrete(v)
    }
    if estimate.bounds[1] is not None:
        limits["its upper bound"] = estimate.bounds[1]
    name = min(limits, key=lambda key: limits[key], default="")
    least = estimate.value - 2 * (estimate.stderr or 0.0)
    if not limits or least <= limits[name] * (1 + ABOVE):
        return ()
    return (
        f"The value is above {name} = {limits[name]:.3f} bit, which no information of these "
        "variables can exceed: the estimator is off by the difference at least. Take more samples "
        "or fewer columns, and look at its null (permutations=39).",
    )


def negative(estimate: Estimate) -> Sentences:
    """A value below 0."""
    most = estimate.value + 2 * (estimate.stderr or 0.0)
    if most >= -ROUNDED or not estimate.shared:
        return ()
    return (
        f"The value is negative, which information never is: the estimator is off by "
        f"{-estimate.value:.3f} bit at least. Read it as none that it can see, and look at its "
        "null (permutations=39).",
    )


def own_states(named: Mapping[str, Tensor], estimate: Estimate) -> Sentences:
    """A discrete variable that numbers the samples, and so tells all that there is to tell."""
    entropies = {
        name: counted_entropy(states(v).counts()) for name, v in named.items() if is_discrete(v)
    }
    if _said(estimate, *OWN_STATES) or not entropies:
        return ()
    if estimate.value < 0.95 * min(entropies.values()):
        return ()
    return tuple(
        f"Every one of the {len(named[name])} samples has a state of its own in {name}, which "
        "tells them apart whatever it is: the value is the entropy of the other variable. Merge "
        "states, or pass numbers as floats."
        for name in entropies
        if len(states(named[name]).counts()) == len(named[name])
    )


def float_labels(named: Mapping[str, Tensor]) -> Sentences:
    """A column of few whole numbers that came as floats."""
    return tuple(
        f"The floats of {name} are {len(v.unique())} different whole numbers, so their distances "
        "count. If they are class labels, pass integers of shape (n,)."
        for name, v in named.items()
        if not is_discrete(v) and _looks_like_labels(v)
    )


def repeated_rows(
    named: Mapping[str, Tensor], estimator: Estimator, estimate: Estimate
) -> Sentences:
    """Rows that occur more than once, for an estimator that takes numbers alone: of a density."""
    if estimator.properties.takes != ("numbers",) or _said(estimate, *REPEATED):
        return ()
    repeated = {
        name: len(v) - int(occur_once(v).sum()) for name, v in named.items() if not is_discrete(v)
    }
    return tuple(
        f"Of the {len(named[name])} samples of {name}, {count} repeat another exactly: it has no "
        "density there, which this estimator presumes. Take MixedKSG, Renyi or Binned."
        for name, count in repeated.items()
        if count
    )


def too_few(named: Mapping[str, Tensor], estimator: Estimator, estimate: Estimate) -> Sentences:
    """Samples so far from each other that their neighbours are nearly as far as any.

    Rule: the median distance to the nearest neighbour is half of the median distance or more, all
    columns standardised, numbers of both variables taken together. That is so of independent
    normals from 9 dimensions on at n = 100, from 15 on at n = 1000. An estimator that claims
    intervals knows itself what so many samples are worth, and is left alone.
    """
    if estimator.properties.interval or _said(estimate, *FEW):
        return ()
    columns = [standardised(_some(v)) for v in named.values() if not is_discrete(v)]
    if not columns:
        return ()
    together = torch.cat(columns, 1)
    share = neighbour_share(together)
    if not share >= UNRESOLVED:
        return ()
    return (
        f"Samples are far between in {together.shape[1]} dimensions: the nearest neighbour is "
        f"{share:.0%} of a typical distance away, so that estimators of neighbours, kernels or "
        "bins see little but their number. Take more samples or fewer columns (a projection gives "
        "a lower bound, Sliced another quantity), and look at the null (permutations=39).",
    )


def infinite(named: Mapping[str, Tensor], estimate: Estimate) -> Sentences:
    """Two variables of numbers of which one is a function of the other; ∞ explains itself."""
    return () if math.isinf(estimate.value) else a_function(named)


def obstacle(named: Mapping[str, Tensor]) -> str:
    """Why no estimate says what two variables share, whoever makes it; empty if nothing is known.

    Args:
        named: Checked samples of "x" and "y".
    """
    trivial = tuple(
        f"every sample has a state of its own in {name}, which tells them apart whatever it is"
        for name, v in named.items()
        if is_discrete(v) and len(states(v).counts()) == len(v)
    )
    return " ".join((*constant(named), *trivial, *a_function(named))[:1])


def a_function(named: Mapping[str, Tensor]) -> Sentences:
    """That one of two variables of numbers is a function of the other, as far as samples tell."""
    x, y = named["x"], named["y"]
    if is_discrete(x) or is_discrete(y):
        return ()
    if equal := equal_column(x, y):
        i, j = equal
        return (f"Column {j} of y is column {i} of x. {RESOLUTION}",)
    if common_direction(x, y):
        told = "A linear combination of y's columns equals one of x's columns or of several."
        return (f"{told} {RESOLUTION}",)
    for of, to in (("y", "x"), ("x", "y")):
        found = shrinkage(named[to], named[of])
        if found is not None and found.is_a_function:
            return (
                f"As far as {min(len(x), LOOKED_AT)} samples tell, {of} is a function of {to} "
                f"(where {to} comes nearer, {of} does in proportion {found.slope:.2f} ± "
                f"{found.error:.2f}). {RESOLUTION}",
            )
    return ()


def scale_moves(estimator: Estimator, x: Tensor, y: Tensor, estimate: Estimate) -> Sentences:
    """Whether the value moves if x or y is measured in other units: two more estimates.

    Only of estimators that do not promise that it stays; labels have no units.
    """
    if estimator.properties.scale_invariant:
        return ()
    doubled = {"x": (_doubled(x), y), "y": (x, _doubled(y))}
    moved = {
        name: estimator(*pair).value - estimate.value
        for name, pair in doubled.items()
        if {"x": x, "y": y}[name].ndim > 1
    }
    if not any(abs(by) > MOVED for by in moved.values()):
        return ()
    told = " and ".join(f"by {by:+.3f} bit if {name} is doubled" for name, by in moved.items())
    return (
        f"The value depends on units: it moves {told}. Compare it only with values of the same "
        "scale, or standardise both variables, or take an estimator that is scale-invariant, such "
        "as Renyi().",
    )


def neighbour_share(x: Float[Tensor, "n d"]) -> float:
    """Median distance to the nearest neighbour as a share of the median distance of all pairs."""
    distances = distances_from(x, min(len(x), 500))
    typical = distances[distances.isfinite()].median()
    return float(distances.amin(1).median() / typical)


def _said(estimate: Estimate, *words: str) -> bool:
    """Whether the estimator said so itself, in one of these words."""
    return any(word in note for note in estimate.notes for word in words)


def _looks_like_labels(v: Float[Tensor, "n d"]) -> bool:
    if v.shape[1] > 1 or not torch.equal(v, v.round()):
        return False
    return CLASSES >= len(v.unique()) and len(v) >= EACH * len(v.unique())


def _some(v: Tensor) -> Tensor:
    """At most 5000 samples, evenly out of all."""
    return v[:: max(1, len(v) // 5000)]


def _doubled(v: Tensor) -> Tensor:
    """In double precision, where nothing overflows; integers stay integers."""
    return 2 * (v.double() if v.is_floating_point() else v.long())
