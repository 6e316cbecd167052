"""Curves with bands of their errors over training, else with bars; dashed companions alike."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from infoplane.report.canvas import canvas, decades, extent, plain, unit_alone
from infoplane.report.drawing import CURSOR_AXIS, Drawn, about, as_json, cursor, mark, places
from infoplane.report.looks import Look, dressed
from infoplane.report.palette import faded
from infoplane.report.words import escaped
from infoplane.values.panel import Panel, Series

MARK_PIXELS = 8.5
BAR_PIXELS = 30
"""Room for the buttons above points that are no moments of a training."""
FEW = 25
"""Of more points the large marks would touch each other: they are a line."""


def curves(panel: Panel, shared: Mapping[str, Look], alike: Sequence[Panel]) -> dict[str, Any]:
    """A curve stops where nothing was measured; a dashed companion runs on between its marks.

    What is not over time has its error as a bar at each point, and where points are few a mark.
    """
    worn = dressed(panel, shared)
    drawn: list[Drawn] = []
    marks: list[Drawn] = []
    for series, look in zip(panel.series, worn, strict=True):
        if series.y_error is not None and series.at is not None and not series.dashed:
            drawn.append(_band(series, series.y_error, panel.y.log, look, len(drawn) + 1))
        if series.at is not None and not series.dashed:
            marks.append(mark(series, look, len(drawn), MARK_PIXELS))
        group = _group(drawn) if series.dashed else len(drawn)
        drawn.append(_curve(series, look, group))
    moments = places(panel)
    layout = canvas(panel, alike) | {"yaxis": unit_alone(panel.y), "yaxis2": CURSOR_AXIS}
    layout["xaxis"] |= decades(panel.x, [one.x for one in panel.series])
    layout["yaxis"] |= decades(panel.y, [one.y for one in panel.series])
    if not panel.over_time:
        layout["margin"] |= {"t": BAR_PIXELS}
    if len(alike) > 1 and not panel.y.log:
        layout["yaxis"]["range"] = list(extent(alike))
    return as_json(panel, layout, [*drawn, *marks, *cursor(moments)], moments)


def _group(drawn: Sequence[Drawn]) -> int:
    """Place of the curve that a companion belongs to: the last one before it."""
    return max((i for i, one in enumerate(drawn) if one.role == "path"), default=len(drawn))


def _curve(series: Series, look: Look, group: int) -> Drawn:
    """The line itself; its small marks say where it was measured."""
    companion, colour = series.dashed, look.colour
    trace = {
        "type": "scatter",
        "x": plain(series.x),
        "y": plain(series.y),
        "mode": "lines+markers",
        "line": {
            "color": colour,
            "width": 1 if companion else 1.6,
            "dash": "dash" if companion else "solid",
        },
        "marker": {
            "color": colour,
            "size": 4 if companion else 2.5,
            "symbol": "circle-open" if companion else "circle",
        },
        "connectgaps": companion,
        "name": escaped(series.name),
        "legendgroup": str(group),
        "showlegend": False,
        "hoverinfo": "text",
    }
    if series.at is None and not companion and len(series.x) <= FEW:
        large = {"size": MARK_PIXELS, "symbol": look.symbol, "line": {"width": 1}}
        trace["marker"] = {"color": colour, **large}
    if series.y_error is not None and (companion or series.at is None):  # too few for a band
        bars = {"color": faded(colour, 0.6), "thickness": 1, "width": 0}
        trace["error_y"] = {"type": "data", "array": plain(series.y_error), **bars}
    return Drawn(trace, "null" if companion else "path", about(series))


def _band(series: Series, error: np.ndarray, log: bool, look: Look, group: int) -> Drawn:
    """One closed outline per unbroken run of points."""
    low, high = band_edges(series.y, error, log)
    x: list[float | None] = []
    y: list[float | None] = []
    for run in unbroken_runs(series.x, low, high):
        x += [*plain(series.x[run]), *plain(series.x[run][::-1]), None]
        y += [*plain(high[run]), *plain(low[run][::-1]), None]
    trace = {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "lines",
        "line": {"width": 0, "color": look.colour},
        "fill": "toself",
        "fillcolor": faded(look.colour, 0.18),
        "name": escaped(series.name),
        "legendgroup": str(group),
        "showlegend": False,
        "hoverinfo": "skip",
    }
    return Drawn(trace, "band", {"of": series.of})


def band_edges(y: np.ndarray, error: np.ndarray, log: bool) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper edge; on a log axis the lower ends at half the smallest positive point."""
    low, high = y - error, y + error
    positive = y[y > 0]
    if log and positive.size:
        low = np.maximum(low, positive.min() / 2)
    return low, high


def unbroken_runs(*parts: np.ndarray) -> list[slice]:
    """Where all parts are finite, as slices.

    >>> unbroken_runs(np.array([1.0, 2.0, np.nan, 4.0]))
    [slice(0, 2, None), slice(3, 4, None)]
    """
    return runs_of(np.isfinite(np.stack([np.asarray(part, dtype=float) for part in parts])).all(0))


def runs_of(true: np.ndarray) -> list[slice]:
    """Where a condition of shape (n,) holds without a break, as slices.

    >>> runs_of(np.array([True, True, False, True]))
    [slice(0, 2, None), slice(3, 4, None)]
    """
    turns = np.flatnonzero(np.diff(np.r_[False, true, False]))
    return [slice(int(start), int(stop)) for start, stop in turns.reshape(-1, 2)]
