"""What a reader of the calibration looks for: who is wrong where, by how much, and how fast."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.calibration import (
    Failure,
    State,
    asked,
    cells,
    covered,
    errors,
    failures,
    promises_of,
    summary,
    tasks_of,
)
from infoplane.analysis.skills import ranked
from infoplane.experiments.calibration.budget import timed
from infoplane.experiments.calibration.claims import FEW_COLUMNS, usual
from infoplane.values.methods import methods_of
from infoplane.values.panel import Axis, HeatMap, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace

LIMIT = 1.0
"""Bits of error at which the colours of the map end."""
FAILED, REFUSED, LEFT_OUT, WRONG = "✕", "–", "·", "∞"
KINDS: Mapping[str, str] = {
    "numbers": "Numbers with numbers",
    "mixed": "Numbers with labels",
    "labels": "Labels with labels",
}
MANY = 200
"""So many failures are told one by one."""
_SIZES = Axis("samples n", log=True)
_ERROR = Axis("root mean square error", "bit", log=True)

_CURVES: Mapping[str, Callable[[xr.Dataset], xr.DataArray]] = {
    "Numbers, up to 5 dimensions": lambda laid: (
        (laid["kind"] == "numbers") & (laid["columns"] <= FEW_COLUMNS)
    ),
    "Numbers, more than 5 dimensions": lambda laid: (
        (laid["kind"] == "numbers") & (laid["columns"] > FEW_COLUMNS)
    ),
    "Numbers with labels, up to 5 dimensions": lambda laid: (
        (laid["kind"] == "mixed") & (laid["columns"] <= FEW_COLUMNS)
    ),
    "Numbers with labels, more than 5 dimensions": lambda laid: (
        (laid["kind"] == "mixed") & (laid["columns"] > FEW_COLUMNS)
    ),
    "Labels with labels": lambda laid: (laid["kind"] == "labels") & (laid["columns"] == 1),
    "Rows of labels": lambda laid: (laid["kind"] == "labels") & (laid["columns"] > 1),
}


def panels(trace: Trace) -> list[Panel]:
    """A map of errors for every n, errors against n, and how often claimed intervals hold."""
    laid = cells(trace)
    told = {(one.task, one.n, one.estimator): one.sentence for one in failures(trace)}
    return [
        *(_map(laid, int(n), told) for n in laid["n"].values),
        *_curves(laid),
        *_coverage(laid),
    ]


def _map(laid: xr.Dataset, n: int, told: Mapping[tuple[str, int, str], str]) -> Panel:
    """Tasks by estimators: the mean error, and what became of those that have none."""
    at = laid.sel(n=n)
    wrong = errors(at).transpose("task", "estimator", "seed").values
    states = at["state"].transpose("task", "estimator", "seed").values
    names = [str(one) for one in at["task"].values]
    estimators = [str(one) for one in at["estimator"].values]
    truths = [float(one) for one in at["truth"].values]
    said = [[told.get((name, n, one), "") for one in estimators] for name in names]
    both = list(zip(wrong, states, truths, said, strict=True))
    return Panel(
        key=f"errors-{n}",
        title="Error of every estimator on every task",
        caption=(
            "Above each row: the task, and the information that its variables share. The colour "
            f"is estimate − truth, mean over the samples. {FAILED} failed at least once, "
            f"{REFUSED} does not take such pairs, {LEFT_OUT} left out because of its time, {WRONG} "
            "a finite estimate of infinite information. Point at a cell for its numbers."
        ),
        x=Axis("estimator"),
        y=Axis("error", "bit"),
        heat=HeatMap(
            rows=tuple(f"{one}: {_bits(t)}" for one, t in zip(names, truths, strict=True)),
            columns=tuple(estimators),
            cells=np.array([[_mean(one) for one in row] for row in wrong]),
            limit=LIMIT,
            marks=tuple(
                tuple(_mark(e, s, truth) for e, s in zip(row, state, strict=True))
                for row, state, truth, _ in both
            ),
            words=tuple(
                tuple(_words(*one, truth) for one in zip(row, state, sentences, strict=True))
                for row, state, truth, sentences in both
            ),
            below=f"too low (full: {LIMIT:g} bit)",
            above="too high",
        ),
        side=f"n = {n}",
    )


def _bits(value: float) -> str:
    return f"{value:.2f} bit" if math.isfinite(value) else "infinite"


def _mean(values: np.ndarray) -> float:
    """Of those that are there; NaN of none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else math.nan


def _mark(wrong: np.ndarray, states: np.ndarray, truth: float) -> str:
    """What is written into a cell; arrays of shape (seed,)."""
    if (states == State.FAILED).any():
        return FAILED
    if (states == State.MEASURED).any():
        return WRONG if math.isinf(truth) and np.isinf(_mean(wrong)) else ""
    return REFUSED if (states == State.REFUSED).any() else LEFT_OUT


def _words(wrong: np.ndarray, states: np.ndarray, sentence: str, truth: float) -> str:
    """What is said of a cell where it is pointed at; arrays of shape (seed,)."""
    failed, known = int((states == State.FAILED).sum()), wrong[~np.isnan(wrong)]
    told = [f"{failed} of {failed + known.size} failed: {sentence}"] if failed else []
    if known.size and np.isfinite(known).all():
        spread = f", spread {known.std(ddof=1):.3f}" if known.size > 1 else ""
        count = "1 sample" if known.size == 1 else f"{known.size} samples"
        told.append(f"error {known.mean():+.3f}{spread} bit over {count}")
    elif known.size:
        told.append("finite, where the truth is infinite" if math.isinf(truth) else "infinite")
    if not told:
        refused = (states == State.REFUSED).any()
        told.append("does not take such pairs" if refused else "left out because of its time")
    return "; ".join(told)


def _curves(laid: xr.Dataset) -> Iterator[Panel]:
    """The error over all tasks of a group against n, a line per estimator."""
    finite = np.isfinite(laid["truth"])
    for place, (title, group) in enumerate(_CURVES.items()):
        chosen = laid.isel(task=np.flatnonzero((group(laid) & finite).values))
        if not chosen.sizes["task"] or laid.sizes["n"] < 2:
            continue
        lines = tuple(_lines(chosen))
        if lines:
            yield Panel(
                key=f"error-against-n-{place}",
                title=title,
                caption=(
                    "Error over all tasks of the group and all their samples. A line ends where "
                    "an estimator was not asked about all of them."
                ),
                x=_SIZES,
                y=_ERROR,
                series=lines,
                group="Error against the number of samples",
            )


def _lines(chosen: xr.Dataset) -> Iterator[Series]:
    """Root mean square errors where every task was measured at least once."""
    wrong = errors(chosen).transpose("estimator", "n", "task", "seed")
    counts = wrong.notnull().sum("seed")
    squares = ((wrong * wrong).sum("seed") / counts.where(counts > 0)).mean("task", skipna=False)
    for name in chosen["estimator"].values:
        y = np.sqrt(squares.sel(estimator=name).values)
        if np.isfinite(y).any():
            sizes = chosen["n"].values.astype(float)
            yield Series(str(name), sizes, np.where(np.isfinite(y), y, np.nan), of=str(name))


def _coverage(laid: xr.Dataset) -> Iterator[Panel]:
    """How often claimed intervals contain the truth, against n."""
    inside = covered(laid.isel(task=np.flatnonzero(np.isfinite(laid["truth"].values))))
    share = inside.mean(["task", "seed"])
    sizes = laid["n"].values.astype(float)
    lines = [
        Series(str(name), sizes, share.sel(estimator=name).values, of=str(name))
        for name in laid["estimator"].values
        if share.sel(estimator=name).notnull().any()
    ]
    if lines and len(sizes) > 1:
        promised = Series("what they claim", sizes, np.full(len(sizes), 0.9), dashed=True)
        yield Panel(
            key="coverage",
            title="Intervals that contain the truth",
            caption=(
                "Share of the claimed 90 % intervals, over all tasks that the estimator takes, "
                "also those for which it was not made. Dashed: what they claim."
            ),
            x=_SIZES,
            y=Axis("share of intervals"),
            series=(promised, *lines),
            group="Claimed intervals",
        )


def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
    """Every estimator by kind of pair, the best first; and what failed."""
    laid = cells(trace)
    each = [table for kind in KINDS if (table := _table(laid, kind, seconds)) is not None]
    return [*each, *_failures(failures(trace))]


def _table(laid: xr.Dataset, kind: str, seconds: Mapping[str, float]) -> Table | None:
    """One kind of pair at the usual sample size; None if no estimator was asked about it."""
    n = usual(laid)
    known = (laid["kind"].values == kind) & np.isfinite(laid["truth"].values)
    at = laid.isel(task=np.flatnonzero(known)).sel(n=n)
    calls = asked(laid.sel(n=n)).sum(["task", "seed"])
    rows: list[tuple[float, tuple[Cell, ...]]] = []
    for name in map(str, laid["estimator"].values):
        one = at.sel(estimator=name)
        if bool(asked(one).any()):
            spent = seconds.get(timed(name, n), math.nan) / int(calls.sel(estimator=name))
            rows.append(_row(name, one, spent))
    if not rows:
        return None
    return Table(
        f"{KINDS[kind]}, n = {n}",
        ("estimator", "rms error", "worst task", "bias", "spread", "covered", "failed", "seconds"),
        tuple(row for _, row in sorted(rows, key=lambda row: row[0])),
        "Errors in bits over all tasks of this kind with finite information that the estimator was "
        "asked about (in brackets how many), the smallest first. Bias: mean error. Spread: "
        "standard deviation over the samples of a task. Covered: share of its 90 % intervals that "
        "contain the truth. Seconds: of one estimate, over all kinds.",
        dense=True,
    )


def _row(name: str, one: xr.Dataset, spent: float) -> tuple[float, tuple[Cell, ...]]:
    """An estimator at one sample size, with its error to sort by."""
    wrong = errors(one).transpose("task", "seed").values
    failed = int((one["state"] == State.FAILED).sum())
    by_task = {
        str(task): row[~np.isnan(row)] for task, row in zip(one["task"].values, wrong, strict=True)
    }
    by_task = {task: row for task, row in by_task.items() if row.size}
    if not by_task:
        nothing = [""] * 5
        told = [f"{name} (0)", *nothing, str(failed), _number(spent, "{:.3g}")]
        return math.inf, tuple(Cell((words,)) for words in told)
    squares = {task: float(np.square(row).mean()) for task, row in by_task.items()}
    worst = max(squares, key=lambda task: squares[task])
    error = math.sqrt(float(np.mean(list(squares.values()))))
    spreads = [row.std(ddof=1) for row in by_task.values() if row.size > 1]
    told = [
        f"{name} ({len(by_task)})",
        _number(error),
        f"{worst}: {_number(math.sqrt(squares[worst]))}",
        _number(float(np.mean([row.mean() for row in by_task.values()])), "{:+.3f}"),
        _number(float(np.mean(spreads)) if spreads else math.nan),
        _number(float(covered(one).mean()), "{:.0%}"),
        str(failed) if failed else "",
        _number(spent, "{:.3g}"),
    ]
    return error, tuple(Cell((words,)) for words in told)


def _number(value: float, how: str = "{:.3f}") -> str:
    """A number, or nothing."""
    if math.isnan(value):
        return ""
    return how.format(value).replace("-", "\N{MINUS SIGN}")


def _failures(found: Sequence[Failure]) -> Iterator[Table]:
    """What failed, each sentence once per estimator, task and n."""
    counted: dict[tuple[str, str, int], list[str]] = {}
    for one in found:
        counted.setdefault((one.estimator, one.task, one.n), []).append(one.sentence)
    if counted:
        rows = [
            tuple(Cell((words,)) for words in (*map(str, place), str(len(said)), said[0]))
            for place, said in list(counted.items())[:MANY]
        ]
        rest = f" {MANY} of {len(counted)} are shown." if len(counted) > MANY else ""
        yield Table(
            "What failed",
            ("estimator", "task", "n", "times", "what it said"),
            tuple(rows),
            f"An estimate that failed is no number: it counts as a failure everywhere.{rest}",
            folded=True,
        )


def methods(trace: Trace) -> list[str]:
    """What was drawn, how errors are told, and what every estimator is."""
    listed, promised = tasks_of(trace), promises_of(trace)
    repeats = int(trace["replicate"].max()) + 1
    other = [name for name, one in promised.items() if not one["comparable"]]
    told = "; ".join(
        f"“{name}”, {method.words}" + "".join(f" [@{key}]" for key in method.sources)
        for name, method in methods_of(trace).items()
    )
    tasks = "; ".join(f"{one['name']}: {one['words']}" for one in listed)
    return [
        f"From each of {len(listed)} pairs of variables with known information {repeats} "
        "independent samples were drawn at every sample size. The suite "
        "follows [@czyz2023beyond]; every truth was derived anew and checked by numerical "
        "integration. Information stays the same under one-to-one maps of x and of y, so images "
        "of a task have its truth.",
        f"The tasks. {tasks}.",
        f"The estimators. {told}.",
        "Error is estimate − truth in bits, never clipped. Where an estimator fails, its sentence "
        "is kept and there is no number.",
        *(
            [
                f"Not estimators of Shannon's information, and held against it all the same: "
                f"{', '.join(other)}. Their values have a meaning of their own."
            ]
            if other
            else []
        ),
    ]


def summary_words(trace: Trace) -> list[str]:
    """What was asked, who was nearest to the truth on its worst task, and what failed."""
    laid, skills = cells(trace), summary(trace)
    n, sentences = usual(laid), []
    for kind, words in KINDS.items():
        for dims, label in ((1, "1 dimension"), (FEW_COLUMNS, f"up to {FEW_COLUMNS} dimensions")):
            first = ranked(skills, kind, dims, n)[:1]
            if first and (kind == "numbers" or dims == 1):
                where = f"{words.lower()}, {label}" if kind == "numbers" else words.lower()
                sentences.append(f"{where}: {first[0].estimator} ({first[0].worst:.2f} bit)")
    failed = int((laid["state"] == State.FAILED).sum())
    total = int(asked(laid).sum())
    return [
        f"{trace.attrs['description']}.",
        *(
            [f"Smallest error on the worst task at n = {n}: {'; '.join(sentences)}."]
            if sentences
            else []
        ),
        f"Of {total} estimates {failed} failed."
        if failed
        else f"None of {total} estimates failed.",
    ]
