"""The command about anybody's arrays: what every estimator says, and which of them to believe."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from json import dumps
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich.measure import Measurement
from rich.table import Table
from torch import Tensor

from infoplane.analysis.advice import advice
from infoplane.analysis.skills import shipped
from infoplane.cli.console import console, err
from infoplane.cli.exits import FAILED, INTERRUPTED
from infoplane.datasets.arrays import read_array
from infoplane.measures.samples import as_samples
from infoplane.measures.side_by_side import Said, one_by_one, suitable
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate


def measure(
    x: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="X")],
    y: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="Y")],
    given: str | None = None,
    numbers: tuple[Literal["x", "y", "given"], ...] = (),
    estimator: tuple[str, ...] = (),
    all: bool = False,  # noqa: A002 — as it is typed
    permutations: int = 0,
    seed: int = 0,
    json: bool = False,
) -> None:
    """Measure what two arrays share, in bits, by many estimators side by side.

    Estimators: those of infoplane.measures.catalogue, such as ksg, mixed-ksg, gaussian, plug-in,
    binned-width, renyi-tapia, mine; a wrong name lists them all.

    Args:
        x: A file: npy, npz, csv or parquet, samples along the first axis; of a file with several
            arrays or columns with their names, such as table.csv:age,height. Whole numbers in
            one column are class labels.
        y: Another, with as many samples.
        given: A third: what x and y share beyond it.
        numbers: Which of them hold counts or other whole numbers, that are no labels.
        estimator: Names of estimators; by default all that suit such data and are not trained.
        all: Also those that are trained.
        permutations: Shuffles of y for a null and a p-value each, such as 39.
        seed: Seed of the shuffles.
        json: Print JSON, one object per estimator, instead of a table.
    """
    if estimator and all:
        raise InfoplaneError("--estimator names some, --all asks for every one: give one of them.")
    sources = {"x": x, "y": y} | ({} if given is None else {"given": given})
    arrays = {
        name: as_samples(_read(source, as_numbers=name in numbers), source)
        for name, source in sources.items()
    }
    third = arrays.get("given")
    names = list(estimator) or suitable(
        arrays["x"], arrays["y"], conditional=third is not None, trained=all
    )
    asked = one_by_one(
        arrays["x"],
        arrays["y"],
        names,
        given=third,
        permutations=permutations,
        seed=seed,
        before=lambda name: err.print(f"measuring: {name}", style="dim"),
    )
    said, whole = _gathered(asked)
    said = {name: said[name] for name in names if name in said}
    if json:
        print(dumps({name: _plain(one) for name, one in said.items()}, indent=2))  # noqa: T201
    else:
        _tell(said, arrays, permutations)
    if not whole:
        err.print(f"Interrupted: {len(said)} of {len(names)} estimators are told.")
        raise SystemExit(INTERRUPTED)
    if not any(isinstance(one, Estimate) for one in said.values()):
        raise SystemExit(FAILED)


def _gathered(asked: Iterator[tuple[str, Said]]) -> tuple[dict[str, Said], bool]:
    """What the estimators say, and whether nobody interrupted them."""
    said: dict[str, Said] = {}
    try:
        for name, one in asked:
            said[name] = one
    except KeyboardInterrupt:
        return said, False
    return said, True


def _tell(said: Mapping[str, Said], arrays: Mapping[str, Tensor], permutations: int) -> None:
    """The table, and what to make of it."""
    known = "given" not in arrays
    found = advice(shipped(), arrays["x"], arrays["y"], said) if known else None
    _print(said, "" if found is None else found.estimator)
    if found is not None:
        console.print(f"\n{found.words}", soft_wrap=True)
    if known and not permutations and said:
        console.print("No null was measured: --permutations 39 tells what shuffled samples show.")


def _read(source: str, as_numbers: bool) -> np.ndarray:
    """What a file holds; whole numbers as floats if they are no labels."""
    array = read_array(source)
    return array.astype(float) if as_numbers else array


def _print(said: Mapping[str, Said], recommended: str) -> None:
    """One line per estimator; what there is to say about it below, once each."""
    found = {name: one for name, one in said.items() if isinstance(one, Estimate)}
    notes = list(dict.fromkeys(note for one in found.values() for note in one.notes))
    columns = _columns(list(found.values()))
    left_out: list[str] = []
    if found:
        table = _table(found, columns, notes, recommended)
        while columns and _width(table) > console.width:
            left_out.insert(0, columns.pop())
            table = _table(found, columns, notes, recommended)
        console.print(table)
    if left_out:
        told = ", ".join(left_out)
        console.print(f"(too narrow for: {told}; --json has everything)", style="dim")
    for number, note in enumerate(notes, 1):
        console.print(f"{number}  {note}", soft_wrap=True)
    for name, refusal in said.items():
        if isinstance(refusal, InfoplaneError):
            console.print(f"{name}: {refusal}", soft_wrap=True)


def _table(
    found: Mapping[str, Estimate], columns: Sequence[str], notes: Sequence[str], recommended: str
) -> Table:
    """One line per estimate; the recommended one has an arrow."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("estimator", "bit", *columns, "notes"):
        table.add_column(heading, no_wrap=True)
    for name, one in found.items():
        marks = _ranges([notes.index(note) + 1 for note in one.notes])
        cells = [_cell(heading, one) for heading in columns]
        arrow = " ←" if name == recommended else ""
        table.add_row(name + arrow, f"{one.value:.4f}", *cells, marks)
    return table


def _width(table: Table) -> int:
    """Columns of the terminal that a table takes if nothing is cut."""
    unlimited = console.options.update(width=10_000)
    return Measurement.get(console, unlimited, table).maximum


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers, three or more in a row as their ends.

    >>> _ranges([1, 2, 5, 6, 7])
    '1,2,5–7'
    """
    told: list[str] = []
    for _, run in groupby(enumerate(sorted(numbers)), lambda one: one[1] - one[0]):
        members = [number for _, number in run]
        ends = [f"{members[0]}–{members[-1]}"]
        told += ends if len(members) > 2 else [str(number) for number in members]
    return ",".join(told)


def _columns(found: Sequence[Estimate]) -> list[str]:
    """Those of which some estimate has something to say."""
    cells = {heading: [_cell(heading, one) for one in found] for heading in CELLS}
    return [heading for heading, column in cells.items() if any(column)]


def _cell(heading: str, one: Estimate) -> str:
    return CELLS[heading](one)


def _error(one: Estimate) -> str:
    return "" if one.stderr is None else f"± {one.stderr:.4f}"


def _interval(one: Estimate) -> str:
    return "" if one.interval is None else f"{one.interval[0]:.4f} … {one.interval[1]:.4f}"


def _null(one: Estimate) -> str:
    return "" if one.null is None else f"{one.null:.4f}"


def _p_value(one: Estimate) -> str:
    return "" if one.p_value is None else f"{one.p_value:.3f}"


def _limit(one: Estimate) -> str:
    told = "" if not math.isfinite(one.ceiling) else f"{one.ceiling:.3f}"
    return f"{told} reached" if one.saturated else told


def _bound(one: Estimate) -> str:
    return "" if one.bound is None else f"{one.bound} bound"


CELLS = {
    "null": _null,
    "p": _p_value,
    "standard error": _error,
    "90 % interval": _interval,
    "is a": _bound,
    "ceiling": _limit,
}
"""What there is to say in a column about an estimate, empty if nothing; the least needed last."""


def _plain(one: Said) -> dict[str, Any]:
    """An estimate, or why there is none, as JSON takes it."""
    if not isinstance(one, Estimate):
        return {"error": str(one)}
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in asdict(one).items()
    }
