"""S0's third property: code sizes side by side, and where information begins to turn back."""

from collections.abc import Callable, Sequence
from typing import ClassVar, final

import numpy as np
import xarray as xr

from infoplane.analysis.bifurcation import Smallest, TurnBack, smallest, turn_back
from infoplane.analysis.claims import (
    SHUFFLED,
    UNTRAINED,
    Claim,
    Evidence,
    Statistic,
    judged,
    untrained,
)
from infoplane.analysis.phases import LEAST
from infoplane.analysis.repeated import repeated_over
from infoplane.experiments.autoencoder.bifurcation_panels import panels, table, turn_backs
from infoplane.experiments.autoencoder.principal import NAME, has_principal, principal
from infoplane.experiments.autoencoder.sizes import (
    ALONG,
    CODE,
    Dimension,
    best_of,
    by_size,
    course,
    courses,
    dimensions,
    sizes,
    test_errors,
)
from infoplane.experiments.claims import has_null
from infoplane.experiments.protocol import Family
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.replicates import Replicate
from infoplane.values.table import Table
from infoplane.values.trace import Trace, held_out

SOURCE = "yu2019understanding, third property (bifurcation), as yu2020understanding restates it"


@final
class Bifurcation(Family):
    """Code sizes side by side: which turn back, and which come near the bisector."""

    title: ClassVar[str] = "The bifurcation of a stacked autoencoder"
    along: ClassVar[str] = ALONG

    @staticmethod
    def findings(traces: Sequence[Trace]) -> list[Finding]:
        """The third property: below the dimension of the data, and above it."""
        parts = [held_out(trace) for trace in traces]
        return judged(claims(parts[0]), parts) if parts else []

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """Courses of the code for all sizes, its planes, and what depends on the size."""
        return panels(held_out(trace))

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """The dimension of the data, the smallest code that turns back, and what it costs."""
        last = held_out(trace)
        return [
            f"{trace.attrs['description']}.",
            _dimension_words(dimensions(last)),
            *(_recommended(last, str(name)) for name in last["estimator"].values),
            *_unasked(last),
        ]

    @staticmethod
    def tables(trace: Trace, seconds: object) -> list[Table]:
        """One line per code size."""
        return [table(held_out(trace))]


def claims(trace: Trace) -> list[Claim]:
    """What is claimed of the sizes below and above the dimension of the data.

    Args:
        trace: The family, on one probe. A size between two estimates of the dimension is asked
            nothing, since nobody knows on which side it lies.
    """
    dimension = dimensions(trace)
    below = [size for size in sizes(trace) if size < dimension.low]
    above = [size for size in sizes(trace) if size > dimension.high]
    return [
        *([_never_turns_back(below, has_null(trace))] if below else []),
        *(
            [_turns_back(above, has_null(trace)), _near_the_bisector(above, has_principal(trace))]
            if above
            else []
        ),
    ]


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
    effect: Callable[[TurnBack], np.ndarray],
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
        evidence=lambda trace: _turn_back_evidence(trace, asked),
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


def _of_courses(
    trace: Trace, asked: Sequence[int], name: str, effect: Callable[[TurnBack], np.ndarray]
) -> xr.DataArray:
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


def _turn_back_evidence(trace: Trace, asked: Sequence[int]) -> Evidence:
    """By estimator: of every size the turn-back, what noise would show, and where the peak is."""
    told: dict[str, dict[str, dict[str, float]]] = {}
    for size, one in zip(asked, by_size(trace, asked), strict=True):
        values = course(one, "I_XT")
        for name in values["estimator"].values:
            found = turn_back(values.sel(estimator=name).transpose("snapshot", ...).values)
            told.setdefault(str(name), {})[f"K = {size}"] = {
                "turn-back": found.size,
                "noise alone up to": found.threshold,
                "peak at step": int(values["step"].values[found.peak]),
            }
    return told


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


def _dimension_words(found: Dimension) -> str:
    """The dimension of the data by every method."""
    each = ", ".join(
        f"{name} {value:.1f} ± {error:.1f}"
        for name, value, error in zip(found.names, found.values, found.errors, strict=True)
    )
    return (
        f"Intrinsic dimension of {found.n} training images: {each} (nearest-neighbour methods are "
        "too low above about 10)."
    )


def first_to_turn_back(trace: Trace, estimator: str) -> Smallest:
    """The smallest code that turns back under an estimator, over batches or seeds."""
    return smallest(courses(trace, estimator))


def _recommended(trace: Trace, estimator: str) -> str:
    """The code size at the bifurcation, how sure it is, and what it costs."""
    if min(trace.sizes.get(one, 2) for one in Replicate) < 2:
        return f"Under {estimator} one batch alone cannot tell a turn-back from noise."
    if not courses(trace, estimator):
        return f"Under {estimator} no code was measured at every moment."
    found, errors = first_to_turn_back(trace, estimator), test_errors(trace)
    several = (repeated_over(trace["I_XT"]) or Replicate.BATCH).several
    best = best_of(errors)
    turned = turn_backs(trace, estimator)
    span = f"90 % over resampled {several}: {_words(found.low)} … {_words(found.high)}"
    if found.size is None:
        return f"Under {estimator} no code turns back ({span}), so that no size is recommended."
    if best is None or not np.isfinite(errors[found.size]):
        return f"Under {estimator} K* = {found.size} ({span}); its test error is no number."
    error, least = errors[found.size], errors[best]
    return (
        f"Under {estimator} the smallest code that turns back has K* = {found.size} units "
        f"({span}), by {turned[found.size].size:.3f} bit; its test error {error:.4f} is "
        f"{error / least - 1:+.0%} against that of the best size (K = {best}: {least:.4f})."
    )


def _words(size: float) -> str:
    return f"{size:g}" if np.isfinite(size) else "none"


def _unasked(trace: Trace) -> list[str]:
    """Which sizes lie between two estimates of the dimension, and which side has none."""
    dimension, known = dimensions(trace), sizes(trace)
    between = [size for size in known if dimension.low <= size <= dimension.high]
    told = []
    if between:
        listed = ", ".join(map(str, between))
        told.append(f"On neither side for certain, and so not asked: K = {listed}.")
    for side, lies in (
        ("below", min(known) >= dimension.low),
        ("above", max(known) <= dimension.high),
    ):
        told += [f"No code size lies {side} the dimension."] if lies else []
    return told
