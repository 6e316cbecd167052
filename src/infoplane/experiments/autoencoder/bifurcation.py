"""S0's third property: code sizes side by side, and where information begins to turn back."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, final

import numpy as np
import xarray as xr

from infoplane.analysis.bifurcation import TurnBack, turn_back
from infoplane.analysis.claims import (
    SHUFFLED,
    UNTRAINED,
    Claim,
    Evidence,
    Statistic,
    untrained,
)
from infoplane.analysis.phases import LEAST
from infoplane.experiments.autoencoder.bifurcation_panels import panels, table
from infoplane.experiments.autoencoder.bifurcation_words import summary
from infoplane.experiments.autoencoder.dimension import Sides, no_bottleneck
from infoplane.experiments.autoencoder.principal import NAME, has_principal, principal
from infoplane.experiments.autoencoder.sizes import ALONG, CODE, by_size, course, placed
from infoplane.experiments.claims import has_null
from infoplane.experiments.protocol import Family
from infoplane.values.finding import Finding
from infoplane.values.replicates import Replicate
from infoplane.values.table import Table
from infoplane.values.trace import Trace, held_out

SOURCE = "yu2019understanding, third property (bifurcation), as yu2020understanding restates it"
Effect = Callable[[TurnBack], np.ndarray]
"""What a claim says is positive, of every replicate of a course."""


def claims(trace: Trace) -> list[Claim]:
    """What is claimed of the sizes below and above the dimension of the data.

    Args:
        trace: The family, on one probe. A size that may be the dimension is asked nothing, since
            nobody knows on which side it lies; nor is a code that is no bottleneck.
    """
    sides, null, beside = placed(trace), has_null(trace), has_principal(trace)
    notes = _notes(sides)
    made = [
        *([_never_turns_back(sides.below, null)] if sides.below else []),
        *(
            [_turns_back(sides.above, null), _near_the_bisector(sides.above, beside)]
            if sides.above
            else []
        ),
    ]
    return [replace(claim, notes=(*claim.notes, *notes)) for claim in made]


def _notes(sides: Sides) -> list[str]:
    """Which sizes a claim is not asked of, and why."""
    listed = ", ".join(map(str, sides.at))
    told = [f"Not asked of K = {listed}, which may be the dimension of the data."] if listed else []
    return [*told, *no_bottleneck(sides.wide, sides.narrowest)]


def _never_turns_back(asked: Sequence[int], null: bool) -> Claim:
    return _turning(
        null,
        "no-turn-back-below",
        f"Below the intrinsic dimension of the data I(X;{CODE}) never goes back by {LEAST:g} bit.",
        asked,
        lambda found: _least(found) - found.of_each,
    )


def _turns_back(asked: Sequence[int], null: bool) -> Claim:
    return _turning(
        null,
        "turn-back-above",
        f"Above the intrinsic dimension of the data I(X;{CODE}) rises to a point and goes back by "
        f"{LEAST:g} bit.",
        asked,
        lambda found: found.of_each - _least(found),
    )


def _turning(
    null: bool,
    key: str,
    statement: str,
    asked: Sequence[int],
    effect: Effect,
) -> Claim:
    """A claim about the turn-back of some sizes, each a part of it."""

    def statistic(trace: Trace, name: str) -> xr.DataArray:
        return _of_courses(trace, asked, name, effect)

    return Claim(
        key=key,
        statement=statement,
        source=SOURCE,
        statistic=lambda trace: statistic(trace, "I_XT"),
        controls={SHUFFLED: lambda trace: statistic(trace, "I_XT_null")} if null else {},
        rests_on=lambda trace: _needed(trace, asked, "I_XT"),
        needs=lambda trace: [_needed(trace, asked, "I_XT_null")] if null else [],
        evidence=lambda trace: _turn_back_evidence(trace, asked, effect),
        notes=(
            "The effect is the difference between the fall from the peak of the mean course to the "
            f"end and what counts as one: {LEAST:g} bit, or the 95 % quantile of what noise alone "
            "would show if that is more.",
            "Neither an untrained network nor a PCA autoencoder has a course, so the control is "
            "the same statistic on the shuffled samples, at the moments that have a null.",
        ),
    )


def _near_the_bisector(asked: Sequence[int], beside: bool) -> Claim:
    """Where the reconstruction is the input, I(X;S) is I(S;X′); asked of PCA too if it is there."""

    def statistic(trace: Trace, of: Callable[[Trace], Trace], moment: int) -> xr.DataArray:
        return _by_part(trace, asked, lambda one: LEAST - _distance(of(one), moment))

    def itself(trace: Trace) -> Trace:
        return trace

    controls: dict[str, Statistic] = {UNTRAINED: lambda trace: statistic(trace, untrained, 0)}
    if beside:
        controls[NAME] = lambda trace: statistic(trace, principal, 0)
    return Claim(
        key="bisector-above",
        statement=f"Above the intrinsic dimension the {CODE} ends within {LEAST:g} bit of the "
        f"bisector I(X;{CODE}) = I({CODE};X′).",
        source=SOURCE,
        statistic=lambda trace: statistic(trace, itself, -1),
        controls=controls,
        rests_on=lambda trace: _needed(trace, asked, "I_XT"),
        needs=lambda trace: [_needed(trace, asked, "I_TY")],
        evidence=lambda trace: _bisector_evidence(trace, asked),
        notes=(f"The effect is {LEAST:g} bit less the distance |I(X;{CODE}) − I({CODE};X′)|.",),
    )


def _least(found: TurnBack) -> float:
    """The least fall that counts: without a margin no course could be shown to have none."""
    return max(LEAST, found.threshold)


def _of_courses(trace: Trace, asked: Sequence[int], name: str, effect: Effect) -> xr.DataArray:
    """A number per size, estimator and replicate from each course's turn-back."""

    def of_one(one: Trace) -> xr.DataArray:
        values = course(one, name)
        return xr.apply_ufunc(
            lambda courses: effect(turn_back(courses)),
            values,
            input_core_dims=[["snapshot", Replicate.BATCH.value]],
            output_core_dims=[[Replicate.BATCH.value]],
            vectorize=True,
        )

    return _by_part(trace, asked, of_one)


def _by_part(
    trace: Trace, asked: Sequence[int], statistic: Callable[[Trace], xr.DataArray]
) -> xr.DataArray:
    """A statistic of every size, each a part named by it."""
    names = xr.DataArray([f"K = {size}" for size in asked], dims="part", name="part")
    found = [statistic(one).drop_vars("layer", errors="ignore") for one in by_size(trace, asked)]
    return xr.concat(found, dim=names, coords="minimal", compat="override", join="exact")


def _needed(trace: Trace, asked: Sequence[int], name: str) -> xr.DataArray:
    """The courses that a claim rests on, one size after the other."""
    found = [course(one, name).drop_vars(["step", "epoch"]) for one in by_size(trace, asked)]
    return xr.concat(
        found,
        dim=xr.DataArray(list(asked), dims="size", name="size"),
        coords="minimal",
        compat="override",
        join="exact",
        combine_attrs="override",
    )


def _distance(one: Trace, moment: int) -> xr.DataArray:
    """|I(X;code) − I(code;X′)| at a moment, dimensions (estimator, batch)."""
    difference = one["I_XT"].sel(layer=CODE) - one["I_TY"].sel(layer=CODE)
    return abs(difference.isel(snapshot=moment, drop=True))


def _turn_back_evidence(trace: Trace, asked: Sequence[int], effect: Effect) -> Evidence:
    """By estimator: of every size the turn-back, what noise would show, and where the peak is."""
    told: dict[str, dict[str, dict[str, Any]]] = {}
    for size, one in zip(asked, by_size(trace, asked), strict=True):
        values = course(one, "I_XT")
        for name in values["estimator"].values:
            found = _turned(values, name)
            told.setdefault(str(name), {})[f"K = {size}"] = {
                "turn-back": found.size,
                "noise alone up to": found.threshold,
                "peak at step": int(values["step"].values[found.peak]),
                **_at_the_null(one, str(name), effect),
            }
    return told


def _at_the_null(one: Trace, estimator: str, effect: Effect) -> dict[str, dict[str, float]]:
    """The effect at those few moments at which the control was measured, of both."""
    if not has_null(one):
        return {}
    null, values = course(one, "I_XT_null"), course(one, "I_XT")
    there = values.isel(snapshot=values["step"].isin(null["step"]).values)
    both = {"of the network": there, "of the shuffled samples": null}
    words = f"effect at the {null.sizes['snapshot']} moments that have a null"
    return {
        words: {of: float(effect(_turned(each, estimator)).mean()) for of, each in both.items()}
    }


def _turned(courses: xr.DataArray, estimator: str) -> TurnBack:
    """The turn-back under one estimator."""
    return turn_back(courses.sel(estimator=estimator).transpose("snapshot", ...).values)


def _bisector_evidence(trace: Trace, asked: Sequence[int]) -> Evidence:
    """By estimator: of every size the distance at the peak of I(X;code), and at the end."""
    told: dict[str, dict[str, dict[str, float]]] = {}
    for size, one in zip(asked, by_size(trace, asked), strict=True):
        mean = one[["I_XT", "I_TY"]].sel(layer=CODE).mean("batch")
        gap = abs(mean["I_XT"] - mean["I_TY"])
        peaks = mean["I_XT"].argmax("snapshot")
        for name in gap["estimator"].values:
            peak = int(peaks.sel(estimator=name))
            values = gap.sel(estimator=name).values
            told.setdefault(str(name), {})[f"K = {size}"] = {
                "distance at the peak": float(values[peak]),
                "distance at the end": float(values[-1]),
            }
    return told


@final
class Bifurcation(Family):
    """Code sizes side by side: which turn back, and which come near the bisector."""

    title: ClassVar[str] = "The bifurcation of a stacked autoencoder"
    along: ClassVar[str] = ALONG

    claims = staticmethod(claims)
    panels = staticmethod(panels)

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """The dimension of the data, the smallest code that turns back, and what it costs."""
        return summary(held_out(trace))

    @staticmethod
    def tables(trace: Trace, seconds: object) -> list[Table]:
        """One line per code size."""
        return [table(held_out(trace))]
