"""What a run leaves behind: rows while it runs, one labelled dataset when it is done.

Everything from ``analysis`` on reads a Trace alone; neither model nor data are needed again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import xarray as xr
from torch import Tensor

from infoplane.values.errors import InfoplaneError

SCHEMA_VERSION = 2
"""Version of the Trace layout: dimensions, names and attributes."""

SENTENCES = "sentences"
"""Attribute with what has no number: JSON of sentences by label, by step; absent if none."""

Trace = xr.Dataset
"""Rows along ``snapshot``; probe batches kept along ``batch``; see ``trace_of``."""


@final
@dataclass(frozen=True)
class Measured:
    """What one observer saw at one moment: labelled arrays, and the seconds each part took."""

    values: Mapping[str, xr.DataArray]
    seconds: Mapping[str, float] = field(default_factory=dict)


@final
@dataclass(frozen=True)
class Row:
    """What one scheduled step measured.

    Attributes:
        step: Number of optimiser updates made so far (0 is the untrained network); what does not
            train numbers its rows. No two rows of a run have the same.
        epoch: The same moment in passes over the training data, or NaN.
        values: Labelled arrays; a name may be absent at a step that did not measure it.
        seconds: Wall-clock cost by part; kept with the run, never part of the Trace.
        sentences: What has no number, in words by label, such as why an estimator gave none; kept
            as the Trace's attribute ``SENTENCES``.
    """

    step: int
    epoch: float
    values: Mapping[str, xr.DataArray]
    seconds: Mapping[str, float] = field(default_factory=dict)
    sentences: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def at(step: int, epoch: float, parts: Iterable[Measured]) -> "Row":
        """One row from what several observers saw at the same step."""
        values: dict[str, xr.DataArray] = {}
        seconds: dict[str, float] = {}
        for part in parts:
            if twice := values.keys() & part.values.keys():
                raise InfoplaneError(
                    f"Two observers both measure {sorted(twice)}; rename one of them."
                )
            values |= part.values
            for name, spent in part.seconds.items():
                seconds[name] = seconds.get(name, 0.0) + spent
        return Row(step, epoch, values, seconds)


@final
@dataclass(frozen=True)
class Checkpoint:
    """All that is needed to go on from ``step`` as if nothing had happened.

    Attributes:
        step: Number of updates made.
        tensors: Model and optimiser tensors by flat name.
        state: The rest, as plain JSON values.
    """

    step: int
    tensors: Mapping[str, Tensor]
    state: Mapping[str, Any]


@final
@dataclass(frozen=True)
class Tick:
    """Sign of life between rows: ``step`` of ``total`` updates are done, or whatever is counted."""

    step: int
    total: int
    counted: str = "updates"


def trace_of(rows: Iterable[Row], attributes: Mapping[str, Any]) -> Trace:
    """Joins rows along ``snapshot``; where a row lacks a name, NaN says that nothing was measured.

    Raises:
        InfoplaneError: There are no rows, their steps are not increasing, or one name has other
            dimensions or coordinates at another step.
    """
    ordered = list(rows)
    if not ordered:
        raise InfoplaneError("A Trace needs at least one row; nothing was measured.")
    steps = [row.step for row in ordered]
    if any(later <= earlier for earlier, later in zip(steps, steps[1:], strict=False)):
        raise InfoplaneError(f"Rows must come in increasing steps, got {steps}.")
    variables = {name: _along_snapshots(name, ordered) for name in _names(ordered)}
    try:
        xr.align(*variables.values(), join="exact")
    except ValueError as problem:
        raise InfoplaneError(
            f"Variables of one Trace must agree on their coordinates: {problem}"
        ) from problem
    return xr.Dataset(
        variables,
        coords={
            "step": ("snapshot", np.array(steps, dtype=np.int64)),
            "epoch": ("snapshot", np.array([row.epoch for row in ordered])),
        },
        attrs={"schema_version": SCHEMA_VERSION, **_said(ordered), **attributes},
    )


def sides(trace: Trace) -> dict[str, Trace]:
    """What was measured on each probe by the probe's name; the whole Trace under "" if on one.

    A Trace of several probes, such as training and test samples, has a dimension ``probe``.
    """
    return {name: _on(trace, name) for name in probes(trace)}


def probes(trace: Trace) -> list[str]:
    """Names of the probes; one without a name if there is but one."""
    return [str(name) for name in trace["probe"].values] if "probe" in trace.dims else [""]


def held_out(trace: Trace) -> Trace:
    """What was measured on the last probe, by convention that of samples not trained on."""
    return _on(trace, probes(trace)[-1])


def _on(trace: Trace, probe: str) -> Trace:
    """What was measured on one probe."""
    return trace.sel(probe=probe, drop=True) if "probe" in trace.dims else trace


def settings_of(trace: Trace) -> dict[str, Any]:
    """The settings that a Trace was recorded with; nested ones under "outer.inner"."""
    return flat(json.loads(trace.attrs.get("settings", "{}")))


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings under "outer.inner"."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        nested = flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else None
        found |= {prefix + name: value} if nested is None else nested
    return found


def sentences_of(trace: Trace) -> dict[int, dict[str, str]]:
    """What has no number, in words by label, by step."""
    told = json.loads(trace.attrs.get(SENTENCES, "{}"))
    return {int(step): sentences for step, sentences in told.items()}


def _said(rows: list[Row]) -> dict[str, str]:
    """The sentences of all rows as an attribute, if there are any."""
    told = {str(row.step): dict(row.sentences) for row in rows if row.sentences}
    return {SENTENCES: json.dumps(told, ensure_ascii=False)} if told else {}


def _names(rows: list[Row]) -> list[str]:
    """Every measured name, in the order in which it first appears."""
    return list(dict.fromkeys(name for row in rows for name in row.values))


def _along_snapshots(name: str, rows: list[Row]) -> xr.DataArray:
    """One variable of all rows, NaN where a row lacks it."""
    pattern = next(row.values[name] for row in rows if name in row.values)
    if any(name not in row.values for row in rows):
        pattern = pattern.astype(float)  # only numbers with a NaN can say "not measured"
    blank = xr.full_like(pattern, np.nan) if pattern.dtype.kind == "f" else pattern
    arrays = [row.values.get(name, blank) for row in rows]
    for row, array in zip(rows, arrays, strict=True):
        same = array.dims == pattern.dims and array.shape == pattern.shape
        if not (same and all(array.coords[c].equals(pattern.coords[c]) for c in pattern.coords)):
            raise InfoplaneError(
                f"{name} has dimensions {dict(array.sizes)} with coordinates "
                f"{_coordinates(array)} at step {row.step}, but {dict(pattern.sizes)} with "
                f"{_coordinates(pattern)} before."
            )
    return xr.DataArray(
        np.stack([array.values for array in arrays]).astype(pattern.dtype),
        dims=("snapshot", *pattern.dims),
        coords={key: pattern.coords[key] for key in pattern.coords},
        attrs=pattern.attrs,
    )


def _coordinates(array: xr.DataArray) -> dict[str, list[Any]]:
    return {str(key): array.coords[key].values.tolist() for key in array.coords}
