"""What the page needs to draw one figure: Plotly's words, and what Plotly knows nothing about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from infoplane.report.canvas import plain
from infoplane.report.looks import Look
from infoplane.report.words import escaped
from infoplane.values.estimate import SATURATION
from infoplane.values.panel import Panel, Series


@final
@dataclass(frozen=True)
class Drawn:
    """One Plotly trace, and its part in the figure.

    Attributes:
        trace: As Plotly reads it.
        role: "path" for what was measured, "null" for a dashed companion, "band" for its error,
            "mark" for the point at the page's moment, "cursor" for the line there, "key" for an
            entry of a legend.
        about: What the page's script reads: of, name, steps, errors and what
            they are, further numbers.
    """

    trace: dict[str, Any]
    role: str
    about: dict[str, Any] = field(default_factory=dict)


def as_json(
    panel: Panel, layout: dict[str, Any], drawn: Sequence[Drawn], places: dict[int, float]
) -> dict[str, Any]:
    """A figure for the page's script.

    Args:
        panel: What is drawn.
        layout: Plotly's layout.
        drawn: The traces.
        places: Abscissa of the cursor by training step; empty if the figure has none.
    """
    return {
        "key": panel.key,
        "heading": panel.heading,
        "side": panel.side,
        "plane": panel.plane,
        "x": str(panel.x),
        "y": str(panel.y),
        "unit": panel.y.unit,
        "saturated": None if panel.ceiling is None else SATURATION * panel.ceiling,
        "data": [one.trace for one in drawn],
        "layout": layout,
        "about": [{"role": one.role, **one.about} for one in drawn],
        "places": list(places.items()),
    }


def about(series: Series) -> dict[str, Any]:
    """What is known of a series' points beyond their place."""
    further = {label: numbers for label, numbers in series.beside.items() if known(numbers)}
    return {
        "of": series.of,
        "name": series.name,
        "at": None if series.at is None else [int(step) for step in series.at],
        "xError": None if series.x_error is None else plain(series.x_error),
        "yError": None if series.y_error is None else plain(series.y_error),
        "errorIs": series.error_is if isinstance(series.error_is, str) else list(series.error_is),
        "beside": {label: plain(numbers) for label, numbers in further.items()},
    }


def mark(series: Series, look: Look, path: int, size: float) -> Drawn:
    """The point of a series at the page's moment, which is the last one at first.

    Args:
        series: The series.
        look: Its colour and mark.
        path: Place of its path among the figure's traces.
        size: Diameter in pixels.
    """
    trace = {
        "type": "scatter",
        "x": plain(series.x[-1:]),
        "y": plain(series.y[-1:]),
        "mode": "markers",
        "marker": {"color": look.colour, "symbol": look.symbol, "size": size, "line": {"width": 1}},
        "name": escaped(series.name),
        "legendgroup": str(path),
        "showlegend": False,
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
    return Drawn(trace, "mark", {"of": series.of, "path": path})


def cursor(places: dict[int, float]) -> list[Drawn]:
    """The vertical line at the page's moment, on an axis of its own; none without moments."""
    if not places:
        return []
    x = list(places.values())[-1]
    trace = {
        "type": "scatter",
        "x": [x, x],
        "y": [0, 1],
        "yaxis": "y2",
        "mode": "lines",
        "line": {"width": 1},
        "opacity": 0.6,
        "showlegend": False,
        "hoverinfo": "skip",
    }
    return [Drawn(trace, "cursor")]


CURSOR_AXIS = {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True}
"""The vertical axis of the cursor: it reaches from bottom to top whatever is shown."""


def places(panel: Panel) -> dict[int, float]:
    """Abscissa of every training step at which some series was measured, in order."""
    found = {
        int(step): float(x)
        for series in panel.series
        if series.at is not None
        for step, x in zip(series.at, series.x, strict=True)
        if np.isfinite(x)
    }
    return dict(sorted(found.items()))


def moments(panels: Sequence[Panel]) -> list[int]:
    """Every training step that some figure shows, in order."""
    strips = [int(step) for one in panels if one.strip is not None for step in one.strip.columns]
    return sorted({*strips, *_steps(panels)})


def _steps(panels: Sequence[Panel]) -> set[int]:
    return {
        int(step)
        for panel in panels
        for series in panel.series
        if series.at is not None
        for step in series.at
    }


def known(numbers: np.ndarray) -> bool:
    """Whether anything was measured."""
    return bool(np.isfinite(np.asarray(numbers, dtype=float)).any())
