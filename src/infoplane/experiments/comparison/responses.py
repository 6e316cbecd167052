"""What is left at the end of training, against every number in which settings differ."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, final

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import error, mean
from infoplane.experiments.comparison.common import (
    VARIABLES,
    Runs,
    errors_in_words,
    evenly,
    label,
    losses,
    members,
    same_quantity,
    union,
    views,
)
from infoplane.experiments.comparison.conditions import incomparable
from infoplane.experiments.comparison.naming import differing, short_names
from infoplane.values.ceilings import known_ceiling
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.replicates import Replicate
from infoplane.values.trace import settings_of

DECADE = 8.0
"""Numbers that span more than this factor are drawn on a logarithmic axis."""
TICKS = 8
"""So many numbers are written along the axis at most."""
LINES = 12
"""So many lines can be told apart."""

Values = Mapping[str, xr.DataArray]
"""A variable at its last moment, by run."""


@final
@dataclass(frozen=True)
class Number:
    """A number in which settings differ.

    Attributes:
        name: The setting.
        values: Its value, by run.
        lines: Runs in the order of the number, by what else they differ in; one line under "" if
            they differ in nothing else.
    """

    name: str
    values: Mapping[str, float]
    lines: Mapping[str, Sequence[str]]

    @property
    def axis(self) -> Axis:
        """The horizontal axis, labelled at the numbers themselves."""
        found = sorted(set(self.values.values()))
        wide = found[0] > 0 and found[-1] / found[0] > DECADE
        return Axis(self.name, log=wide, ticks=tuple(evenly(found, TICKS)))


def responses(runs: Runs) -> list[Panel]:
    """Informations and losses at the last moment, against each number that settings differ in.

    If they differ in one number alone, a figure has a line per layer; else a figure is of one
    layer, and has a line per combination of what else they differ in.
    """
    return [
        panel
        for place, number in enumerate(numbers(runs))
        for panel in (*_informations(runs, number, place), *_losses(runs, number, place))
    ]


def numbers(runs: Runs) -> list[Number]:
    """The numbers in which settings differ, if two runs differ in one and in nothing else."""
    different = differing(list(runs.values()))
    short, found = short_names(different), []
    settings = {name: settings_of(trace) for name, trace in runs.items()}
    for key in different:
        values = {name: _number(one.get(key)) for name, one in settings.items()}
        known = {name: value for name, value in values.items() if value is not None}
        if key == Replicate.SEED or len(known) < len(values):
            continue
        others = [other for other in different if other != key]
        lines: dict[str, list[str]] = {}
        for i, name in sorted(enumerate(runs), key=lambda one: known[one[1]]):
            words = ", ".join(f"{short[other]}={different[other][i]}" for other in others)
            lines.setdefault(words, []).append(name)
        if _is_function(known, lines):
            found.append(Number(short[key], known, lines))
    return found


def _number(value: Any) -> float | None:  # noqa: ANN401 — whatever a setting is
    """A setting that is a finite number; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def _is_function(values: Mapping[str, float], lines: Mapping[str, Sequence[str]]) -> bool:
    """Whether no line has two values at one number, and some line has two numbers."""
    distinct = [len({values[name] for name in names}) for names in lines.values()]
    counts = [len(names) for names in lines.values()]
    return distinct == counts and max(counts, default=0) > 1


def _informations(runs: Runs, number: Number, place: int) -> Iterator[Panel]:
    """A figure per variable and estimator, and per layer where other settings need the lines."""
    known = [one for one in VARIABLES if same_quantity(one, runs)]
    for variable, estimator in product(known, union(runs, "estimator")):
        doubts = incomparable(runs, variable)
        for side, viewed in views(runs).items():
            last = _last(viewed, variable, {"estimator": estimator})
            null = _last(viewed, f"{variable}_null", {"estimator": estimator})
            if not last:
                continue
            one_line = len(number.lines) == 1
            drawn = [_all_layers(number, last, null)] if one_line else _by_layer(number, last)
            for panel in drawn:
                yield replace(
                    panel,
                    key=f"response-{place}-{variable}-{estimator}-{panel.key}-{side}",
                    caption=" ".join([*_doubtful(doubts), panel.caption]),
                    title=", ".join([panel.title, *([] if panel.group else [estimator])]),
                    group=f"{panel.group}, {estimator}" if panel.group else "",
                    side=side,
                    scale=f"response-{place}-{variable}-{estimator}" if panel.group else "",
                )


def _losses(runs: Runs, number: Number, place: int) -> Iterator[Panel]:
    """A figure per loss."""
    for name in (one for one in losses(runs) if same_quantity(one, runs)):
        probed = any("probe" in one[name].dims for one in runs.values() if name in one)
        for side, viewed in views(runs).items() if probed else [("", runs)]:
            last = _last(viewed, name, {})
            if not last:
                continue
            panel = _figure(number, label(next(iter(last.values()))), last)
            yield replace(panel, key=f"response-{place}-{name}-{side}", side=side)


def _all_layers(number: Number, last: Values, null: Values) -> Panel:
    """All layers in one figure, a line each; dashed, what each has after shuffling."""
    first = next(iter(last.values()))
    layers = list(dict.fromkeys(layer for one in last.values() for layer in _layers(one)))
    ((_, names),) = number.lines.items()
    series: list[Series] = []
    for layer in layers:
        series.append(_line(layer, number, names, _at(last, layer)))
        under = _line(f"{layer} (null)", number, names, _at(null, layer))
        if np.isfinite(under.y).any():
            series.append(replace(under, dashed=True))
    dashed = any(one.dashed for one in series)
    panel = _framed(number, label(first), last, tuple(series))
    words = f"One line per layer. {panel.caption}" + (" Dashed: the null." if dashed else "")
    return replace(panel, key="layers", caption=words)


def _by_layer(number: Number, last: Values) -> Iterator[Panel]:
    """A figure per layer."""
    first = next(iter(last.values()))
    layers = list(dict.fromkeys(layer for one in last.values() for layer in _layers(one)))
    for place, layer in enumerate(layers):
        panel = _figure(number, layer, _at(last, layer))
        group = f"{label(first)} against {number.name}"
        yield replace(panel, key=str(place), group=group)


def _figure(number: Number, title: str, last: Values) -> Panel:
    """One quantity, a line per combination of the other settings."""
    lines = evenly(list(number.lines.items()), LINES)
    series = tuple(
        _line(words or title, number, names, last)
        for words, names in lines
        if any(name in last for name in names)
    )
    panel = _framed(number, title, last, series)
    some = f"{LINES} of {len(number.lines)} combinations" if len(number.lines) > LINES else ""
    words = [f"Lines: {some}, evenly chosen."] if some else []
    return replace(panel, caption=" ".join([*words, panel.caption]))


def _framed(number: Number, title: str, last: Values, series: tuple[Series, ...]) -> Panel:
    """Axes, ceiling and words around some lines."""
    first = next(iter(last.values()))
    errors = errors_in_words(last)
    ceilings = {known_ceiling(one) for one in last.values()}
    unit = str(first.attrs.get("unit", ""))
    return Panel(
        key=title,
        title=title,
        caption="At the last moment of training." + (f" Bars: {errors}." if errors else ""),
        x=number.axis,
        y=Axis(label(first), "" if unit == "1" else unit),
        series=series,
        ceiling=ceilings.pop() if len(ceilings) == 1 else None,
    )


def _line(name: str, number: Number, names: Sequence[str], values: Values) -> Series:
    """One line through the runs that have a value, in the order of the number."""
    errors = {run: error(values[run]) for run in names if run in values}
    slight = np.array([float(errors[run].values) if run in errors else np.nan for run in names])
    kinds = tuple(errors[run].name if run in errors else "" for run in names)
    return Series(
        name=name,
        x=np.array([number.values[run] for run in names]),
        y=np.array([float(mean("", values[run])) if run in values else np.nan for run in names]),
        y_error=slight if np.isfinite(slight).any() else None,
        error_is=kinds if len({*kinds} - {""}) > 1 else max(kinds),
    )


def _last(runs: Runs, variable: str, where: Mapping[str, str]) -> dict[str, xr.DataArray]:
    """A variable at its last moment, of every run that has it there."""
    return {
        name: trace[variable].isel(snapshot=-1).sel(where)
        for name, trace in runs.items()
        if variable in trace and all(one in members(trace, dim) for dim, one in where.items())
    }


def _layers(values: xr.DataArray) -> list[str]:
    return [str(one) for one in values["layer"].values]


def _at(values: Values, layer: str) -> dict[str, xr.DataArray]:
    """The values of one layer, of every run that has it."""
    return {name: one.sel(layer=layer) for name, one in values.items() if layer in _layers(one)}


def _doubtful(doubts: Sequence[str]) -> list[str]:
    return ["NOT comparable in absolute value, see above."] if doubts else []
