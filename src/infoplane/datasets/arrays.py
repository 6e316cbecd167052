"""Anybody's arrays from files: npy, npz, csv and parquet, never pickle."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from infoplane.values.errors import InfoplaneError


def read_array(source: str) -> np.ndarray:
    """The array that a file holds, samples along the first axis.

    Args:
        source: A path, such as ``x.npy``; of a file with several arrays or columns followed by
            which of them, such as ``runs.npz:codes`` or ``table.csv:age,height``. Columns of one
            kind stay what they are: whole numbers are integers, and one column of words becomes
            class labels, by the alphabet. The first line of a csv is its heading if no cell of it
            is a number.

    Raises:
        InfoplaneError: There is no such file or column, its format is unknown or damaged, or what
            it holds is not numeric.
    """
    path, chosen = located(source)
    with reading(path):
        return READERS[path.suffix.lower()](path, chosen)


def located(source: str) -> tuple[Path, list[str]]:
    """The path of a file that is there, and which of its parts are meant; see ``read_array``.

    Raises:
        InfoplaneError: There is none, or its format is unknown.
    """
    path, chosen = _split(source)
    if path.suffix.lower() not in READERS:
        known = ", ".join(READERS)
        raise InfoplaneError(f"{path} is of no format that is read here; these are: {known}.")
    if not path.is_file():
        raise InfoplaneError(f"There is no file {path}.")
    return path, chosen


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Says of a damaged file which one it is.

    Raises:
        InfoplaneError: It cannot be read.
    """
    try:
        yield
    except (OSError, ValueError, EOFError, KeyError, BadZipFile) as problem:
        raise InfoplaneError(f"{path} cannot be read: {problem}") from problem


def _split(source: str) -> tuple[Path, list[str]]:
    """The path, and which parts of the file."""
    if Path(source).exists() or ":" not in source[2:]:  # a drive's letter has a colon, too
        return Path(source), []
    path, _, names = source.rpartition(":")
    return Path(path), [name for name in names.split(",") if name]


def _npy(path: Path, chosen: list[str]) -> np.ndarray:
    if chosen:
        raise InfoplaneError(f"{path} holds one array without a name; leave out {chosen}.")
    return np.load(path, allow_pickle=False)


def _npz(path: Path, chosen: list[str]) -> np.ndarray:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        names = chosen or list(arrays.files)
        if len(names) != 1 or names[0] not in arrays.files:
            raise InfoplaneError(
                f"{path} holds the arrays {', '.join(arrays.files)}; name one of them, such as "
                f"{path}:{arrays.files[0] if arrays.files else 'x'}."
            )
        return arrays[names[0]]


def _framed(path: Path, chosen: list[str]) -> np.ndarray:
    return _columns(path, frame(path), chosen)


def frame(path: Path) -> Any:  # noqa: ANN401 — a DataFrame
    """The whole table of a csv or parquet file; columns are numbered if they have no heading.

    Raises:
        InfoplaneError: Reading parquet needs a package that is not installed.
    """
    import pandas as pd  # half a second to import, for those who read tables only

    if path.suffix.lower() == ".parquet":
        try:
            return pd.read_parquet(path)
        except ImportError as missing:
            raise InfoplaneError(
                'Reading parquet needs pyarrow: pip install "infoplane[table]".'
            ) from missing
    first = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False)
    headed = not any(_is_number(cell) for cell in first.iloc[0])
    return pd.read_csv(path, header=0 if headed else None, skipinitialspace=True)


READERS: Mapping[str, Callable[[Path, list[str]], np.ndarray]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".csv": _framed,
    ".parquet": _framed,
}


def _columns(path: Path, table: Any, chosen: list[str]) -> np.ndarray:  # noqa: ANN401 — a DataFrame
    """Chosen columns, or all; a single one has shape (n,)."""
    part = complete(path, table, chosen)
    words = [name for name in part.columns if part[name].dtype.kind not in "fiub"]
    if words and part.shape[1] > 1:
        raise InfoplaneError(
            f"{path}: column {', '.join(words)} is not numeric; choose columns, such as "
            f"{path}:{part.columns[0]}, or encode it."
        )
    if words:
        return np.unique(part[words[0]].astype(str).to_numpy(), return_inverse=True)[1]
    values: np.ndarray = part.astype({name: int for name in part.select_dtypes(bool)}).to_numpy()
    return values[:, 0] if values.shape[1] == 1 else values


def complete(path: Path, table: Any, chosen: list[str]) -> Any:  # noqa: ANN401 — DataFrames
    """Chosen columns, or all, none of which lacks a value.

    Raises:
        InfoplaneError: There is no such column, or it does.
    """
    table.columns = [str(name) for name in table.columns]
    if unknown := [name for name in chosen if name not in table.columns]:
        there = ", ".join(table.columns[:20])
        raise InfoplaneError(f"{path} has no column {', '.join(unknown)}; it has: {there}.")
    part = table[chosen or list(table.columns)]
    missing = int(part.isna().sum().sum())
    if missing:
        raise InfoplaneError(
            f"{path} lacks {missing} value{'' if missing == 1 else 's'} of {part.size}; fill them "
            "in, or leave those lines out."
        )
    return part


def _is_number(name: object) -> bool:
    try:
        float(str(name))
    except ValueError:
        return False
    return True
