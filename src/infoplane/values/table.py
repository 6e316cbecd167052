"""A table as data: named columns, rows of text and verdicts. Only ``report`` lays it out."""

from dataclasses import dataclass, replace
from typing import final

from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict

WIDE = 6
"""A heading of more characters than this is wider than its narrow column."""


@final
@dataclass(frozen=True)
class Cell:
    """What stands in one place of a table; all of it is text, never markup.

    Attributes:
        lines: Lines of text.
        verdict: Shown as a badge above them, or None.
        signs: What the badge shows in place of the verdict's word; the lines are then for those
            who point at it, or listen. Empty for the word.
    """

    lines: tuple[str, ...] = ()
    verdict: Verdict | None = None
    signs: str = ""


@final
@dataclass(frozen=True)
class Table:
    """Rows under named columns; the first column names the rows.

    Attributes:
        title: What it shows.
        columns: Heading of every column.
        rows: Cells, as many in every row as there are columns.
        caption: How to read it.
        words: What it says, in sentences.
        dense: Whether its columns are as narrow as their cells allow.
        folded: Whether its rows are shown only on demand.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    words: tuple[str, ...] = ()
    dense: bool = False
    folded: bool = False

    @property
    def upright(self) -> bool:
        """Whether the headings of narrow columns stand upright, because they are longer."""
        return self.dense and any(len(column) > WIDE for column in self.columns[1:])

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise InfoplaneError(
                    f"Table {self.title!r} has {len(self.columns)} columns and a row of {len(row)}."
                )

    @property
    def transposed(self) -> "Table":
        """Rows as columns, each named by the first line of its first cell.

        >>> table = Table("", ("claim", "A", "B"), ((Cell(("c",)), Cell(("1",)), Cell(("2",))),))
        >>> table.transposed.columns, [row[1].lines for row in table.transposed.rows]
        (('claim', 'c'), [('1',), ('2',)])
        """
        heads = tuple(" ".join(row[0].lines[:1]) for row in self.rows)
        rows = tuple(
            (Cell((column,)), *(row[place] for row in self.rows))
            for place, column in enumerate(self.columns[1:], start=1)
        )
        return replace(self, columns=(self.columns[0], *heads), rows=rows)
