"""What makes a transfer mean less than it seems, as far as the series themselves show it."""

import math

import torch
from jaxtyping import Float, Num
from scipy.special import fdtrc
from torch import Tensor

from infoplane.measures.diagnostics.determined import CERTAIN, SLOPE, common_direction, shrinkage
from infoplane.measures.neighbours.ksg import KSG
from infoplane.measures.neighbours.mixed_ksg import MixedKSG
from infoplane.measures.transfer.history import History, window

BLOCKS, PARTS = 10, 10
"""Drift is looked for between so many stretches, each of so many parts."""
LONG = 1000
"""Shorter series tell nothing of drift."""
FEW = 400
"""About so many moments tell whether the target is a function."""
LOOKED_AT = 20_000
"""So many moments tell whether a series remembers."""
SURE = 1e-3
"""A p-value below which a series drifts, or remembers."""
SHARE = 0.1
"""Of many units, this share is enough to speak of it."""
SMALL = 0.01
"""Bits below which a transfer between series without memory is none."""

AT_ONCE = (
    "lag=0 asks what source and target share at the same moment beyond the target's past: "
    "dependence, and no transfer in time. Take lag=1 or more for that."
)
SHUFFLED = (
    "Neither source nor target remembers its own past, and next to nothing passes: as of samples "
    "in shuffled order, where the index is no time. Then the value is bias (take the excess over "
    "its surrogates), and what layers share is at lag 0."
)
DRIFTING = (
    "Both source and target drift: their states are not equally frequent along the series, and a "
    "common drift looks like transfer, which a global permutation takes for significant. Take "
    "surrogates within blocks, PermutedWithin(size), or a stretch without drift."
)
DETERMINED = (
    "The target is a continuous function of {what}, so the true transfer is infinite, and an "
    "estimate from nearest neighbours grows with the number of samples: add the noise that you "
    "mean, or cut the numbers into states."
)


def warnings_of(
    x: Tensor, y: Tensor, history: History, estimator: object, value: float
) -> tuple[str, ...]:
    """Notes on a transfer of one pair.

    Args:
        x: The source, checked samples.
        y: The target.
        history: What was asked.
        estimator: What measured it.
        value: What came out, in bits.
    """
    found = [AT_ONCE] if history.lag == 0 else []
    a, b = (one.reshape(len(one), -1) for one in (x, y))
    if isinstance(estimator, KSG | MixedKSG) and x.is_floating_point() and y.is_floating_point():
        found += _determined(x, y, history)
    return (*found, *series_notes(a, b, typical=value))


def series_notes(x: Num[Tensor, "n d"], y: Num[Tensor, "n e"], typical: float) -> tuple[str, ...]:
    """Notes on shuffled order and on common drift of any number of units.

    Args:
        x: Source units.
        y: Target units.
        typical: What passes from one to another, in bits, above its bias.
    """
    notes = []
    if typical < SMALL and not any(_share(remembers(one)) > SHARE for one in (x, y)):
        notes.append(SHUFFLED)
    if all(_share(drifts(one)) > SHARE for one in (x, y)):
        notes.append(DRIFTING)
    return tuple(notes)


def remembers(x: Num[Tensor, "n d"]) -> Float[Tensor, " d"]:
    """p-value of "no correlation with the step before" of every unit; 1 of a constant one."""
    numbers = x[:LOOKED_AT].double()
    centred = numbers - numbers.mean(0)
    variance = centred.square().sum(0)
    r = (centred[1:] * centred[:-1]).sum(0) / variance
    z = r.abs() * math.sqrt(max(1, len(centred) - 1))
    return torch.where(variance > 0, torch.special.erfc(z / math.sqrt(2)), 1.0)


def drifts(x: Num[Tensor, "n d"]) -> Float[Tensor, " d"]:
    """p-value of "the mean is the same in ten stretches" of every unit; 1 of a constant one.

    An analysis of variance of the means of ten parts of every stretch, so that memory shorter than
    a part, a hundredth of the series, is no drift.
    """
    n, units = x.shape
    if n < LONG:
        return torch.ones(units, dtype=torch.float64, device=x.device)
    size = n // (BLOCKS * PARTS)
    parts = x[: BLOCKS * PARTS * size].reshape(BLOCKS, PARTS, size, units)
    means = parts.sum(2, dtype=torch.float64) / size
    between, within = PARTS * means.mean(1).var(0), means.var(1).mean(0)
    p = fdtrc(BLOCKS - 1, BLOCKS * (PARTS - 1), (between / within).cpu().numpy())
    return torch.where(within > 0, torch.from_numpy(p).to(x.device), (between <= 0).double())


def _share(p_values: Float[Tensor, " d"]) -> float:
    return float((p_values < SURE).double().mean()) if len(p_values) else 0.0


def _determined(x: Tensor, y: Tensor, history: History) -> list[str]:
    """Whether the target is a function of the source, or of the source and its own past."""
    reach = history.reach()
    source, future, past = (
        one.reshape(len(one), -1).double()
        for one in (
            window(x, reach, history.lag, history.l),
            window(y, reach, 0, 1),
            window(y, reach, 1, history.k),
        )
    )
    what, known = "the source", source
    if history.lag:
        what, known = "the source and its own past", torch.cat([past, source], 1)
    rows = slice(None, None, max(1, len(future) // FEW))
    near = shrinkage(known[rows], future[rows], resolve=False)
    # a target narrower than what determines it is not resolved by single neighbours, so the slope
    # alone decides: of logistic and tent maps it was 0.93 to 1.13, with noise of 0.02 at most 0.56
    # and with its error always below; noise of 0.005 is hardly told from none
    smooth = near is not None and near.slope - CERTAIN * near.error > SLOPE
    determined = common_direction(known, future) or smooth
    return [DETERMINED.format(what=what)] if determined else []
