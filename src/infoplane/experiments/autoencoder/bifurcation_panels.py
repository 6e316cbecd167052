"""Code sizes as figures, and as a table."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from infoplane.analysis.bifurcation import TurnBack, turn_back
from infoplane.analysis.repeated import error, error_words, mean, repeated_over
from infoplane.experiments.autoencoder.dimension import Sides
from infoplane.experiments.autoencoder.second_plane import second_plane_of_sizes
from infoplane.experiments.autoencoder.sizes import (
    CODE,
    best_of,
    by_size,
    courses,
    errors_of_principal,
    placed,
    sizes,
    test_errors,
)
from infoplane.experiments.panels import trajectory
from infoplane.values.ceilings import known_ceiling
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.replicates import Replicate
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace, held_out, sides

_STEPS = Axis("training step + 1", log=True)
_TO_INPUT, _TO_OUTPUT = Axis(f"I(X;{CODE})", "bit"), Axis(f"I({CODE};X′)", "bit")


def panels(trace: Trace) -> list[Panel]:
    """Courses and planes of the code by estimator, then ends, turn-backs and errors by size.

    All of it on the last probe; the ends on every one.
    """
    names = [str(name) for name in trace["estimator"].values]
    last, probes = held_out(trace), sides(trace)
    members = dict(zip(sizes(last), by_size(last, sizes(last)), strict=True))
    return [
        *(_courses(last, name) for name in names),
        *(_plane(last, name) for name in names),
        *(second_plane_of_sizes(members, name) for name in names),
        *(_ends(probes, name) for name in names),
        *(_turn_backs(last, name) for name in names if _is_repeated(last)),
        *(_distances(last, name) for name in names),
        _errors(last),
    ]


def table(trace: Trace) -> Table:
    """Every size with its errors, and by estimator with its turn-back."""
    names = [str(name) for name in trace["estimator"].values] if _is_repeated(trace) else []
    found = {name: turn_backs(trace, name) for name in names}
    errors, linear = test_errors(trace), errors_of_principal(trace)
    best = best_of(errors)
    where = _where(placed(trace))
    rows = tuple(
        (
            Cell((f"K = {size}",)),
            Cell((where[size],)),
            Cell((_error_words(errors, size, best),)),
            Cell((f"{linear[size]:.4f}" if np.isfinite(linear[size]) else "–",)),
            *(Cell((_told(found[name].get(size)),)) for name in names),
        )
        for size in sizes(trace)
    )
    columns = (
        "code size",
        "dimension of the data",
        "test error (to the best)",
        "PCA autoencoder",
        *names,
    )
    return Table(
        "Code sizes",
        columns,
        rows,
        f"By estimator: how far I(X;{CODE}) falls from its peak to the end, in bits, against what "
        "noise alone would show in one of twenty courses.",
    )


def _where(found: Sides) -> dict[int, str]:
    """Of every size where it lies."""
    wide = f"no bottleneck: wider than a stage of {found.narrowest}"
    named = {
        "K is below it": found.below,
        "K may be it": found.at,
        "K is above it": found.above,
        wide: found.wide,
    }
    return {size: words for words, codes in named.items() for size in codes}


def turn_backs(trace: Trace, estimator: str) -> dict[int, TurnBack]:
    """The turn-back of every size that did not diverge."""
    return {size: turn_back(one) for size, one in courses(trace, estimator).items()}


def _error_words(errors: Mapping[int, float], size: int, best: int | None) -> str:
    """A test error, and how much larger it is than the least."""
    if best is None or not np.isfinite(errors[size]):
        return "not finite"
    return f"{errors[size]:.4f} ({errors[size] / errors[best] - 1:+.0%})"


def _told(found: TurnBack | None) -> str:
    if found is None:
        return "not measured"
    words = "turns back" if found.is_real else "does not turn back"
    return f"{words}: {found.size:.3f} against {found.threshold:.3f}"


def _is_repeated(trace: Trace) -> bool:
    return repeated_over(trace["I_XT"]) is not None and all(
        trace.sizes[one] > 1 for one in Replicate if one in trace["I_XT"].dims
    )


def _members(trace: Trace, estimator: str) -> Iterator[tuple[int, Trace]]:
    """Every size with the code's informations under one estimator."""
    for size, one in zip(sizes(trace), by_size(trace, sizes(trace)), strict=True):
        yield size, one[["I_XT", "I_TY"]].sel(estimator=estimator, layer=CODE)


def _courses(trace: Trace, estimator: str) -> Panel:
    """I(X;code) over training, a curve per size."""
    series = []
    for size, one in _members(trace, estimator):
        values = one["I_XT"]
        told = error(values)
        series.append(
            Series(
                f"K = {size}",
                one["step"].values + 1.0,
                mean("I_XT", values).values,
                y_error=told.values.values,
                at=one["step"].values,
                error_is=told.name,
            )
        )
    return Panel(
        f"sizes-{estimator}",
        f"I(X;{CODE}) by code size",
        f"Which sizes rise to a point and go back? Bands: {error_words(trace['I_XT'])}.",
        _STEPS,
        _TO_INPUT,
        tuple(series),
        ceiling=known_ceiling(trace["I_XT"].sel(estimator=estimator)),
        group=estimator,
        scale="sizes",
    )


def _plane(trace: Trace, estimator: str) -> Panel:
    """The code's trajectories, one per size."""
    series = [
        trajectory(f"K = {size}", one["I_XT"], one["I_TY"])
        for size, one in _members(trace, estimator)
    ]
    return Panel(
        f"sizes-plane-{estimator}",
        f"Plane of the {CODE} by code size",
        "One trajectory per size. On the bisector the code shares as much with the reconstruction "
        "as with the image.",
        _TO_INPUT,
        _TO_OUTPUT,
        tuple(series),
        bisector=True,
        plane=True,
        group=estimator,
    )


def _ends(probes: Mapping[str, Trace], estimator: str) -> Panel:
    """I(X;code) at the last moment against the size, probe by probe, the last one first."""
    first, *others = [_end(part, side, estimator) for side, part in probes.items()][::-1]
    dashed = ", ".join(one.name for one in others)
    told = f"Of the {first.name} samples; dashed: {dashed}. " if others else ""
    return Panel(
        f"sizes-end-{estimator}",
        f"I(X;{CODE}) at the end by code size",
        f"{told}At the last moment.",
        _sizes_axis(first.x),
        _TO_INPUT,
        (first, *(replace(one, dashed=True) for one in others)),
        group=estimator,
        scale="sizes-end",
    )


def _end(trace: Trace, side: str, estimator: str) -> Series:
    """I(X;code) at the last moment of every size, on one probe."""
    ends = {size: one["I_XT"].isel(snapshot=-1) for size, one in _members(trace, estimator)}
    told = [error(one) for one in ends.values()]
    return Series(
        side or "probe",
        np.array(list(ends), dtype=float),
        np.array([float(mean("I_XT", one)) for one in ends.values()]),
        y_error=np.array([float(one.values) for one in told]),
        error_is=told[0].name,
    )


def _turn_backs(trace: Trace, estimator: str) -> Panel:
    """The turn-back against the size, and what noise alone would show."""
    found = turn_backs(trace, estimator)
    return _against(
        f"turn-back-{estimator}",
        f"Turn-back of I(X;{CODE})",
        "Dashed: what noise alone would show in one of twenty courses.",
        Axis("max − end", "bit"),
        (
            ("turn-back", {size: one.size for size, one in found.items()}),
            ("noise alone", {size: one.threshold for size, one in found.items()}),
        ),
        estimator,
    )


def _distances(trace: Trace, estimator: str) -> Panel:
    """The distance from the bisector at the end against the size."""
    found = {}
    for size, one in _members(trace, estimator):
        gap = abs(one["I_XT"] - one["I_TY"]).isel(snapshot=-1)
        found[size] = float(mean("", gap))
    return _against(
        f"bisector-{estimator}",
        f"Distance of the {CODE} from the bisector",
        f"|I(X;{CODE}) − I({CODE};X′)| at the last moment.",
        Axis("distance", "bit"),
        (("distance", found),),
        estimator,
    )


def _errors(trace: Trace) -> Panel:
    """The test error against the size, beside that of the PCA autoencoder."""
    unit = str(trace["loss_test"].attrs.get("unit", ""))
    linear = {size: one for size, one in errors_of_principal(trace).items() if np.isfinite(one)}
    return _against(
        "sizes-error",
        "Test error by code size",
        "At the last moment. Dashed: the PCA autoencoder.",
        Axis("test error", unit),
        (("trained", test_errors(trace)), *((("PCA autoencoder", linear),) if linear else ())),
        "",
    )


def _against(
    key: str,
    title: str,
    caption: str,
    y: Axis,
    lines: tuple[tuple[str, Mapping[int, float]], ...],
    group: str,
) -> Panel:
    """Numbers against the code size; all lines but the first are dashed."""
    return Panel(
        key,
        title,
        caption,
        _sizes_axis(np.array(sorted(lines[0][1]), dtype=float)),
        y,
        tuple(
            Series(
                name,
                np.array(sorted(values), dtype=float),
                np.array([values[size] for size in sorted(values)]),
                dashed=place > 0,
            )
            for place, (name, values) in enumerate(lines)
        ),
        group=group,
    )


def _sizes_axis(known: np.ndarray) -> Axis:
    """Code sizes in increasing order, shape (n,), each labelled."""
    return Axis("code size K", log=bool(known[-1] > 8 * known[0]), ticks=tuple(known.tolist()))
