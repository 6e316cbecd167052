"""Tables of a page as data; ``templates/tables.html`` lays them out."""

from dataclasses import dataclass
from typing import final

from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict


@final
@dataclass(frozen=True)
class Cell:
    """What stands in one place of a table; all of it is text, never markup.

    Attributes:
        lines: Lines of text.
        verdict: Shown as a badge above them, or None.
    """

    lines: tuple[str, ...] = ()
    verdict: Verdict | None = None


@final
@dataclass(frozen=True)
class Table:
    """Rows under named columns; the first column names the rows.

    Attributes:
        title: What it shows.
        columns: Heading of every column.
        rows: Cells, as many in every row as there are columns.
        caption: How to read it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise InfoplaneError(
                    f"Table {self.title!r} has {len(self.columns)} columns and a row of {len(row)}."
                )
