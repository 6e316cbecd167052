"""Runs of one seed that differ in one setting as one Trace, with that setting as a dimension."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from infoplane.values.ceilings import CEILINGS
from infoplane.values.errors import InfoplaneError
from infoplane.values.methods import METHODS
from infoplane.values.trace import SENTENCES, Trace, settings_of

MEASURED = "measured"
"""Coordinate along snapshot and the members: which of them was looked at at which step."""
BY_ESTIMATOR = (CEILINGS, METHODS)
"""Attributes with a JSON entry per estimator, of which members may have different ones."""
IN_WORDS = ("long_name", "unit")
"""Attributes that are told of every member where they differ."""
SNAPSHOT, STEP, EPOCH = "snapshot", "step", "epoch"

Value = str | int | float
Members = Mapping[Value, Trace]
"""Traces by their value of the setting that they differ in."""


def dimension_of(along: str) -> str:
    """The dimension of a setting.

    >>> dimension_of("training.steps")
    'steps'
    """
    return along.rpartition(".")[2]


def family(members: Members, along: str) -> Trace:
    """All members as one Trace with a further dimension, in the given order.

    Every variable gets the dimension. Moments, layers, pairs, estimators and whatever else has
    labels are joined: those of all members, each member's in its own order (steps in increasing
    order), with NaN where a member has none. The coordinate ``MEASURED`` says which member was
    looked at at which step, so that NaN there is told from NaN that was measured; ``member`` reads
    it. ``epoch`` is NaN where members were at one step in different epochs. Units and meanings
    that differ are told of all, other attributes only if they agree.

    Args:
        members: Runs of one seed that differ in the setting ``along`` alone.
        along: That setting, such as "code_size", or "training.steps" for the dimension "steps".

    Raises:
        InfoplaneError: There are fewer than two, they differ in something else, one variable has
            other dimensions in another member, or the name of the dimension is taken.
    """
    dim, traces = dimension_of(along), list(members.values())
    _require_one_setting(members, along)
    _require_name(dim, traces)
    steps = np.array(sorted({int(step) for one in traces for step in one[STEP].values}))
    labels = _labels(members)
    patterns = _patterns(members)
    parts = [_placed(one, steps, labels, patterns) for one in traces]
    names = xr.DataArray(_along(list(members)), dims=dim, name=dim)
    joined = xr.concat(
        parts,
        dim=names,
        data_vars="all",
        coords="minimal",
        compat="override",
        join="exact",
        combine_attrs="override",
    )
    for name, values in joined.items():
        values.attrs = _told_of_all(str(name), members)
    there = np.array([np.isin(steps, one[STEP].values) for one in traces]).T
    whole = joined.transpose(SNAPSHOT, dim, ...).assign_coords(
        {
            STEP: (SNAPSHOT, steps),
            EPOCH: (SNAPSHOT, _epochs(traces, steps)),
            MEASURED: ((SNAPSHOT, dim), there),
        }
    )
    whole.attrs = _attributes(members, along)
    return whole


def member(trace: Trace, dim: str, value: Value) -> Trace:
    """One member of a family as it was: without what it never measured.

    Args:
        trace: The family.
        dim: The dimension along which it lies.
        value: Which member.

    Raises:
        InfoplaneError: There is no such member.
    """
    if value not in trace[dim].values.tolist():
        known = ", ".join(map(str, trace[dim].values))
        raise InfoplaneError(f"There is no {dim} {value!r} in this family; there are: {known}.")
    one = trace.sel({dim: value}, drop=True)
    one = one.isel({SNAPSHOT: one[MEASURED].values}).drop_vars(MEASURED)
    never, there = [], {str(name): np.array(False) for name in one.dims if name in one.coords}
    for name in one:
        values = one.variables[name]  # an array with coordinates would take ten times as long
        finite = pd.notnull(values.values)
        if not finite.any():
            never.append(name)
            continue
        for axis, labelled in enumerate(map(str, values.dims)):
            if labelled in there:
                others = tuple(other for other in range(finite.ndim) if other != axis)
                there[labelled] = there[labelled] | finite.any(others)
    having = {labelled: kept for labelled, kept in there.items() if kept.ndim}
    return one.drop_vars(never).isel(having)


def _require_one_setting(members: Members, along: str) -> None:
    """Refuses what is not one seed of settings that differ in one alone.

    Raises:
        InfoplaneError: It says in what they differ.
    """
    if len(members) < 2:
        raise InfoplaneError(f"A family along {along} needs two members, got {len(members)}.")
    known = [_identity(one, along) for one in members.values()]
    keys = dict.fromkeys(key for one in known for key in one)
    differing = [key for key in keys if any(one.get(key) != known[0].get(key) for one in known)]
    if differing:
        raise InfoplaneError(
            f"The members of a family differ in {along} alone; these differ in "
            f"{', '.join(differing)} too. Join those that do not."
        )


def _identity(trace: Trace, along: str) -> dict[str, Any]:
    """What all members of a family have in common."""
    settings = {
        key: value
        for key, value in settings_of(trace).items()
        if key != along and not key.startswith(f"{along}.")
    }
    return {
        "experiment": trace.attrs.get("experiment"),
        "seed": trace.attrs.get("seed"),
        **settings,
    }


def _require_name(dim: str, traces: Sequence[Trace]) -> None:
    taken = {str(name) for one in traces for name in (*one.variables, *one.dims)}
    if dim in taken | {MEASURED}:
        raise InfoplaneError(
            f"A family cannot lie along {dim!r}: its members have something of that name already."
        )


def _labels(members: Members) -> dict[str, list[Any]]:
    """All labels of every labelled dimension, in order of first appearance.

    Raises:
        InfoplaneError: A dimension without labels has several sizes.
    """
    found: dict[str, list[Any]] = {}
    sizes: dict[str, dict[int, Value]] = {}
    for value, one in members.items():
        for dim in (str(name) for name in one.dims if name != SNAPSHOT):
            if dim in one.coords:
                found[dim] = _merged_in_order(found.get(dim, []), one[dim].values.tolist())
            else:
                sizes.setdefault(dim, {}).setdefault(one.sizes[dim], value)
    for dim, several in sizes.items():
        if len(several) > 1:
            told = ", ".join(f"{size} in {value}" for size, value in several.items())
            raise InfoplaneError(
                f"The members of a family have {dim}es of different number ({told}), which cannot "
                "be told apart: compute them with the same probe."
            )
    return found


def _merged_in_order(known: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    """All labels of both, each list in its own order as far as the two do not contradict.

    >>> _merged_in_order(["a", "code", "z"], ["b", "code", "y", "z", "end"])
    ['a', 'b', 'code', 'y', 'z', 'end']
    """
    merged = list(known)
    place = len(merged)
    for label in reversed(others):
        if label in known:
            place = merged.index(label)
        else:
            merged.insert(place, label)
    return merged


def _patterns(members: Members) -> dict[str, xr.DataArray]:
    """The first member's array of every variable.

    Raises:
        InfoplaneError: A variable has not the same dimensions in all that have it.
    """
    patterns: dict[str, tuple[Value, xr.DataArray]] = {}
    for value, one in members.items():
        for name, values in one.items():
            first, pattern = patterns.setdefault(str(name), (value, values))
            if values.dims != pattern.dims:
                raise InfoplaneError(
                    f"{name} has dimensions {pattern.dims} in {first} and {values.dims} in "
                    f"{value}: they cannot be joined."
                )
    return {name: pattern for name, (_, pattern) in patterns.items()}


def _placed(
    trace: Trace,
    steps: np.ndarray,
    labels: Mapping[str, Sequence[Any]],
    patterns: Mapping[str, xr.DataArray],
) -> Trace:
    """One member with a place for everything that some member has."""
    numbers = trace.map(lambda values: values.astype(float), keep_attrs=True)
    own = {dim: names for dim, names in labels.items() if dim in numbers.dims}
    aligned = (
        numbers.drop_vars([name for name in (EPOCH,) if name in numbers.coords])
        .swap_dims({SNAPSHOT: STEP})
        .reindex({STEP: steps, **own})
        .swap_dims({STEP: SNAPSHOT})
        .drop_vars(STEP)
    )
    for name in patterns.keys() - set(aligned):
        dims = [str(dim) for dim in patterns[name].dims]
        sizes = {SNAPSHOT: len(steps), **{dim: len(one) for dim, one in labels.items()}}
        shape = [sizes.get(dim, patterns[name].sizes[dim]) for dim in dims]
        coords = {dim: labels[dim] for dim in dims if dim in labels}
        aligned[name] = xr.DataArray(np.full(shape, np.nan), coords, dims)
    return aligned[list(patterns)]


def _along(values: list[Value]) -> np.ndarray:
    """The members' values as labels: numbers if all of them are, else text."""
    if all(isinstance(one, int | float) and not isinstance(one, bool) for one in values):
        return np.array(values)
    return np.array([str(one) for one in values])


def _epochs(traces: Sequence[Trace], steps: np.ndarray) -> np.ndarray:
    """The epoch at every step, shape (snapshot,); NaN where members do not agree."""
    known: dict[int, set[float]] = {}
    for one in traces:
        for step, epoch in zip(one[STEP].values, one[EPOCH].values, strict=True):
            known.setdefault(int(step), set()).add(float(epoch))
    return np.array([known[step].pop() if len(known[step]) == 1 else np.nan for step in steps])


def _told_of_all(name: str, members: Members) -> dict[str, Any]:
    """A variable's attributes over all members that have it."""
    told = [one[name].attrs for one in members.values() if name in one]
    keys = dict.fromkeys(str(key) for one in told for key in one)
    return dict(_common(name, key, [one[key] for one in told if key in one], told) for key in keys)


def _common(
    name: str, key: str, values: Sequence[Any], told: Sequence[Mapping[Any, Any]]
) -> tuple[str, Any]:
    """One attribute: as all tell it, as each tells it in words, or as JSON by estimator."""
    distinct = list(dict.fromkeys(map(str, values)))
    if len(distinct) == 1 and len(values) == len(told):
        return key, values[0]
    if key in IN_WORDS:
        return key, " or ".join(distinct)
    if key in BY_ESTIMATOR:
        return key, _merged(name, key, distinct)
    return key, f"not the same in all: {', '.join(distinct)}"


def _merged(name: str, key: str, told: Sequence[str]) -> str:
    """JSON entries by estimator of all members.

    Raises:
        InfoplaneError: An estimator is not the same in all.
    """
    whole: dict[str, Any] = {}
    for entries in map(json.loads, told):
        for estimator, entry in entries.items():
            if whole.setdefault(estimator, entry) != entry:
                raise InfoplaneError(
                    f"The {key} of {name} under {estimator} are not the same in all members of "
                    "the family; values of different estimators, or of different n, cannot be "
                    "compared."
                )
    return json.dumps(whole, ensure_ascii=False)


def _attributes(members: Members, along: str) -> dict[str, Any]:
    """What the first member says of itself, said of all of them."""
    traces = list(members.values())
    agreed = {
        key: value
        for key, value in traces[0].attrs.items()
        if all(str(one.attrs.get(key)) == str(value) for one in traces)
    }
    settings = json.loads(traces[0].attrs.get("settings", "{}"))
    *outer, last = along.split(".")
    inner = settings
    for name in outer:
        inner = inner.get(name, {})
    inner.pop(last, None)
    listed = ", ".join(map(str, members))
    told = {
        "settings": json.dumps(settings, sort_keys=True),
        "description": f"{len(members)} runs that differ in {along}: {listed}",
    }
    sentences = dict(_sentences(members, dimension_of(along)))
    if sentences:
        told[SENTENCES] = json.dumps(sentences, ensure_ascii=False)
    return {**agreed, **told}


def _sentences(members: Members, dim: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What has no number in some member, by step, with the member's value before each label."""
    steps: dict[str, dict[str, str]] = {}
    for value, one in members.items():
        for step, told in json.loads(one.attrs.get(SENTENCES, "{}")).items():
            own = {f"{dim}={value}, {label}": words for label, words in told.items()}
            steps.setdefault(step, {}).update(own)
    yield from steps.items()
