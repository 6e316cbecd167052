"""The numbers of all columns as one CSV, unless a page would be too large with it."""

import csv
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence

from infoplane.experiments.comparison.common import Runs
from infoplane.experiments.table import columns, table

LARGEST = 3_000_000
"""A page takes a table of at most so many bytes, compressed and as letters."""
TOO_LARGE = (
    "All numbers as one table would take too much of this page, and were left out. They lie in the "
    'folders of the runs: xarray.open_zarr("FOLDER/trace.zarr", consolidated=False, '
    "zarr_format=3) reads them."
)


def numbers(runs: Runs) -> str:
    """The numbers of all columns as one CSV, with the column's name first."""
    return "".join(_parts(runs))


def numbers_for_page(runs: Runs, largest: int = LARGEST) -> str:
    """The same, or nothing if a page would be too large with it; no more is made than it takes.

    Args:
        runs: The columns' Traces.
        largest: How many letters the page has room for.
    """
    packer, size, parts = zlib.compressobj(6), 0, []
    for part in _parts(runs):
        size += len(packer.compress(part.encode()) + packer.flush(zlib.Z_SYNC_FLUSH))
        if size * 4 / 3 > largest:
            return ""
        parts.append(part)
    return "".join(parts)


def _parts(runs: Runs) -> Iterator[str]:
    """The heading, and then the lines of each column."""
    heads = list(dict.fromkeys(one for trace in runs.values() for one in columns(trace)))
    yield _written([["run", *heads]])
    for name, trace in runs.items():
        lines = csv.DictReader(io.StringIO(table(trace), newline=""))
        yield _written([name, *(line.get(head, "") for head in heads)] for line in lines)


def _written(lines: Iterable[Sequence[str]]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerows(lines)
    return file.getvalue()
