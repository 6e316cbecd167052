"""Numbers as colours: rows and columns of cells, blue below zero and vermillion above."""

from typing import Any

import numpy as np

from infoplane.report.canvas import canvas, plain
from infoplane.report.drawing import Drawn, as_json
from infoplane.report.palette import CELL_COLOURS
from infoplane.report.words import escaped, shortened
from infoplane.values.panel import HeatMap, Panel

BELOW, ABOVE = CELL_COLOURS[1], CELL_COLOURS[-1]
"""Blue and vermillion, as in a strip."""
FAINT = "rgba(128,134,141,0.14)"
"""Zero: hardly there on light and on dark paper."""
ROW_PIXELS, NAME_PIXELS = 15, 20
"""Height of a row of cells, and of its name above it."""
FOOT_PIXELS, HEAD_PIXELS = 26, 26
LABEL_CHARACTERS, COLUMN_CHARACTERS = 54, 22
CHARACTER_PIXELS = 6.2
"""Room of one character of a column's name, which stands upright."""
ROOT = 0.5
"""Colours follow the root of a number's share of the limit, so that small ones can be seen."""


def heat(panel: Panel, cells: HeatMap) -> dict[str, Any]:
    """Every row has its name above it, so that the cells have the whole width of any screen."""
    return as_json(panel, _layout(panel, cells), [_colours(cells), _marks(cells), *_key(cells)], {})


def tone(cells: HeatMap) -> np.ndarray:
    """Places in the colour scale, −1 … 1: the signed root of a number's share of the limit.

    Returns:
        Shape (rows, columns), NaN where there is no number.
    """
    share = np.clip(cells.cells / cells.limit, -1, 1)
    return np.sign(share) * np.abs(share) ** ROOT


def _colours(cells: HeatMap) -> Drawn:
    """Rows of cells with rows of nothing, the room of the names, between them."""
    nothing = [None] * len(cells.columns)
    silent = [""] * len(cells.columns)
    trace = {
        "type": "heatmap",
        "z": [line for row in tone(cells) for line in (nothing, plain(row))],
        "x": list(range(len(cells.columns))),
        "y": edges(len(cells.rows)),
        "zmin": -1,
        "zmax": 1,
        "colorscale": [[0, BELOW], [0.5, FAINT], [1, ABOVE]],
        "showscale": False,
        "xgap": 1,
        "hoverinfo": "text",
        "hoverongaps": True,
        "hovertext": [
            line for i, _ in enumerate(cells.rows) for line in (silent, _hover(cells, i))
        ],
    }
    details = {
        "rows": list(cells.rows),
        "columns": list(cells.columns),
        "numbers": [plain(row) for row in cells.cells],
        "words": [list(row) for row in cells.words],
    }
    return Drawn(trace, "heat", details)


def edges(rows: int) -> list[float]:
    """The lines between names and cells, from the top: one more than there are bands of both.

    >>> [float(edge) for edge in edges(1)]
    [0.0, 20.0, 35.0]
    """
    tops = [row * (ROW_PIXELS + NAME_PIXELS) for row in range(rows + 1)]
    lines = [line for top in tops[:-1] for line in (top, top + NAME_PIXELS)]
    return [float(line) for line in (*lines, tops[-1])]


def _hover(cells: HeatMap, row: int) -> list[str]:
    """What is said of every cell of a row; long sentences in lines that a telephone can show."""
    name = escaped(cells.rows[row])
    both = zip(cells.columns, cells.words[row], strict=True)
    return [f"<b>{escaped(column)}</b>, {name}<br>{wrapped(words)}" for column, words in both]


def wrapped(text: str, most: int = 46) -> str:
    """Text in lines of at most ``most`` characters where its words allow, as Plotly reads it.

    >>> wrapped("one two three", 7)
    'one two<br>three'
    """
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(escaped(line) for line in lines)


def _key(cells: HeatMap) -> list[Drawn]:
    """The colours as a legend of squares that stand for nothing measured."""
    ends = ((BELOW, cells.below), (ABOVE, cells.above))
    return [
        Drawn(
            {
                "type": "scatter",
                "x": [None],
                "y": [None],
                "mode": "markers",
                "marker": {"symbol": "square", "size": 10, "color": colour},
                "name": escaped(words),
                "hoverinfo": "skip",
            },
            "key",
        )
        for colour, words in ends
        if words
    ]


def _layout(panel: Panel, cells: HeatMap) -> dict[str, Any]:
    layout = canvas(panel, [panel])
    names = [shortened(name, COLUMN_CHARACTERS) for name in cells.columns]
    foot = round(CHARACTER_PIXELS * max(map(len, names), default=0)) + FOOT_PIXELS
    height = edges(len(cells.rows))[-1]
    layout["height"] = HEAD_PIXELS + foot + height
    layout["showlegend"] = True
    layout["legend"] |= {"itemclick": False, "itemdoubleclick": False}
    layout["margin"] |= {"l": 2, "r": 2, "t": HEAD_PIXELS, "b": foot}
    layout["xaxis"] |= {
        "type": "linear",
        "tickvals": list(range(len(names))),
        "ticktext": [escaped(name) for name in names],
        "tickangle": -90,
        "range": [-0.5, len(names) - 0.5],
        "showgrid": False,
        "automargin": False,
        "title": None,
    }
    layout["yaxis"] |= {"visible": False, "range": [height, 0], "title": None}
    layout["annotations"] = [_name(row, place) for place, row in enumerate(cells.rows)]
    return layout


def _name(row: str, place: int) -> dict[str, Any]:
    """A row's name, at the left above its cells."""
    return {
        "text": escaped(shortened(row, LABEL_CHARACTERS)),
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": edges(place + 1)[2 * place + 1],
        "yanchor": "bottom",
    }


def _marks(cells: HeatMap) -> Drawn:
    """What is written into the cells."""
    lines = edges(len(cells.rows))
    written = [
        (column, (lines[2 * row + 1] + lines[2 * row + 2]) / 2, mark)
        for row, line in enumerate(cells.marks)
        for column, mark in enumerate(line)
        if mark
    ]
    trace = {
        "type": "scatter",
        "x": [column for column, _, _ in written],
        "y": [height for _, height, _ in written],
        "text": [escaped(mark) for _, _, mark in written],
        "mode": "text",
        "textfont": {"size": 9},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    return Drawn(trace, "signs")
