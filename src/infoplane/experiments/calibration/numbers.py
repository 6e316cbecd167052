"""All estimates as one tidy table."""

import csv
import io
from collections.abc import Iterator

import numpy as np

from infoplane.analysis.calibration import MEASURED, State, tasks_of
from infoplane.values.trace import Trace, sentences_of

COLUMNS = ("task", "kind", "columns of x", "columns of y", "n", "sample", "estimator")
"""What tells one estimate from the others; truth, state, ``MEASURED`` and a sentence follow."""


def numbers(trace: Trace) -> str:
    """CSV with one line per estimate that was asked for; informations are in bits.

    ``state`` is "measured" or "failed", with the estimator's ``sentence``. An infinite number is
    written as "inf"; what an estimator does not tell is empty.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([*COLUMNS, "truth", "state", *MEASURED, "sentence"])
    writer.writerows(_lines(trace))
    return file.getvalue()


def _lines(trace: Trace) -> Iterator[list[object]]:
    """The lines, row by row of the Trace."""
    told, said = tasks_of(trace), sentences_of(trace)
    names = [str(name) for name in trace["estimator"].values]
    columns = {kind: trace[kind].transpose("snapshot", "estimator").values for kind in MEASURED}
    states = trace["state"].transpose("snapshot", "estimator").values
    places = ("step", "task", "n", "replicate", "truth")
    each = zip(*(trace[key].values for key in places), strict=True)
    for row, (step, place, n, replicate, truth) in enumerate(each):
        task = told[int(place)]
        for column, name in enumerate(names):
            state = State(int(states[row, column]))
            if state in (State.MEASURED, State.FAILED):
                yield [
                    task["name"],
                    task["kind"],
                    *task["dims"],
                    int(n),
                    int(replicate),
                    name,
                    _written(float(truth)),
                    state.name.lower(),
                    *(_written(float(columns[kind][row, column])) for kind in MEASURED),
                    said.get(int(step), {}).get(name, ""),
                ]


def _written(value: float) -> str:
    """The shortest digits that read back as the same number; nothing for NaN."""
    return "" if np.isnan(value) else repr(value)
