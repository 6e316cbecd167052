"""The 12-bit problem as networks learn it, and the exact curve of its soft rule."""

import hashlib
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from infoplane.bottleneck.anneal import curve
from infoplane.bottleneck.joint import Joint
from infoplane.datasets.known import icosahedron
from infoplane.datasets.known.icosahedron import SHARPNESS
from infoplane.experiments.blackbox.settings import Protocol, Rule
from infoplane.observe.networks import Patterns
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream

WIDTHS = (icosahedron.BITS, 10, 7, 5, 4, 3, 2)
BETAS = (1.09, 1.1, 1.12, 1.15, 1.2, 1.3, 1.5, 2.0, 3.0, 5.0, 10.0)
"""β at which the soft rule's exact curve is solved: densest where its second cluster splits off,
at 1.081."""


def certainty(rule: Rule, sharpness: float = SHARPNESS) -> Float[ndarray, " 4096"]:
    """p(y = 1|x) of every pattern."""
    if rule == "soft":
        return icosahedron.soft_rule(sharpness)
    return icosahedron.hard_labels().astype(float)


def patterns(rule: Rule, seed: int, sharpness: float = SHARPNESS) -> Patterns:
    """All patterns as 0 and 1, their classes' probabilities, and the labels learned from."""
    x = torch.from_numpy(icosahedron.patterns()).float()
    one = torch.from_numpy(certainty(rule, sharpness))
    drawn = torch.rand(len(one), generator=stream(seed, "labels"), dtype=torch.float64) < one
    return Patterns(x, torch.stack([1 - one, one], 1), drawn.long())


def learned_from(plan: Protocol, nets: int, seed: int) -> Int[Tensor, "net m"]:
    """Which patterns every network learns from.

    Raises:
        InfoplaneError: There is none, or none to test on.
    """
    n = 2**icosahedron.BITS
    m = round(plan.share * n)
    if not 0 < m < n:
        raise InfoplaneError(f"share={plan.share} of {n} patterns leaves none on one side.")
    if not plan.drawn:
        return torch.arange(m).repeat(nets, 1)
    drawn = [torch.randperm(n, generator=stream(seed, "chosen", net))[:m] for net in range(nets)]
    return torch.stack(drawn)


def membership(chosen: Int[Tensor, "net m"], n: int) -> Bool[Tensor, "net n"]:
    """The same as a table."""
    return torch.zeros(len(chosen), n, dtype=torch.bool).scatter_(1, chosen, True)


def digest() -> str:
    """Hash of patterns, labels and soft rule."""
    whole = hashlib.sha256()
    for part in (icosahedron.patterns(), icosahedron.hard_labels(), icosahedron.soft_rule()):
        whole.update(np.ascontiguousarray(part).tobytes())
    return whole.hexdigest()


@lru_cache(maxsize=2)
def exact_curve(rule: Rule, sharpness: float = SHARPNESS) -> tuple[ndarray, ndarray]:
    """I(X;T) and I(T;Y) of points of the exact curve, in bits: 0, then one for each of ``BETAS``.

    The soft rule's is solved on the 82 kinds of patterns, whose curve is that of all 4096. Of the
    hard rule it is min(I(X;T), H(Y)), because labels are a function of the pattern.
    """
    joint = Joint.of_table(icosahedron.joint(certainty(rule, sharpness), lumped=True))
    if rule == "hard":
        return np.array([0.0, joint.information]), np.array([0.0, joint.information])
    found = curve(joint, betas=BETAS)
    return np.array([0.0, *found.rates]), np.array([0.0, *found.relevances])


def ceiling(
    rates: Float[ndarray, " p"],
    solved: tuple[Float[ndarray, " s"], Float[ndarray, " s"]],
    rule: Rule,
    sharpness: float = SHARPNESS,
) -> Float[ndarray, " p"]:
    """What I(T;Y) cannot exceed at some rates, in bits: the lowest line that touches the curve.

    A line of slope 1/β touches the curve at the point of β; slope 1 bounds all of it, and I(X;Y).

    Args:
        rates: I(X;T).
        solved: Points of the exact curve, as ``exact_curve`` has them.
        rule: Of the labels.
        sharpness: Of the soft rule.
    """
    table = icosahedron.joint(certainty(rule, sharpness), lumped=True)
    whole = np.minimum(rates, Joint.of_table(table).information)
    if rule == "hard":
        return whole
    betas = np.array(BETAS)[:, None]
    lines = solved[1][1:, None] + (rates - solved[0][1:, None]) / betas
    return np.minimum(whole, lines.min(0))
