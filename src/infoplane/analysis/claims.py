"""From a statistic of Traces to a Finding: intervals, controls, verdicts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import xarray as xr

from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import SATURATION
from infoplane.values.finding import Finding, Interval, Reading
from infoplane.values.trace import Trace
from infoplane.values.units import BIT

Statistic = Callable[[Trace], xr.DataArray]
"""A number per estimator and probe batch, dimensions (estimator, batch)."""


@final
@dataclass(frozen=True)
class Claim:
    """A paper's claim as a statistic that it says is positive.

    Attributes:
        key: Short name.
        statement: The claim in words.
        source: Key in ``references.bib``, and the place.
        statistic: Positive if the claim holds.
        rests_on: The values behind it, any dimensions beside ``estimator``; from them comes the
            share that is saturated.
        evidence: Named numbers for a reader, given a Trace and an estimator's name.
        unit: Unit of the statistic.
        notes: Sentences a reader needs to judge it.
        controlled: Whether the untrained network is a control for it.
    """

    key: str
    statement: str
    source: str
    statistic: Statistic
    rests_on: Callable[[Trace], xr.DataArray]
    evidence: Callable[[Trace, str], Mapping[str, Any]]
    unit: str = BIT
    notes: tuple[str, ...] = ()
    controlled: bool = True


def judge(claim: Claim, traces: Sequence[Trace]) -> Finding:
    """The finding over one Trace (interval over probe batches) or several (over seeds).

    Raises:
        InfoplaneError: There is no Trace.
    """
    if not traces:
        raise InfoplaneError(f"Claim {claim.key!r} needs at least one Trace.")
    effects = _samples(claim.statistic, traces)
    controls = _samples(claim.statistic, [untrained(trace) for trace in traces])
    saturated = np.mean([_saturated(claim.rests_on(trace)) for trace in traces], axis=0)
    names = [str(name) for name in traces[0]["estimator"].values]
    readings = tuple(
        Reading(
            estimator=name,
            effect=Interval.of(effects[i]),
            control=Interval.of(controls[i]) if claim.controlled else None,
            saturated=float(saturated[i]),
            evidence=claim.evidence(traces[0], name),
        )
        for i, name in enumerate(names)
    )
    spread = (
        f"{traces[0].sizes['batch']} probe batches, one seed"
        if len(traces) == 1
        else f"{len(traces)} seeds"
    )
    return Finding(
        claim.key, claim.statement, claim.source, readings, claim.unit, spread, claim.notes
    )


def untrained(trace: Trace) -> Trace:
    """The control: the same run as a network that never learns would leave it.

    Raises:
        InfoplaneError: The run was not recorded from step 0.
    """
    if int(trace["step"][0]) != 0:
        raise InfoplaneError("The Trace does not begin at step 0: there is no untrained network.")
    return trace.isel(snapshot=[0])


def trained(trace: Trace) -> Trace:
    """Without the untrained network, unless that is all there is."""
    return trace.isel(snapshot=slice(1, None)) if trace.sizes["snapshot"] > 1 else trace


def above_null(trace: Trace, name: str) -> xr.DataArray:
    """Information minus its permutation mean, at the snapshots where the null was measured.

    Raises:
        InfoplaneError: The run measured no null.
    """
    if f"{name}_null" not in trace:
        raise InfoplaneError(f"The Trace has no null of {name}; record with permutations > 0.")
    excess = trace[name] - trace[f"{name}_null"]
    return excess.dropna("snapshot", how="all")


def standard_error(values: xr.DataArray) -> xr.DataArray:
    """Standard error of the mean over probe batches."""
    return values.std("batch", ddof=1) / np.sqrt(values.sizes["batch"])


def _samples(statistic: Statistic, traces: Sequence[Trace]) -> np.ndarray:
    """Independent samples of the effect, shape (estimator, batches of one run or seeds)."""
    per_trace = [statistic(trace).transpose("estimator", "batch") for trace in traces]
    if len(per_trace) == 1:
        return per_trace[0].values
    return np.stack([values.mean("batch").values for values in per_trace], axis=1)


def _saturated(values: xr.DataArray) -> np.ndarray:
    """Share of values at their ceiling, per estimator."""
    at_ceiling = values >= SATURATION * values.attrs["ceiling"]
    return at_ceiling.mean([dim for dim in values.dims if dim != "estimator"]).values
