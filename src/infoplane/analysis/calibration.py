"""Estimates held against known information: errors, coverage, and a summary of both.

A Trace of the calibration has one row per task, sample size and replicate; ``cells`` lays the rows
out along these dimensions. Where truth is infinite, a finite estimate has the error −∞.
"""

import json
import math
from dataclasses import dataclass
from enum import IntEnum
from itertools import product
from typing import Any, final

import numpy as np
import xarray as xr

from infoplane.analysis.skills import DIMENSIONS, Skill, of_dimensions
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Trace, sentences_of

TASKS = "tasks"
"""Attribute of a calibration's Trace: JSON list of its tasks, in the order of their numbers."""
PROMISES = "promises"
"""Attribute: JSON of what every estimator promises, by its name."""
MEASURED = ("estimate", "stderr", "low", "high", "ceiling")
"""What an estimator says of one sample, each in bits: NaN where it says nothing."""


class State(IntEnum):
    """What became of one estimate."""

    MEASURED = 0
    FAILED = 1
    REFUSED = 2
    """The estimator does not take such a pair."""
    LEFT_OUT = 3
    """It would have taken too long."""


@final
@dataclass(frozen=True)
class Failure:
    """One estimate that could not be had, and the estimator's sentence."""

    estimator: str
    task: str
    n: int
    seed: int
    sentence: str


def tasks_of(trace: Trace) -> list[dict[str, Any]]:
    """The tasks of a Trace: name, words, family, kind, dims and what they are images of.

    Raises:
        InfoplaneError: It is no Trace of the calibration.
    """
    if TASKS not in trace.attrs or "task" not in trace:
        raise InfoplaneError(
            "This Trace tells of no tasks; give one that `infoplane run calibration` has made."
        )
    told: list[dict[str, Any]] = json.loads(trace.attrs[TASKS])
    return told


def promises_of(trace: Trace) -> dict[str, dict[str, Any]]:
    """What the estimators of a Trace promise, by name."""
    told: dict[str, dict[str, Any]] = json.loads(trace.attrs[PROMISES])
    return told


def cells(trace: Trace) -> xr.Dataset:
    """The rows laid out: what was measured along (task, n, seed, estimator).

    What no row tells is NaN with the state ``LEFT_OUT``. Beside it, along "task": ``truth`` in
    bits, ``kind``, ``family``, ``image_of`` and ``columns``, the most that x or y have.

    Raises:
        InfoplaneError: It is no Trace of the calibration.
    """
    told = tasks_of(trace)
    numbers = {name: trace[name].values.astype(int) for name in ("task", "n", "replicate")}
    kept, sizes, seeds = (np.unique(found) for found in numbers.values())
    axes = ((kept, "task"), (sizes, "n"), (seeds, "replicate"))
    places = tuple(np.searchsorted(known, numbers[name]) for known, name in axes)
    shape = (len(kept), len(sizes), len(seeds), trace.sizes["estimator"])
    dims = ("task", "n", "seed", "estimator")
    laid: dict[str, Any] = {}
    for name in (*MEASURED, "state"):
        blank = np.full(shape, float(State.LEFT_OUT) if name == "state" else np.nan)
        blank[places] = trace[name].transpose("snapshot", "estimator").values
        laid[name] = (dims, blank)
    truth = np.full(len(kept), np.nan)
    truth[places[0]] = trace["truth"].values
    chosen = [told[place] for place in kept]
    laid |= {key: ("task", [one[key] for one in chosen]) for key in ("kind", "family", "image_of")}
    laid |= {"truth": ("task", truth), "columns": ("task", [max(one["dims"]) for one in chosen])}
    coords = {
        "task": [str(one["name"]) for one in chosen],
        "n": sizes,
        "seed": seeds,
        "estimator": [str(name) for name in trace["estimator"].values],
    }
    return xr.Dataset(laid, coords=coords, attrs=trace.attrs)


def errors(laid: xr.Dataset) -> xr.DataArray:
    """Estimate − truth in bits; 0 where both are infinite, NaN where nothing was measured."""
    with np.errstate(invalid="ignore"):
        difference = laid["estimate"] - laid["truth"]
    both = np.isinf(laid["truth"]) & (laid["estimate"] == laid["truth"])
    return difference.where(~both, 0.0).transpose(*laid["estimate"].dims)


def covered(laid: xr.Dataset) -> xr.DataArray:
    """1 where a claimed interval contains the truth, 0 where not, NaN where none is claimed."""
    inside = (laid["low"] <= laid["truth"]) & (laid["truth"] <= laid["high"])
    claimed = laid["low"].notnull() & laid["high"].notnull()
    return inside.astype(float).where(claimed).transpose(*laid["low"].dims)


def asked(laid: xr.Dataset) -> xr.DataArray:
    """Whether an estimate was asked for: it was measured, or failed."""
    return laid["state"].isin([State.MEASURED, State.FAILED])


def failures(trace: Trace) -> list[Failure]:
    """Every estimate that failed, with its sentence, in the order of the rows."""
    told, places = tasks_of(trace), {int(s): i for i, s in enumerate(trace["step"].values)}
    found = []
    for step, sentences in sentences_of(trace).items():
        row = trace.isel(snapshot=places[step])
        name = str(told[int(row["task"])]["name"])
        where = (name, int(row["n"]), int(row["replicate"]))
        found += [Failure(estimator, *where, said) for estimator, said in sentences.items()]
    return found


def summary(trace: Trace) -> list[Skill]:
    """Every estimator on every sort of task with finite information, at every sample size.

    Raises:
        InfoplaneError: It is no Trace of the calibration.
    """
    laid = cells(trace)
    laid = laid.isel(task=np.isfinite(laid["truth"].values))
    promised, wrong = promises_of(trace), errors(laid)
    classes = np.array([of_dimensions(int(one)) for one in laid["columns"].values])
    kinds = laid["kind"].values
    found = []
    for kind, dims in product(dict.fromkeys(kinds.tolist()), DIMENSIONS):
        chosen = np.flatnonzero((kinds == kind) & (classes == dims))
        for name, n in product(laid["estimator"].values, laid["n"].values):
            place = {"estimator": name, "n": n}
            states = laid["state"].isel(task=chosen).sel(place).values
            numbers = wrong.isel(task=chosen).sel(place).values
            comparable = bool(promised[str(name)]["comparable"])
            if ((states == State.MEASURED) | (states == State.FAILED)).any():
                sort = (str(name), str(kind), dims, int(n))
                found.append(_skill(sort, states, numbers, comparable))
    return found


def _skill(
    sort: tuple[str, str, str, int], states: np.ndarray, wrong: np.ndarray, comparable: bool
) -> Skill:
    """From states and errors of shape (task, seed)."""
    failed = int((states == State.FAILED).sum())
    share = failed / (failed + int((states == State.MEASURED).sum()))
    by_task = [row[~np.isnan(row)] for row in wrong]
    known = [row for row in by_task if row.size]
    if not known:
        nothing = (math.nan,) * 4
        return Skill(*sort, 0, *nothing, share, comparable)
    means = [float(row.mean()) for row in known]
    spreads = [float(row.std(ddof=1)) for row in known if row.size > 1 and np.isfinite(row).all()]
    squares = [float(np.square(row).mean()) for row in known]
    return Skill(
        *sort,
        len(known),
        float(np.mean(means)),
        float(np.mean(spreads)) if spreads else math.nan,
        math.sqrt(float(np.mean(squares))),
        math.sqrt(max(squares)),
        share,
        comparable,
    )
