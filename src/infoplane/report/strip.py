"""Rows of cells over training: where a claim holds, where it is violated."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from infoplane.report.canvas import canvas, plain
from infoplane.report.drawing import CURSOR_AXIS, Drawn, as_json, cursor
from infoplane.report.palette import CELL_COLOURS, CELL_WORDS
from infoplane.report.words import escaped, shortened
from infoplane.values.panel import Panel, Strip

ROW_PIXELS = 36
FRAME_PIXELS = 84
LABELLED_COLUMNS = 7
LABEL_CHARACTERS = 60
"""The longest name of a row that fits above it on a telephone."""


def strip(panel: Panel, cells: Strip) -> dict[str, Any]:
    """Cells of equal width in the order of the training steps, so that early ones can be seen.

    Every row has its name above it, so that the cells have the whole width of any screen.
    """
    places = {int(step): float(place) for place, step in enumerate(cells.columns)}
    drawn = [_cells(cells), *_key(), *cursor(places)]
    return as_json(panel, _layout(panel, cells), drawn, places)


def _cells(cells: Strip) -> Drawn:
    """Rows of cells with rows of nothing, the room of the names, between them."""
    rows = [line for row in cells.cells for line in (_blank(cells), plain(row))]
    trace = {
        "type": "heatmap",
        "z": rows,
        "x": list(range(len(cells.columns))),
        "y": list(range(len(rows))),
        "zmin": -1.5,
        "zmax": 1.5,
        "colorscale": _three_colours(),
        "showscale": False,
        "hoverinfo": "text",
        "hoverongaps": False,
    }
    details = {
        "rows": list(cells.rows),
        "at": [int(step) for step in cells.columns],
        "detail": [plain(row) for row in cells.detail],
        "words": {str(cell): word for cell, word in CELL_WORDS.items()},
    }
    return Drawn(trace, "cells", details)


def _blank(cells: Strip) -> list[float | None]:
    return [None] * len(cells.columns)


def _key() -> list[Drawn]:
    """What the colours mean, as a legend of squares that stand for nothing measured."""
    return [
        Drawn(
            {
                "type": "scatter",
                "x": [None],
                "y": [None],
                "mode": "markers",
                "marker": {"symbol": "square", "size": 10, "color": CELL_COLOURS[cell]},
                "name": CELL_WORDS[cell],
                "hoverinfo": "skip",
            },
            "key",
        )
        for cell in sorted(CELL_COLOURS, reverse=True)
    ]


def _layout(panel: Panel, cells: Strip) -> dict[str, Any]:
    layout = canvas(panel, [panel])
    marks = labelled(len(cells.columns))
    ticks = [f"{int(cells.columns[mark])}" for mark in marks]
    rows = 2 * len(cells.rows)
    layout["height"] = FRAME_PIXELS + ROW_PIXELS * len(cells.rows)
    layout["showlegend"] = True
    layout["legend"] |= {"itemclick": False, "itemdoubleclick": False}
    layout["margin"] |= {"l": 2, "r": 16, "t": 26}
    layout["xaxis"] |= {"type": "linear", "tickvals": marks, "ticktext": ticks, "showgrid": False}
    layout["xaxis"] |= {"range": [-0.5, len(cells.columns) - 0.5], "dtick": None}
    layout["yaxis"] |= {"visible": False, "range": [rows - 0.5, -0.5], "title": None}
    layout["yaxis2"] = CURSOR_AXIS
    layout["annotations"] = [_name(row, place) for place, row in enumerate(cells.rows)]
    return layout


def _name(row: str, place: int) -> dict[str, Any]:
    """A row's name, at the left above its cells."""
    return {
        "text": escaped(shortened(row, LABEL_CHARACTERS)),
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": 2 * place,
        "yanchor": "middle",
        "yshift": -2,
        "font": {"size": 10},
    }


def labelled(count: int) -> list[int]:
    """The few of ``count`` columns that carry their training step, evenly spread.

    >>> labelled(13)
    [0, 2, 4, 6, 8, 10, 12]
    """
    return sorted({round(place) for place in np.linspace(0, count - 1, LABELLED_COLUMNS)})


def _three_colours() -> Sequence[tuple[float, str]]:
    """A scale of three flat parts."""
    edges = zip((0.0, 1 / 3, 2 / 3), (1 / 3, 2 / 3, 1.0), sorted(CELL_COLOURS), strict=True)
    return [(end, CELL_COLOURS[cell]) for low, high, cell in edges for end in (low, high)]
