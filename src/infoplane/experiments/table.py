"""All numbers of a Trace as one tidy table."""

import csv
import io
from collections.abc import Iterator

import numpy as np
import xarray as xr

from infoplane.experiments.over_batches import REPLICATE, summarised
from infoplane.values.trace import Trace

_FIRST = ("probe", "estimator", "layer", "pair")
"""Columns that come first if the Trace has them; whatever else it has follows."""


def table(trace: Trace) -> str:
    """CSV with one line per number that was measured.

    Columns are ``step``, ``epoch``, what the Trace's variables are labelled by (``probe``,
    ``estimator``, ``layer``, ``pair``, …; empty where a variable has no such label), ``variable``,
    ``value`` (the mean over probe batches; of p-values the largest), ``stderr`` (over the batches;
    empty for one batch, for p-values, or for a variable without batches) and ``unit``. What was
    not measured has no line.
    """
    labels = _labels(trace)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["step", "epoch", *labels, "variable", "value", "stderr", "unit"])
    for name, values in trace.items():
        writer.writerows(_lines(str(name), values, trace, labels))
    return file.getvalue()


def _labels(trace: Trace) -> list[str]:
    """Names of the dimensions that tell numbers of one moment apart."""
    used = {str(dim) for values in trace.values() for dim in values.dims}
    others = sorted(used - {"snapshot", REPLICATE, *_FIRST})
    return [label for label in (*_FIRST, *others) if label in used]


def _lines(
    name: str, values: xr.DataArray, trace: Trace, labels: list[str]
) -> Iterator[list[object]]:
    """The lines of one variable, moment by moment."""
    own = [label for label in labels if label in values.dims]
    parts = summarised(name, values.astype(float))
    mean, error = (one.transpose("snapshot", *own).values for one in parts)
    marks = {label: values[label].values for label in own}  # numbers where it has no names
    unit = values.attrs.get("unit", "")
    for place in np.ndindex(mean.shape):
        if not np.isfinite(mean[place]):
            continue
        moment, *rest = place
        at = {label: marks[label][i] for label, i in zip(own, rest, strict=True)}
        yield [
            int(trace["step"].values[moment]),
            _number(float(trace["epoch"].values[moment])),
            *(at.get(label, "") for label in labels),
            name,
            _number(float(mean[place])),
            _number(float(error[place])),
            unit,
        ]


def _number(value: float) -> str:
    """The shortest digits that read back as the same number; nothing for NaN."""
    return repr(value) if np.isfinite(value) else ""
