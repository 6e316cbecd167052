"""A joint distribution from anybody's file: what it is must be said, or unmistakable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from infoplane.bottleneck.joint import TOLERANCE, Joint
from infoplane.datasets.tables import Columns, read_columns
from infoplane.values.errors import InfoplaneError


@final
@dataclass(frozen=True, eq=False)
class NamedJoint:
    """A joint distribution with the names of its states.

    Attributes:
        joint: The joint distribution.
        x: Names of the states of X, one for each row.
        y: Names of the states of Y, one for each column.
        words: What the file was read as.
    """

    joint: Joint
    x: tuple[str, ...]
    y: tuple[str, ...]
    words: str


def read_joint(source: str, *, counts: bool = False, samples: bool = False) -> NamedJoint:
    """The joint distribution that a file holds.

    Without a word about it a file is a joint table if it sums to 1, and samples if it has two
    columns and one of them holds words, or if two columns of whole numbers were chosen by name.

    Args:
        source: A file, as ``datasets.tables.read_columns`` takes it.
        counts: Whether its entries are to be divided by their sum.
        samples: Whether its two columns are samples of X and of Y.

    Raises:
        InfoplaneError: It cannot be read, may be more than one of these, or is none of them.
    """
    if counts and samples:
        raise InfoplaneError("--counts and --samples are two readings of one file: give one.")
    columns = read_columns(source)
    if samples or (not counts and _are_samples(source, columns)):
        return _of_samples(source, columns)
    rows, names, table = _table(source, columns)
    if not counts:
        _require_sum(source, table)
    joint = Joint.of_counts(table) if counts else Joint.of_table(table)
    kind = f"counts of {table.sum():g} samples" if counts else "a joint table"
    return NamedJoint(joint, rows, names, f"{kind}, {table.shape[0]} × {table.shape[1]} states")


def _are_samples(source: str, columns: Columns) -> bool:
    """Whether two columns cannot be anything else.

    Raises:
        InfoplaneError: They can.
    """
    if len(columns.values) != 2 or columns.index:
        return False
    kinds = {one.dtype.kind for one in columns.values}
    if kinds <= set("fiub"):
        whole = kinds <= set("iub")
        if whole and not columns.chosen:
            raise InfoplaneError(
                f"{source} has two columns of whole numbers, which may be counts or samples: say "
                "--counts if every entry counts a pair of states (x, y), --samples if every line "
                "is one sample of X and Y."
            )
        return whole
    return True


def _of_samples(source: str, columns: Columns) -> NamedJoint:
    if len(columns.values) != 2:
        there = ", ".join(columns.names[:20])
        raise InfoplaneError(
            f"{source} has {len(columns.values)} columns; samples are two columns, one of X and "
            f"one of Y: name them, such as table.csv:age,label{f' (it has: {there})' * bool(there)}"
        )
    x, y = columns.values
    for name, column in zip(
        columns.names or ("The first column", "The second"), (x, y), strict=True
    ):
        if column.dtype.kind == "f":
            raise InfoplaneError(
                f"{name} of {source} holds numbers with decimals; samples are states, such as "
                "whole numbers or words. Cut numbers into bins first."
            )
    joint = Joint.of_samples(x, y)
    called = " and ".join(columns.names) or "two columns"
    words = f"{len(x)} samples of {called}, {joint.table.shape[0]} × {joint.table.shape[1]} states"
    return NamedJoint(joint, _states(x), _states(y), words)


def _states(column: np.ndarray) -> tuple[str, ...]:
    """In the order of ``Joint.of_samples``."""
    return tuple(str(one) for one in np.unique(column))


def _table(source: str, columns: Columns) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    """Names of rows and of columns, and the numbers."""
    rows, names, values = columns.index, columns.names, columns.values
    if values and not rows and values[0].dtype.kind not in "fiub":
        rows, names, values = tuple(map(str, values[0])), names[1:], values[1:]
    if len(values) < 2:
        raise InfoplaneError(
            f"{source} has {len(values)} column{'' if len(values) == 1 else 's'} of numbers; a "
            "joint table has one for every state of Y, at least two, and samples are two columns."
        )
    if words := [
        str(place + 1) for place, one in enumerate(values) if one.dtype.kind not in "fiub"
    ]:
        raise InfoplaneError(
            f"{source} holds words among its numbers (column {', '.join(words)} of them); only its "
            "first column may, which names the rows. Samples are two columns: name them."
        )
    table = np.stack([one.astype(float) for one in values], axis=1)
    if not len(table):
        raise InfoplaneError(f"{source} has columns, but no rows.")
    return rows or _numbered(len(table)), names or _numbered(len(values)), table


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(str(place) for place in range(count))


def _require_sum(source: str, table: np.ndarray) -> None:
    """Says what to do about a table that sums to something else; all else is the joint's."""
    total = float(table.sum())
    if np.isfinite(total) and (table >= 0).all() and abs(total - 1) > TOLERANCE:
        raise InfoplaneError(
            f"{source} sums to {total:.12g}, not to 1: say --counts if it holds counts, or "
            "probabilities that are to be divided by their sum."
        )


def require_positive(found: NamedJoint) -> None:
    """Refuses a joint for which the dual is not defined.

    Raises:
        InfoplaneError: Some p(y|x) = 0.
    """
    reduced = found.joint.reduced
    zeros: Sequence[Sequence[int]] = np.argwhere(reduced.w == 0).tolist()
    if zeros:
        row, column = zeros[0]
        x = found.x[int(np.flatnonzero(reduced.place == row)[0])]
        y = found.y[int(np.flatnonzero(reduced.columns)[column])]
        raise InfoplaneError(
            f"The dual takes the logarithm of p(y|x), and p(y={y}|x={x}) = 0. Mix in a little of "
            "p(y): --soften 0.001 makes it 0.999 p(y|x) + 0.001 p(y)."
        )
