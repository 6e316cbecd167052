"""The same Panels as static figures for a paper: SVG and PDF, one column wide."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, NullFormatter

from infoplane.report.canvas import ceiling_in_view, extent, upright_sides
from infoplane.report.curves import band_edges, runs_of
from infoplane.report.heat_figure import heat
from infoplane.report.heat_figure import height as heat_height
from infoplane.report.looks import Look, dressed
from infoplane.report.marks import MATPLOTLIB
from infoplane.report.palette import CELL_COLOURS, CELL_WORDS, COMPANION_OF_NONE, shades
from infoplane.report.strip import labelled
from infoplane.report.words import ceiling_words, number, shortened
from infoplane.values.errors import InfoplaneError
from infoplane.values.panel import Axis, Panel, Series, Strip

COLUMN_INCHES = 3.4
CHARACTERS = 64
"""What a column holds in one line of the smallest type."""
_GUIDE = "#6a7178"
_STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.frameon": False,
    "legend.fontsize": 6.5,
    "legend.handlelength": 1.2,
    "legend.columnspacing": 1.2,
    "legend.handletextpad": 0.5,
    "svg.hashsalt": "infoplane",  # element names would otherwise be random
    "pdf.fonttype": 42,
}
_UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def save(
    panel: Panel,
    *paths: Path,
    looks: Mapping[str, Look] | None = None,
    alike: Sequence[Panel] = (),
) -> None:
    """Writes ``panel`` to every path; the same panel gives the same bytes.

    Args:
        panel: The figure.
        paths: Files to write, each ending in ``.svg`` or ``.pdf``.
        looks: Looks of what it has in common with other figures; None if it stands alone.
        alike: Itself and the figures that have the same range; none if it has its own.

    Raises:
        InfoplaneError: A suffix is neither ``.svg`` nor ``.pdf``.
    """
    for path in paths:
        if path.suffix not in _UNDATED:
            raise InfoplaneError(
                f"Figures are saved as .svg or .pdf, not {path.suffix!r} ({path})."
            )
    with mpl.rc_context(_STYLE):
        figure = Figure(layout="constrained")
        handles = _draw(figure, panel, looks or {}, alike or [panel])
        figure.set_size_inches(*_size(panel, handles))
        figure.draw_without_rendering()
        figure.set_layout_engine(None)  # laid out once: saving would draw twice to do it again
        for path in paths:
            figure.savefig(path, metadata=_UNDATED[path.suffix])


def _size(panel: Panel, handles: Sequence[Artist]) -> tuple[float, float]:
    """Width and height in inches; every line of the legend has its room."""
    lines = -(-len(handles) // _columns(handles)) if handles else 0
    if panel.heat is not None:
        return COLUMN_INCHES, heat_height(panel.heat)
    if panel.strip is not None:
        return COLUMN_INCHES, 0.75 + 0.28 * len(panel.strip.rows)
    return COLUMN_INCHES, (3.4 if panel.bisector else 2.1) + 0.135 * lines


def _draw(
    figure: Figure, panel: Panel, looks: Mapping[str, Look], alike: Sequence[Panel]
) -> list[Artist]:
    """Title, axes, data and legend; returns what the legend shows."""
    axes = figure.add_subplot()
    title = _literal(shortened(panel.heading, CHARACTERS))
    figure.suptitle(title, x=0.02, fontsize=8, horizontalalignment="left")
    axes.set_xlabel(_literal(str(panel.x)))
    if panel.heat is not None:
        handles = heat(axes, panel.heat)
    elif panel.strip is not None:
        handles = _strip(axes, panel.strip)
    else:
        # the title of curves says what they show, and a column has little height to say it twice
        axes.set_ylabel(_literal(str(panel.y) if panel.plane else panel.y.unit))
        _scale(axes, panel.x, panel.y)
        _guides(axes, panel, alike)
        worn = dressed(panel, looks)
        handles = _plane(axes, panel, worn) if panel.plane else _curves(axes, panel, worn)
    if handles:
        figure.legend(handles=handles, loc="outside lower left", ncols=_columns(handles))
    return handles


def _literal(text: str) -> str:
    """Text without mathematics: a dollar sign is a dollar sign."""
    return text.replace("$", r"\$")


def _columns(handles: Sequence[Artist]) -> int:
    """How many entries of the legend fit side by side."""
    longest = max(len(str(handle.get_label())) for handle in handles)
    return max(1, min(4, CHARACTERS // (longest + 6)))


def _name(text: str) -> str:
    """A name of the legend, cut where a line of a column has no room for it."""
    return _literal(shortened(text, CHARACTERS - 10))


def _scale(axes: Axes, x: Axis, y: Axis) -> None:
    """Logarithmic axes have plain numbers: mathematics takes long to set, and a font of its own."""
    axes.set_xscale("log" if x.log else "linear")
    axes.set_yscale("log" if y.log else "linear")
    for drawn, axis in ((axes.xaxis, x), (axes.yaxis, y)):
        if axis.log:
            drawn.set_major_formatter(FuncFormatter(lambda value, _: power(value)))
            drawn.set_minor_formatter(NullFormatter())
        if axis.ticks:
            drawn.set_ticks(axis.ticks, [number(value) for value in axis.ticks])
            drawn.set_ticks([], minor=True)


def power(value: float) -> str:
    """A number beside an axis, as on the page.

    >>> [power(10.0**n) for n in (-2, 0, 2, 3, 4, 6)]
    ['0.01', '1', '100', '1k', '10k', '1M']
    """
    for scale, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= scale:
            return f"{value / scale:g}{suffix}"
    return f"{value:g}"


def _guides(axes: Axes, panel: Panel, alike: Sequence[Panel]) -> None:
    """Range, bisector, ceiling and upright lines."""
    _uprights(axes, panel)
    ends = extent(alike)
    if panel.bisector:
        axes.plot(ends, ends, color=_GUIDE, linewidth=0.6)
        axes.set(xlim=ends, ylim=ends, aspect="equal")
    elif len(alike) > 1 and not panel.y.log:
        axes.set_ylim(*ends)
    if panel.ceiling is not None and ceiling_in_view(panel, alike):
        axes.axhline(panel.ceiling, color=_GUIDE, linewidth=0.7, linestyle=":")
        if panel.plane:
            axes.axvline(panel.ceiling, color=_GUIDE, linewidth=0.7, linestyle=":")
        axes.annotate(
            _literal(ceiling_words(panel.ceiling, panel.y.unit)),
            (0, panel.ceiling),
            (2, -2),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            verticalalignment="top",
            color=_GUIDE,
            fontsize=6,
        )


def _uprights(axes: Axes, panel: Panel) -> None:
    """Lines from bottom to top, with their names beside their upper ends."""
    sides = upright_sides(panel)
    for name, x in panel.uprights.items():
        axes.axvline(x, color=_GUIDE, linewidth=0.7, linestyle=":")
        axes.annotate(
            _literal(name),
            (x, 1),
            (-1 if sides[name] == "right" else 1, -2),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            horizontalalignment=sides[name],
            verticalalignment="top",
            rotation=90,
            color=_GUIDE,
            fontsize=6,
        )


def _curves(axes: Axes, panel: Panel, worn: Sequence[Look]) -> list[Artist]:
    """Curves with bands, each with its mark at its last point."""
    handles: list[Artist] = []
    for series, look in zip(panel.series, worn, strict=True):
        if series.dashed:
            _companion(axes, series, look.colour)
            continue
        if series.at is None:
            handles.append(_bars(axes, series, look))
            continue
        line: dict[str, Any] = {"color": look.colour, "linewidth": 1}
        mark = _mark(look, 3.5)
        axes.plot(series.x, series.y, **line)
        last = np.flatnonzero(np.isfinite(series.y))[-1:]
        axes.plot(series.x[last], series.y[last], linestyle="none", zorder=3, clip_on=False, **mark)
        handles.append(Line2D([], [], **line | mark, label=_name(series.name)))
        if series.y_error is not None:
            low, high = band_edges(series.y, series.y_error, panel.y.log)
            axes.fill_between(series.x, low, high, color=look.colour, alpha=0.18, linewidth=0)
    return handles


def _bars(axes: Axes, series: Series, look: Look) -> Artist:
    """Points that are no moments of a training: each has its mark, and its error as a bar."""
    style: dict[str, Any] = {"color": look.colour, "linewidth": 1} | _mark(look, 3.5)
    axes.errorbar(series.x, series.y, series.y_error, elinewidth=0.6, **style)
    return Line2D([], [], label=_name(series.name), **style)


def _mark(look: Look, size: float) -> dict[str, Any]:
    return {
        "marker": MATPLOTLIB[look.symbol],
        "color": look.colour,
        "markersize": 1.5 * size if look.symbol == "star" else size,
        "markeredgecolor": "white",
        "markeredgewidth": 0.4,
    }


def _companion(axes: Axes, series: Series, colour: str) -> None:
    """Dashes between the few points that were measured."""
    known = np.isfinite(series.x) & np.isfinite(series.y)
    error = None if series.y_error is None else series.y_error[known]
    axes.errorbar(
        series.x[known],
        series.y[known],
        error,
        fmt="--o",
        color=colour,
        linewidth=0.7,
        elinewidth=0.5,
        markersize=2.2,
        markerfacecolor="none",
        markeredgewidth=0.5,
    )


def _plane(axes: Axes, panel: Panel, worn: Sequence[Look]) -> list[Artist]:
    """Trajectories from faint to full; the last point is large and has its errors."""
    handles: list[Artist] = []
    for series, look in zip(panel.series, worn, strict=True):
        large = _mark(look, 5.0)
        axes.plot(series.x, series.y, color=look.colour, alpha=0.3, linewidth=0.6)
        shaded = [to_rgba(look.colour, opacity) for opacity in shades(len(series.x))]
        axes.scatter(series.x, series.y, 3.5, shaded, linewidths=0)
        errors = (series.y_error, series.x_error)
        vertical, horizontal = (None if one is None else one[-1:] for one in errors)
        axes.errorbar(
            series.x[-1:],
            series.y[-1:],
            vertical,
            horizontal,
            fmt="none",
            ecolor=look.colour,
            elinewidth=0.8,
        )
        axes.plot(series.x[-1:], series.y[-1:], linestyle="none", zorder=3, **large)
        handles.append(Line2D([], [], linestyle="none", label=_name(series.name), **large))
    if panel.still is not None:
        handles += axes.plot(
            panel.still.x,
            panel.still.y,
            color=COMPANION_OF_NONE,
            linestyle="dashed",
            linewidth=0.8,
            label=_name(panel.still.name),
        )
    return handles


def _strip(axes: Axes, strip: Strip) -> list[Artist]:
    """Cells of equal width, every row with its name above it."""
    for place, (row, cells) in enumerate(zip(strip.rows, strip.cells, strict=True)):
        for state, colour in CELL_COLOURS.items():
            spans = [(run.start, run.stop - run.start) for run in runs_of(cells == state)]
            axes.broken_barh(spans, (place + 0.42, 0.53), color=colour, linewidth=0)
        words = _literal(shortened(row, CHARACTERS))
        axes.text(0, place + 0.36, words, fontsize=6, verticalalignment="bottom")
    marks = labelled(len(strip.columns))
    axes.set_xticks([mark + 0.5 for mark in marks], [f"{strip.columns[mark]}" for mark in marks])
    axes.set_xlim(0, len(strip.columns))
    axes.set_ylim(len(strip.rows), 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    return [
        Patch(color=CELL_COLOURS[cell], label=CELL_WORDS[cell])
        for cell in sorted(CELL_COLOURS, reverse=True)
    ]
