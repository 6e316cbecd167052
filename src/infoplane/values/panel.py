"""A figure as data: axes, curves, bands and words. Only ``report`` draws."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np

from infoplane.values.errors import InfoplaneError

STANDARD_ERROR = "standard error"


@final
@dataclass(frozen=True)
class Axis:
    """What is drawn along one direction.

    Attributes:
        label: What it is.
        unit: Its unit, empty for a pure number.
        log: Whether it is logarithmic.
        ticks: The values at which it is labelled; empty to leave that to the drawing.
    """

    label: str
    unit: str = ""
    log: bool = False
    ticks: tuple[float, ...] = ()

    def __str__(self) -> str:
        return f"{self.label} [{self.unit}]" if self.unit else self.label


@final
@dataclass(frozen=True)
class Series:
    """Points that belong together, in order.

    Attributes:
        name: What the legend says.
        x: Abscissae, shape (n,).
        y: Ordinates, shape (n,); NaN where nothing was measured.
        x_error: Errors of ``x`` in axis units, or None.
        y_error: Errors of ``y`` in axis units, or None.
        at: The training step of each point; None if the points are not moments of a training.
        dashed: For a companion of the series before it, such as its null: drawn in that one's
            colour and not listed in the legend, so the caption says what dashes mean.
        of: What it is about, such as a layer: series of one thing have the same colour and are
            switched on and off together in all figures of a page; empty if it is about nothing
            that other figures show.
        beside: More numbers about each point by label, such as "S(layer) [bit]", each of shape
            (n,); NaN where nothing was measured. Shown where the point is pointed at.
        error_is: What the errors are, such as the half-width of an interval: one for all points, or
            where they are not alike one for each, empty where a point has none.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    x_error: np.ndarray | None = None
    y_error: np.ndarray | None = None
    at: np.ndarray | None = None
    dashed: bool = False
    of: str = ""
    beside: Mapping[str, np.ndarray] = field(default_factory=dict)
    error_is: str | tuple[str, ...] = STANDARD_ERROR

    def __post_init__(self) -> None:
        parts = (self.x, self.y, self.x_error, self.y_error, self.at, *self.beside.values())
        lengths = {len(part) for part in parts if part is not None}
        lengths |= set() if isinstance(self.error_is, str) else {len(self.error_is)}
        if len(lengths) != 1:
            raise InfoplaneError(f"Series {self.name!r} has parts of lengths {sorted(lengths)}.")


@final
@dataclass(frozen=True)
class Strip:
    """Rows of coloured cells over time: +1 holds, 0 within its error, −1 is violated.

    Attributes:
        rows: Name of each row.
        columns: The training step of each column.
        cells: Values in {−1, 0, 1}, shape (rows, columns); NaN where nothing was measured.
        detail: The number behind each cell, same shape, in the unit of the panel's vertical axis.
    """

    rows: tuple[str, ...]
    columns: np.ndarray
    cells: np.ndarray
    detail: np.ndarray

    def __post_init__(self) -> None:
        shape = (len(self.rows), len(self.columns))
        if not self.cells.shape == self.detail.shape == shape:
            raise InfoplaneError(
                f"A strip of {shape[0]} rows and {shape[1]} columns has cells of shape "
                f"{self.cells.shape} and detail of shape {self.detail.shape}."
            )


@final
@dataclass(frozen=True)
class HeatMap:
    """Rows and columns of numbers as colours: one colour below zero, another above.

    Attributes:
        rows: Name of each row.
        columns: Name of each column.
        cells: The numbers, shape (rows, columns), in the unit of the panel's vertical axis; NaN
            where there is none, ±∞ in the colour of the end.
        limit: The number at which the colours end; what lies beyond has the colour of the end.
        marks: What is written into each cell, a character or two; empty for nothing.
        words: What is said of each cell where it is pointed at.
        below: What the colour below zero means, such as "too low, full at 1 bit"; empty if no
            number lies there.
        above: What the colour above zero means.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: np.ndarray
    limit: float
    marks: tuple[tuple[str, ...], ...]
    words: tuple[tuple[str, ...], ...]
    below: str
    above: str

    def __post_init__(self) -> None:
        shape = (len(self.rows), len(self.columns))
        for name, lines in (("marks", self.marks), ("words", self.words)):
            if [len(line) for line in lines] != [shape[1]] * shape[0]:
                raise InfoplaneError(
                    f"A heat map of {shape[0]} rows and {shape[1]} columns has {name} of other "
                    f"lengths: {[len(line) for line in lines]}."
                )
        if self.cells.shape != shape:
            raise InfoplaneError(
                f"A heat map of {shape[0]} rows and {shape[1]} columns has cells of shape "
                f"{self.cells.shape}."
            )
        if not (np.isfinite(self.limit) and self.limit > 0):
            raise InfoplaneError(f"limit={self.limit}: the colours must end at a positive number.")


@final
@dataclass(frozen=True)
class Panel:
    """One figure.

    Attributes:
        key: Short name, unique within a report.
        title: What it shows.
        caption: How to read it, in one or two sentences.
        x: Horizontal axis.
        y: Vertical axis.
        series: Curves or trajectories; a panel has these, a strip or a heat map.
        strip: Rows of cells over time.
        heat: Rows and columns of numbers as colours.
        bisector: Whether to draw y = x (the two axes are then drawn to one scale).
        ceiling: The largest value that can be measured, or None.
        uprights: Abscissae of lines from bottom to top, such as thresholds, by name.
        plane: Whether the axes are two measured values, and points move with training.
        still: A curve of a plane that does not move, such as one that nothing exceeds; or None.
        side: Which of several probes it shows, such as "train" or "test": the page shows one side
            at a time; empty for a figure of all of them, which is always shown.
        group: What it shares with other figures, such as the estimator: a page sets figures of
            one group side by side under that name.
        scale: Figures of one scale have the same range, so that eyes can compare them; empty if it
            has its own.
    """

    key: str
    title: str
    caption: str
    x: Axis
    y: Axis
    series: tuple[Series, ...] = ()
    strip: Strip | None = None
    heat: HeatMap | None = None
    bisector: bool = False
    ceiling: float | None = None
    uprights: Mapping[str, float] = field(default_factory=dict)
    plane: bool = False
    still: Series | None = None
    side: str = ""
    group: str = ""
    scale: str = ""

    @property
    def over_time(self) -> bool:
        """Whether it shows moments of a training, so that the page's slider moves in it."""
        return self.strip is not None or any(one.at is not None for one in self.series)

    @property
    def heading(self) -> str:
        """Title, group and side in one line, for a figure that stands alone.

        >>> Panel("k", "S(layer)", "", Axis("x"), Axis("y"), group="tapia", side="test").heading
        'S(layer), tapia, test'
        """
        return ", ".join(part for part in (self.title, self.group, self.side) if part)
