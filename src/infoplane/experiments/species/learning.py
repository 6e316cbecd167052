"""Whether the species learn as S1's did: where their losses end, and how far apart they lie.

Asked of runs with the paper's settings alone; the tolerances are ours.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import xarray as xr

from infoplane.analysis.claims import UNTRAINED, Claim
from infoplane.analysis.curves import together
from infoplane.experiments.members import ONE_NUMBER, Moment, first, last, per_run
from infoplane.experiments.species.asking import DRAWN, PAPER
from infoplane.experiments.species.curves import Curves
from infoplane.experiments.species.published import DRAWN_SHARE, SHARE, SOURCE, figures
from infoplane.values.trace import Trace

OVERFIT = "overfit"
GAP = 0.1
"""Difference of the common logarithms of training and test loss that counts as none."""
RATIO = 3.0
"""Test loss over training loss from which a species has overfitted."""
THIRD = 1 / 3
LIMIT = "The effect of each part is its distance from the limit, which is ours."


def claims(trace: Trace) -> list[Claim]:
    """What can be asked of the losses of members that were published."""
    curves, known = Curves(trace), figures(trace)
    there = curves.there(list(known))
    others = [name for name in there if name != OVERFIT]
    found = []
    if there:
        found.append(
            _claim(
                "training-losses",
                "Every species ends at the published test loss within 12 %, the variational one "
                "within 3 %.",
                SOURCE,
                lambda one, when: {name: _near(one, name, when) for name in there},
            )
        )
    if others:
        found.append(
            _claim(
                "training-gap",
                f"No species but {OVERFIT} overfits: log₁₀ of training and test loss differ by "
                "less than 0.1.",
                PAPER,
                lambda one, when: {name: GAP - abs(_gap(one, name, when)) for name in others},
                controls=False,
            )
        )
    if OVERFIT in there:
        found.append(
            _claim(
                "training-overfit",
                "With a tenth of the images the test loss ends above three times the training "
                "loss, and was least before a third of the updates.",
                SOURCE,
                lambda one, when: {
                    "ratio above 3": _gap(one, OVERFIT, when) - np.log10(RATIO),
                    "least before a third": THIRD - _least_at(one.of("loss_test", OVERFIT)),
                },
                controls=False,
            )
        )
    if {"tied-published", "vanilla"} <= set(there):
        found.append(
            _claim(
                "training-tied",
                "Tying as published costs: the tied test loss ends above twice the shallow one.",
                SOURCE,
                lambda one, when: {
                    "tied": _loss(one, "tied-published", when) / _loss(one, "vanilla", when) - 2
                },
            )
        )
    return found


def _near(curves: Curves, species: str, when: Moment) -> xr.DataArray:
    """By how much of the published loss a loss lies within its tolerance."""
    published = figures(curves.trace)[species].loss
    share = DRAWN_SHARE if species == DRAWN else SHARE
    return share - abs(_loss(curves, species, when) / published - 1)


def _loss(curves: Curves, species: str, when: Moment, part: str = "test_set") -> xr.DataArray:
    return when(curves.of(f"loss_{part}", species))


def _gap(curves: Curves, species: str, when: Moment) -> xr.DataArray:
    """log₁₀ of test loss over training loss."""
    test, train = (_loss(curves, species, when, part) for part in ("test", "train"))
    return xr.apply_ufunc(np.log10, test / train)


def _least_at(losses: xr.DataArray) -> xr.DataArray:
    """When a curve is least, as a share of the updates."""
    return losses["step"].isel(snapshot=losses.argmin("snapshot")) / losses["step"].max()


def _claim(
    key: str,
    statement: str,
    source: str,
    asked: Callable[[Curves, Moment], Mapping[str, xr.DataArray]],
    *,
    controls: bool = True,
) -> Claim:
    """A claim about losses, one number per run each, with the untrained networks as control.

    Args:
        key: Short name.
        statement: The claim in words.
        source: Where it comes from.
        asked: What it says is positive, by part, at the end or before training.
        controls: Whether the untrained networks can be asked the same.
    """

    def statistic(trace: Trace, when: Moment = last) -> xr.DataArray:
        parts = asked(Curves(trace), when)
        return together({name: per_run(value, trace) for name, value in parts.items()})

    return Claim(
        key=key,
        statement=statement,
        source=source,
        statistic=statistic,
        rests_on=lambda trace: xr.zeros_like(statistic(trace)),
        controls={UNTRAINED: partial(statistic, when=first)} if controls else {},
        unit="1",
        notes=(LIMIT, ONE_NUMBER),
        needs=lambda trace: (statistic(trace),),
    )
