"""Whether the species learn as S1's did: where their losses end, and how far apart they lie.

Asked of runs with the paper's settings alone; the tolerances are ours.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import xarray as xr

from infoplane.analysis.claims import UNTRAINED, Claim
from infoplane.analysis.curves import together
from infoplane.experiments.members import ONE_NUMBER, Moment, first, last, no_estimator, per_run
from infoplane.experiments.species.asking import DRAWN, PAPER
from infoplane.experiments.species.curves import Curves
from infoplane.experiments.species.published import DRAWN_SHARE, FACTOR, SHARE, SOURCE, figures
from infoplane.values.trace import Trace, settings_of

OVERFIT, TIED, SHALLOW = "overfit", "tied-published", "vanilla"
GAP = 0.1
"""Difference of the common logarithms of training and test loss that counts as none."""
THIRD = 1 / 3
LIMIT = "The effect of each part is its distance from the limit, which is ours."


def claims(trace: Trace) -> list[Claim]:
    """What can be asked of the losses of members that were published."""
    if "loss_test_set" not in trace:  # of a run that was recorded before it was measured
        return []
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
                notes=(
                    "On this, and on species without a simplifying phase among them, rests the "
                    "paper's conclusion that generalisation does not need one.",
                ),
            )
        )
    if OVERFIT in there and (train := known[OVERFIT].train_loss) is not None:
        found.append(_overfits(known[OVERFIT].loss / train / FACTOR))
    if OVERFIT in there and settings_of(trace).get("dataset") == "mnist":
        found.append(
            _claim(
                "training-overfit-soon",
                "With few images the test loss is least before a third of the updates.",
                SOURCE,
                lambda one, when: {"least": THIRD - _least_at(one.of("loss_test", OVERFIT))},
                controls=False,
            )
        )
    if {TIED, SHALLOW} <= set(there):
        found.append(_tying_costs(known[TIED].loss / known[SHALLOW].loss / FACTOR))
    return found


def _overfits(ratio: float) -> Claim:
    return _claim(
        "training-overfit",
        f"With few images the test loss ends above {ratio:.1f} times the training loss.",
        SOURCE,
        lambda one, when: {"ratio": _gap(one, OVERFIT, when) - np.log10(ratio)},
        controls=False,
    )


def _tying_costs(ratio: float) -> Claim:
    return _claim(
        "training-tied",
        f"Tying as published costs: the tied test loss ends above {ratio:.1f} times the shallow "
        "one.",
        SOURCE,
        lambda one, when: {"tied": _loss(one, TIED, when) / _loss(one, SHALLOW, when) - ratio},
    )


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
    notes: tuple[str, ...] = (),
) -> Claim:
    """A claim about losses, one number per run each, with the untrained networks as control.

    Args:
        key: Short name.
        statement: The claim in words.
        source: Where it comes from.
        asked: What it says is positive, by part, at the end or before training.
        controls: Whether the untrained networks can be asked the same.
        notes: What else a reader needs.
    """

    def statistic(trace: Trace, when: Moment = last) -> xr.DataArray:
        parts = asked(Curves(trace), when)
        return together({name: per_run(value) for name, value in parts.items()})

    return Claim(
        key=key,
        statement=statement,
        source=source,
        statistic=statistic,
        rests_on=no_estimator,
        controls={UNTRAINED: partial(statistic, when=first)} if controls else {},
        unit="1",
        notes=(*notes, LIMIT, ONE_NUMBER),
        needs=lambda trace: (statistic(trace),),
    )
