"""All numbers of a Trace as one tidy table."""

import csv
import io
from collections.abc import Iterator

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import error, is_p_value, mean, repeated_over, repetitions
from infoplane.values.replicates import Replicate
from infoplane.values.trace import Trace

_FIRST = ("probe", "estimator", "layer", "pair")
"""Columns that come first if the Trace has them; whatever else it has follows."""


def table(trace: Trace) -> str:
    """CSV with one line per number that was measured.

    Columns are ``step``, ``epoch``, what the Trace's variables are labelled by (``probe``,
    ``estimator``, ``layer``, ``pair``, …; empty where a variable has no such label), ``variable``,
    ``value`` (the mean over probe batches or seeds; of p-values the largest), ``error`` with
    ``error_is`` (what it is, and over how many batches or seeds; both empty for one alone, for
    p-values, or where nothing is repeated) and ``unit``. What was not measured has no line.
    """
    labels = _labels(trace)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(columns(trace))
    for name, values in trace.items():
        writer.writerows(_lines(str(name), values, trace, labels))
    return file.getvalue()


def columns(trace: Trace) -> list[str]:
    """The names of the table's columns."""
    return ["step", "epoch", *_labels(trace), "variable", "value", "error", "error_is", "unit"]


def _labels(trace: Trace) -> list[str]:
    """Names of the dimensions that tell numbers of one moment apart."""
    used = {str(dim) for values in trace.values() for dim in values.dims}
    others = sorted(used - {"snapshot", *Replicate, *_FIRST})
    return [label for label in (*_FIRST, *others) if label in used]


def _lines(
    name: str, values: xr.DataArray, trace: Trace, labels: list[str]
) -> Iterator[list[object]]:
    """The lines of one variable, moment by moment."""
    own = [label for label in labels if label in values.dims]
    numbers = values.astype(float)
    told = error(numbers)
    parts = (mean(name, numbers), told.values)
    middle, slight = (one.transpose("snapshot", *own).values for one in parts)
    if is_p_value(name):
        slight = np.full_like(slight, np.nan)
    marks = {label: values[label].values for label in own}  # numbers where it has no names
    moments = [
        (int(step), _number(float(epoch)))
        for step, epoch in zip(trace["step"].values, trace["epoch"].values, strict=True)
    ]
    unit, what = values.attrs.get("unit", ""), _over(told.name, values)
    for place in np.ndindex(middle.shape):
        if not np.isfinite(middle[place]):
            continue
        moment, *rest = place
        at = {label: marks[label][i] for label, i in zip(own, rest, strict=True)}
        yield [
            *moments[moment],
            *(at.get(label, "") for label in labels),
            name,
            _number(float(middle[place])),
            _number(float(slight[place])),
            what if np.isfinite(slight[place]) else "",
            unit,
        ]


def _over(name: str, values: xr.DataArray) -> str:
    """What an error is, and over how many of what."""
    over = repeated_over(values)
    return "" if over is None else f"{name} over {over.counted(repetitions(values))}"


def _number(value: float) -> str:
    """The shortest digits that read back as the same number; nothing for NaN."""
    return repr(value) if np.isfinite(value) else ""
