"""The information plane: one trajectory per layer, and one mark on it at the page's moment."""

from collections.abc import Mapping, Sequence
from typing import Any

from infoplane.report.canvas import canvas, extent, plain
from infoplane.report.drawing import Drawn, about, as_json, mark
from infoplane.report.looks import Look, dressed
from infoplane.report.palette import COMPANION_OF_NONE, faded, shades
from infoplane.report.words import escaped
from infoplane.values.errors import InfoplaneError
from infoplane.values.panel import Panel, Series

MARK_PIXELS = 13.0


def plane(panel: Panel, shared: Mapping[str, Look], alike: Sequence[Panel]) -> dict[str, Any]:
    """Trajectories from faint to full, and one large mark with error bars per layer.

    Raises:
        InfoplaneError: A series does not say at which training steps its points were measured.
    """
    for series in panel.series:
        if series.at is None:
            raise InfoplaneError(
                f"Series {series.name!r} of the plane {panel.key!r} has no training steps; "
                "pass `at`, one step per point."
            )
    pairs = list(zip(panel.series, dressed(panel, shared), strict=True))
    drawn = [_trajectory(one, look, place) for place, (one, look) in enumerate(pairs)]
    drawn += [_mark(one, look, place) for place, (one, look) in enumerate(pairs)]
    drawn += [] if panel.still is None else [_still(panel.still)]
    layout = canvas(panel, alike)
    if panel.bisector:
        _equalise(layout, alike)
    return as_json(panel, layout, drawn, {})


def _trajectory(series: Series, look: Look, place: int) -> Drawn:
    """All points of a layer: early ones faint, late ones full."""
    dash = "dash" if series.dashed else "solid"
    trace = {
        "type": "scatter",
        "x": plain(series.x),
        "y": plain(series.y),
        "mode": "lines+markers",
        "line": {"color": faded(look.colour, 0.3), "width": 1, "dash": dash},
        "marker": {"color": look.colour, "size": 5, "opacity": shades(len(series.x))},
        "name": escaped(series.name),
        "legendgroup": str(place),
        "showlegend": False,
        "hoverinfo": "text",
    }
    return Drawn(trace, "path", about(series))


def _still(series: Series) -> Drawn:
    """A dashed line that has no moments."""
    trace = {
        "type": "scatter",
        "x": plain(series.x),
        "y": plain(series.y),
        "mode": "lines",
        "line": {"color": COMPANION_OF_NONE, "width": 1.5, "dash": "dash"},
        "name": escaped(series.name),
        "showlegend": False,
        "hoverinfo": "name",
    }
    return Drawn(trace, "still")


def _mark(series: Series, look: Look, place: int) -> Drawn:
    """The mark at the page's moment, with the standard errors of that moment as a cross."""
    drawn = mark(series, look, place, MARK_PIXELS)
    for key, error in (("error_x", series.x_error), ("error_y", series.y_error)):
        if error is not None:
            bars = {"color": faded(look.colour, 0.75), "thickness": 1.5, "width": 0}
            drawn.trace[key] = {"type": "data", "array": plain(error[-1:]), **bars}
    return drawn


def _equalise(layout: dict[str, Any], alike: Sequence[Panel]) -> None:
    """One scale and one range for both axes."""
    shared = {"range": list(extent(alike)), "constrain": "domain"}
    layout["xaxis"] |= shared
    layout["yaxis"] |= {**shared, "scaleanchor": "x", "scaleratio": 1, "constraintoward": "top"}
