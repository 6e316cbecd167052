"""Several seeds of one setting as one Trace, whose numbers are repeated over the seeds."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from infoplane.analysis.claims import require_seeds
from infoplane.analysis.repeated import mean
from infoplane.values.errors import InfoplaneError
from infoplane.values.replicates import Replicate
from infoplane.values.trace import SENTENCES, Trace

PROBE_BATCHES = "probe_batches"
"""Attribute of several seeds' Trace: over how many probe batches each seed's numbers are means."""
SEEDS = "seeds"
"""The setting that lists the seeds of a combined Trace."""
SEED, BATCH = Replicate.SEED.value, Replicate.BATCH.value


def combined(traces: Sequence[Trace]) -> Trace:
    """All that was measured of one setting as one Trace, whose settings list the ``SEEDS``.

    Several seeds lie along a dimension ``seed``, in increasing order. Every variable is averaged
    over its probe batches first (of p-values the largest is kept), and is NaN where a batch was
    not measured, so that no mean is ever silently that of fewer. One seed alone has no spread over
    seeds: it keeps its probe batches. What has no seed stays as it is.

    Raises:
        InfoplaneError: They are not different seeds of one setting, or have not the same layers,
            moments, variables or units.
    """
    require_seeds(traces)
    if len(traces) == 1:
        return _alone(traces[0])
    ordered = sorted(traces, key=lambda trace: int(trace.attrs[SEED]))
    seeds = [int(trace.attrs[SEED]) for trace in ordered]
    for trace in ordered[1:]:
        _require_alike(ordered[0], trace)
    parts = [_of_one_seed(trace) for trace in ordered]
    joined = xr.concat(
        parts, dim=SEED, join="exact", coords="minimal", compat="override", combine_attrs="override"
    )
    whole = joined.assign_coords({SEED: seeds})
    whole.attrs = _attributes(ordered[0], seeds)
    return whole


def _alone(trace: Trace) -> Trace:
    """One seed with its batches, told in the form of several."""
    if SEED not in trace.attrs:
        return trace
    whole = trace.copy()
    whole.attrs = _attributes(trace, [int(trace.attrs[SEED])])
    return whole


def _of_one_seed(trace: Trace) -> Trace:
    """Every variable over the probe batches, with its attributes, along a seed of one."""
    return trace.map(
        lambda values: mean(str(values.name), values).astype(float).expand_dims(SEED, axis=-1),
        keep_attrs=True,
    )


def _require_alike(one: Trace, other: Trace) -> None:
    """Refuses a Trace in which something has another place or meaning than in the first.

    Raises:
        InfoplaneError: It names the seeds, and what differs.
    """
    here, there = _shape(one), _shape(other)
    differing = [key for key in {**here, **there} if here.get(key) != there.get(key)]
    if differing:
        key = differing[0]
        raise InfoplaneError(
            f"Seeds {one.attrs[SEED]} and {other.attrs[SEED]} of one setting differ in their "
            f"{', '.join(differing)} ({key}: {here.get(key, 'none')} and "
            f"{there.get(key, 'none')}); compute one of them again."
        )


def _shape(trace: Trace) -> dict[str, Any]:
    """What all seeds must have in common, under names for a reader."""
    variables = {
        f"variable {name}": (values.dims, {key: str(told) for key, told in values.attrs.items()})
        for name, values in trace.items()
    }
    labels = {
        str(name): np.asarray(values).tolist()
        for name, values in trace.coords.items()
        if name != "epoch"
    }
    batches = {BATCH: trace.sizes[BATCH]} if BATCH in trace.dims else {}
    return {**labels, **batches, **variables}


def _attributes(first: Trace, seeds: Sequence[int]) -> dict[str, Any]:
    """What the first seed's Trace says of itself, said of all."""
    of_one = (SEED, "address", SENTENCES)
    told = {key: value for key, value in first.attrs.items() if key not in of_one}
    settings = json.loads(first.attrs.get("settings", "{}"))
    settings.pop(SEED, None)
    listed = f"{'seeds' if len(seeds) > 1 else 'seed'} {', '.join(map(str, seeds))}"
    words = str(told.get("description", ""))
    return {
        **told,
        "settings": json.dumps({**settings, SEEDS: list(seeds)}, sort_keys=True),
        "description": words.replace(f"seed {seeds[0]}", listed),
        PROBE_BATCHES: int(first.sizes.get(BATCH, 1)),
    }
