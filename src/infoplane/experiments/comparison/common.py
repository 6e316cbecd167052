"""What Traces of several runs have in common."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import xarray as xr

from infoplane.analysis.across import SEEDS
from infoplane.analysis.repeated import error_words, mean
from infoplane.values import ceilings
from infoplane.values.trace import Trace, held_out, settings_of, sides

VARIABLES = ("I_XT", "I_TY", "S_T")
"""What is compared layer by layer."""

DATA = "data"
"""Attribute of a compared Trace: the content hash of its data, empty if that is not known."""

FEW = 4
"""So many names are listed; of more, the others are counted."""

Runs = Mapping[str, Trace]
"""Traces by the name of their run, or of the setting that they are several seeds of (``across``),
in the order of their colours."""

_Value = TypeVar("_Value")


def noun(runs: Runs) -> str:
    """What one of them is called."""
    return "setting" if any(SEEDS in settings_of(trace) for trace in runs.values()) else "run"


def evenly(members: Sequence[_Value], most: int) -> list[_Value]:
    """At most so many members, evenly chosen, the first and the last among them.

    >>> evenly("abcdefg", 3)
    ['a', 'd', 'g']
    """
    if len(members) <= most:
        return list(members)
    places = np.linspace(0, len(members) - 1, most).round().astype(int)
    return [members[place] for place in places]


def named_briefly(names: Sequence[str]) -> str:
    """A few names, or the first of them and how many others there are.

    >>> named_briefly(["a", "b"]), named_briefly(list("abcdef"))
    ('a, b', 'a, b, c and 3 others')
    """
    if len(names) <= FEW:
        return ", ".join(names)
    return f"{', '.join(names[: FEW - 1])} and {len(names) - FEW + 1} others"


def errors_in_words(values: Mapping[str, xr.DataArray]) -> str:
    """What the errors of several runs are, and whose if they are not the same; empty for none."""
    whose: dict[str, list[str]] = {}
    for name, one in values.items():
        whose.setdefault(error_words(one), []).append(name)
    whose.pop("", None)
    if len(whose) == 1:
        return next(iter(whose))
    return "; ".join(f"{words} ({named_briefly(names)})" for words, names in whose.items())


def views(runs: Runs) -> dict[str, dict[str, Trace]]:
    """The runs by probe; if they have not the same probes, what was held out of each under ""."""
    by_run = {name: sides(trace) for name, trace in runs.items()}
    if len({tuple(probes) for probes in by_run.values()}) > 1:
        return {"": {name: held_out(trace) for name, trace in runs.items()}}
    first = next(iter(by_run.values()))
    return {side: {name: probes[side] for name, probes in by_run.items()} for side in first}


def members(trace: Trace, dimension: str) -> list[str]:
    """Names along a dimension, such as the layers; none if the Trace has no such dimension."""
    return [str(one) for one in trace[dimension].values] if dimension in trace.coords else []


def union(runs: Runs, dimension: str) -> list[str]:
    """Names along a dimension over all runs, in order of first appearance."""
    return list(dict.fromkeys(one for trace in runs.values() for one in members(trace, dimension)))


def losses(runs: Runs) -> list[str]:
    """Names of all losses, in order of first appearance."""
    return list(
        dict.fromkeys(
            str(name)
            for trace in runs.values()
            for name, values in trace.items()
            if str(name).split("_")[0] == "loss" and {"estimator", "layer"}.isdisjoint(values.dims)
        )
    )


def label(values: xr.DataArray) -> str:
    """What a variable is, in words."""
    return str(values.attrs.get("long_name", values.name))


def quantity(values: xr.DataArray) -> str:
    """What a variable is, with its unit: only the same quantity is drawn in one figure."""
    unit = values.attrs.get("unit", "")
    return f"{label(values)} [{unit}]" if unit else label(values)


def same_quantity(variable: str, runs: Runs) -> bool:
    """Whether a variable is the same quantity in all runs that have it."""
    return len({quantity(trace[variable]) for trace in runs.values() if variable in trace}) == 1


def saturated(values: xr.DataArray) -> np.ndarray:
    """Whether the mean over batches or seeds is saturated; never, where there is no ceiling."""
    reached: np.ndarray = ceilings.saturated(mean("", values)).values
    return reached
