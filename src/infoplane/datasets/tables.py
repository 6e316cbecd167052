"""Tables from files with the names of their rows and columns; words may stand in them."""

import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, final

import numpy as np

from infoplane.datasets.arrays import complete, frame, located, read_array, reading
from infoplane.values.errors import InfoplaneError

LOOKED_AT = 1000
"""So many lines tell what separates the columns."""
OTHER = {";": "semicolons", "\t": "tabs"}
"""Separators that are not read."""
FRAMES = (".csv", ".parquet")
"""Formats whose columns may hold words."""
UNNAMED = "Unnamed: "
"""What pandas calls a column without a heading."""


@final
@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a file.

    Attributes:
        names: One for each; empty where the file has none.
        values: As many, each of shape (n,): numbers, or words.
        chosen: Whether they were chosen by name.
        index: The names of the rows, where a column without a heading holds them; else empty.
    """

    names: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    chosen: bool
    index: tuple[str, ...] = ()


def read_columns(source: str) -> Columns:
    """The columns that a file holds.

    Args:
        source: A path to npy, npz, csv or parquet; of a file with several arrays or columns
            followed by which of them, such as ``table.csv:age,label``. A first column of a csv
            that has no heading, while all others have one, names the rows.

    Raises:
        InfoplaneError: There is no such file or column, it is empty, its format is unknown or
            damaged, something else than commas separates its columns, or points its decimals, a
            value is missing, or an array has other axes than samples and columns.
    """
    path, chosen = located(source)
    with reading(path):
        _require_commas(path)
    if path.suffix.lower() in FRAMES:
        with reading(path):
            return _of_frame(path, chosen)
    several = len(chosen) > 1
    arrays = [read_array(f"{path}:{name}") for name in chosen] if several else [read_array(source)]
    if any(one.ndim != (1 if several else 2) for one in arrays):
        shapes = ", ".join(str(one.shape) for one in arrays)
        raise InfoplaneError(
            f"{source} has shape {shapes}; a table has rows and columns, and each of several "
            "arrays is one column."
        )
    if several:
        return Columns(tuple(chosen), tuple(arrays), chosen=True)
    return Columns((), tuple(arrays[0].T), chosen=False)


def _of_frame(path: Path, chosen: list[str]) -> Columns:
    table = frame(path)
    headed = all(isinstance(name, str) for name in table.columns)
    part = complete(path, table, chosen)
    index: tuple[str, ...] = ()
    if headed and not chosen and part.shape[1] and part.columns[0].startswith(UNNAMED):
        index = tuple(part.iloc[:, 0].astype(str))
        part = part.iloc[:, 1:]
    each = (part.iloc[:, place] for place in range(part.shape[1]))
    values = tuple(
        one.to_numpy() if one.dtype.kind in "fiub" else _words(path, one) for one in each
    )
    return Columns(tuple(part.columns) if headed else (), values, bool(chosen), index)


def _words(path: Path, column: Any) -> np.ndarray:  # noqa: ANN401 — a Series
    """A column of words.

    Raises:
        InfoplaneError: They are numbers with decimal commas.
    """
    said = [str(one) for one in column]
    if said and all(re.fullmatch(r"\s*[-+]?\d+,\d+\s*", one) for one in said):
        raise InfoplaneError(
            f"{path} has decimal commas, such as {said[0].strip()!r}: numbers have a decimal point "
            "here, and commas separate columns."
        )
    return np.array(said)


def _require_commas(path: Path) -> None:
    """Refuses what is empty, and a csv whose every line has as many semicolons, or tabs.

    Raises:
        InfoplaneError: It is so.
    """
    if path.suffix.lower() != ".csv":
        if path.stat().st_size == 0:
            raise InfoplaneError(f"{path} is empty.")
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = [line for line in islice(file, LOOKED_AT) if line.strip()]
    if not lines:
        raise InfoplaneError(f"{path} is empty.")
    for mark, name in OTHER.items():
        counts = {line.count(mark) for line in lines}
        if len(counts) == 1 and counts != {0}:
            raise InfoplaneError(
                f"Every line of {path} has as many {name}, as if they separated its columns: "
                "commas do here, and a point marks decimals. To rewrite it: "
                f"pandas.read_csv('{path.name}', sep={mark!r}, decimal=',').to_csv('{path.stem}-"
                "commas.csv', index=False)"
            )
