"""The command about anybody's arrays: what every estimator says, and which of them to believe."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from json import dumps
from typing import Any, Literal

import numpy as np
import tyro
from rich.table import Table
from torch import Tensor

from infoplane.analysis.skills import best, shipped
from infoplane.cli.console import FAILED, console, err
from infoplane.datasets.arrays import read_array
from infoplane.measures.samples import as_samples, pair_of
from infoplane.measures.side_by_side import Said, side_by_side, suitable
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate


def measure(
    x: tyro.conf.Positional[str],
    y: tyro.conf.Positional[str],
    given: str | None = None,
    numbers: tuple[Literal["x", "y", "given"], ...] = (),
    estimator: tuple[str, ...] = (),
    all: bool = False,  # noqa: A002 — as it is typed
    permutations: int = 0,
    seed: int = 0,
    json: bool = False,
) -> None:
    """Measure what two arrays share, in bits, by many estimators side by side.

    Args:
        x: A file: npy, npz, csv or parquet, samples along the first axis; of a file with several
            arrays or columns with their names, such as table.csv:age,height. Whole numbers in
            one column are class labels.
        y: Another, with as many samples.
        given: A third: what x and y share beyond it.
        numbers: Which of them hold counts or other whole numbers, that are no labels.
        estimator: Names of estimators; by default all that take such data and are not trained.
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
    said = side_by_side(
        arrays["x"],
        arrays["y"],
        names,
        given=third,
        permutations=permutations,
        seed=seed,
        before=lambda name: err.print(f"measuring: {name}", style="dim"),
    )
    if json:
        print(dumps({name: _plain(one) for name, one in said.items()}, indent=2))  # noqa: T201
    else:
        _print(said)
        if third is None:
            console.print(f"\n{_advice(arrays['x'], arrays['y'])}", soft_wrap=True)
    if not any(isinstance(one, Estimate) for one in said.values()):
        raise SystemExit(FAILED)


def _read(source: str, as_numbers: bool) -> np.ndarray:
    """What a file holds; whole numbers as floats if they are no labels."""
    array = read_array(source)
    return array.astype(float) if as_numbers else array


def _print(said: Mapping[str, Said]) -> None:
    """One line per estimator; what there is to say about it below, once each."""
    found = {name: one for name, one in said.items() if isinstance(one, Estimate)}
    columns = _columns(list(found.values()))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("estimator", "bit", *columns, "notes"):
        table.add_column(heading, no_wrap=True)
    notes = list(dict.fromkeys(note for one in found.values() for note in one.notes))
    for name, one in found.items():
        marks = ",".join(str(notes.index(note) + 1) for note in one.notes)
        cells = [_cell(heading, one) for heading in columns]
        table.add_row(name, f"{one.value:.4f}", *cells, marks)
    console.print(table)
    for number, note in enumerate(notes, 1):
        console.print(f"{number}  {note}", soft_wrap=True)
    for name, refusal in said.items():
        if isinstance(refusal, InfoplaneError):
            console.print(f"{name}: {refusal}", soft_wrap=True)


def _advice(x: Tensor, y: Tensor) -> str:
    """Which estimator errs least on calibrated data like these, by how much, and by what rule."""
    kind, columns = pair_of(x, y), max(one.shape[1] if one.ndim == 2 else 1 for one in (x, y))
    try:
        first = best(shipped(), kind, columns, len(x))
    except InfoplaneError as unknown:
        return f"No recommendation. {unknown}"
    return (
        f"Recommended: {first.estimator}. Where the truth is known ({first.tasks} calibrated tasks "
        f"of such pairs, n = {first.n}) its worst root mean square error is {first.worst:.2f} bit, "
        "the smallest of all; infoplane run calibration shows on what."
    )


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
    "standard error": _error,
    "90 % interval": _interval,
    "null": _null,
    "p": _p_value,
    "ceiling": _limit,
    "is a": _bound,
}
"""What there is to say in a column about an estimate, empty if nothing."""


def _plain(one: Said) -> dict[str, Any]:
    """An estimate, or why there is none, as JSON takes it."""
    if not isinstance(one, Estimate):
        return {"error": str(one)}
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in asdict(one).items()
    }
