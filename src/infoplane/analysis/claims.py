"""From a statistic of Traces to a Finding: intervals, controls, verdicts."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import repeated_over, repetitions
from infoplane.values.ceilings import saturated
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import NO_ESTIMATOR, Finding, Interval, Reading
from infoplane.values.replicates import Replicate
from infoplane.values.trace import Trace, settings_of
from infoplane.values.units import BIT

UNTRAINED, SHUFFLED = "untrained network", "permutation null"
"""Names of the controls that most claims have."""
Statistic = Callable[[Trace], xr.DataArray]
"""A number per estimator and probe batch, and per part of the claim if it has parts:
dimensions (estimator, batch) or (part, estimator, batch)."""
Evidence = Mapping[str, Mapping[str, Any]]
"""Named numbers for a reader, by estimator."""


@final
@dataclass(frozen=True)
class Claim:
    """A paper's claim as a statistic that it says is positive.

    Attributes:
        key: Short name.
        statement: The claim in words.
        source: Key in ``references.bib``, and the place.
        statistic: Positive, in every part, if the claim holds.
        rests_on: The raw values behind it, with their ceilings; from them comes the share that is
            saturated, of values along "part" that of the part which is so most. An estimator that
            has not measured all of them has no reading. Where they are of no estimator, such as
            errors, nothing of the claim may be: it has one reading, that of ``NO_ESTIMATOR``, if
            the statistic itself is a finite number.
        controls: The same statistic where the claim has no reason to hold, by what that is, such
            as "untrained network"; of the same parts as the statistic.
        evidence: Named numbers for a reader, of every estimator of a Trace.
        unit: Unit of the statistic.
        notes: Sentences a reader needs to judge it.
        needs: What else an estimator must have measured, such as what its controls rest on.
        asked_of: The estimators that a Trace's claim is about; by default all.
        because: Why it is asked of no other, in a sentence.
    """

    key: str
    statement: str
    source: str
    statistic: Statistic
    rests_on: Callable[[Trace], xr.DataArray]
    controls: Mapping[str, Statistic] = field(default_factory=dict)
    evidence: Callable[[Trace], Evidence] = lambda trace: {}
    unit: str = BIT
    notes: tuple[str, ...] = ()
    needs: Callable[[Trace], Sequence[xr.DataArray]] = lambda trace: ()
    asked_of: Callable[[Trace], Sequence[str]] = lambda trace: estimators(trace)
    because: str = ""


def estimators(trace: Trace) -> list[str]:
    """Their names, in order; none where nothing is of an estimator."""
    return [str(name) for name in trace["estimator"].values] if "estimator" in trace.coords else []


def judged(claims: Sequence[Claim], traces: Sequence[Trace]) -> list[Finding]:
    """The findings of all claims that some estimator asked has measured all of, in order.

    Raises:
        InfoplaneError: There is no Trace, or they are not seeds of one experiment.
    """
    require_seeds(traces)
    told = (_judged(claim, traces) for claim in claims)
    return [one for one in told if one is not None]


def judge(claim: Claim, traces: Sequence[Trace]) -> Finding:
    """The finding over one Trace (interval over its replicates) or several (over seeds).

    An estimator that lacks something that the claim needs, at any moment, has no reading; a note
    names it.

    Raises:
        InfoplaneError: There is no Trace, they are not seeds of one experiment, or no estimator
            has measured all that the claim needs.
    """
    require_seeds(traces)
    finding = _judged(claim, traces)
    if finding is None:
        raise InfoplaneError(
            f"Claim {claim.key!r} cannot be judged: no estimator has measured all that it rests "
            "on. Judge a part of training at which everything is finite."
        )
    return finding


def _judged(claim: Claim, traces: Sequence[Trace]) -> Finding | None:
    """The finding of the estimators that have measured all that a claim needs; None of none."""
    rests_on = [claim.rests_on(trace) for trace in traces]
    names = _readers(claim, traces, rests_on)
    if not names:
        return None
    asked = _asked(claim, traces)
    read = [] if names == [NO_ESTIMATOR] else estimators(traces[0])
    others = [name for name in read if name not in names]
    if others:
        traces = [trace.sel(estimator=names) for trace in traces]
        rests_on = [one.sel(estimator=names) for one in rests_on]
    effects = _samples(claim.statistic, traces)
    controls = {name: _samples(control, traces) for name, control in claim.controls.items()}
    full = np.atleast_1d(np.mean([_share_saturated(one) for one in rests_on], axis=0))
    evidence = [claim.evidence(trace) for trace in traces]
    over, count = _spread(traces)
    readings = tuple(
        Reading(
            estimator=name,
            parts=_intervals(_under(name, effects)),
            controls={
                what: _intervals(_under(name, samples)) for what, samples in controls.items()
            },
            saturated=float(full[i]),
            evidence=_evidence(evidence, traces, name),
        )
        for i, name in enumerate(names)
    )
    return Finding(
        claim.key,
        claim.statement,
        claim.source,
        readings,
        claim.unit,
        over.counted(count) + (", one seed" if over is Replicate.BATCH else ""),
        (*claim.notes, *_without(claim, others, asked)),
        over,
    )


def _readers(claim: Claim, traces: Sequence[Trace], rests_on: Sequence[xr.DataArray]) -> list[str]:
    """The estimators asked that have measured, in every Trace, all that a claim needs."""
    whole = [
        _whole((one, *claim.needs(trace))) for trace, one in zip(traces, rests_on, strict=True)
    ]
    if any("estimator" in one.dims for one in whole):
        asked = _asked(claim, traces)
    else:
        asked = [NO_ESTIMATOR]
        whole += [_whole([claim.statistic(trace)]) for trace in traces]
    return [name for name in asked if all(bool(_under(name, one)) for one in whole)]


def _under(name: str, values: xr.DataArray) -> xr.DataArray:
    """What an estimator measured; all of it if it is of no estimator."""
    return values if name == NO_ESTIMATOR else values.sel(estimator=name)


def _asked(claim: Claim, traces: Sequence[Trace]) -> list[str]:
    """The estimators that a claim is about in every Trace."""
    asked = [claim.asked_of(trace) for trace in traces]
    return [name for name in estimators(traces[0]) if all(name in one for one in asked)]


def _whole(needed: Sequence[xr.DataArray]) -> xr.DataArray:
    """Under which estimators everything that a claim needs is a finite number."""
    finite = [
        xr.apply_ufunc(np.isfinite, one).all([dim for dim in one.dims if dim != "estimator"])
        for one in needed
    ]
    return functools.reduce(lambda one, other: one & other, finite)


def _without(claim: Claim, names: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Notes on the estimators that have no reading."""
    unmeasured = ", ".join(name for name in names if name in asked)
    unasked = ", ".join(name for name in names if name not in asked)
    notes = [f"Not all of it was measured under {unmeasured}: no reading."] if unmeasured else []
    return [*notes, *([f"Not asked of {unasked}: {claim.because}"] if unasked else [])]


def require_seeds(traces: Sequence[Trace]) -> None:
    """Refuses Traces that are not different seeds of the same settings.

    Raises:
        InfoplaneError: There are none, a seed comes twice, or other settings differ.
    """
    if not traces:
        raise InfoplaneError("Claims are judged over at least one Trace; none was given.")
    if len(traces) == 1:
        return
    first = _settings(traces[0])
    for trace in traces[1:]:
        other = _settings(trace)
        differing = sorted(k for k in first.keys() | other.keys() if first.get(k) != other.get(k))
        if differing:
            raise InfoplaneError(
                f"The runs differ in more than their seed: {', '.join(differing)}. "
                "Judge them one by one, hold them side by side with `infoplane compare`, or name "
                "runs of the same settings."
            )
    seeds = [trace.attrs.get("seed") for trace in traces]
    if len(set(seeds)) < len(seeds):
        raise InfoplaneError(
            f"Several Traces are judged over their seeds, which must differ; got {seeds}."
        )


def untrained(trace: Trace) -> Trace:
    """The control: the network before its first update.

    Raises:
        InfoplaneError: The run was not recorded from step 0.
    """
    if int(trace["step"][0]) != 0:
        raise InfoplaneError("The Trace does not begin at step 0: there is no untrained network.")
    return trace.isel(snapshot=[0])


def trained(trace: Trace) -> Trace:
    """All but the untrained network.

    Raises:
        InfoplaneError: There is nothing else.
    """
    after = trace.isel(snapshot=trace["step"].values > 0)
    if not after.sizes["snapshot"]:
        raise InfoplaneError("The Trace ends at step 0: nothing was measured after an update.")
    return after


def above_null(trace: Trace, name: str) -> xr.DataArray:
    """Information minus its permutation mean, at the snapshots where the null was measured.

    Raises:
        InfoplaneError: The run measured no null.
    """
    if f"{name}_null" not in trace:
        raise InfoplaneError(f"The Trace has no null of {name}; record with permutations > 0.")
    excess = trace[name] - trace[f"{name}_null"]
    return excess.dropna("snapshot", how="all").assign_attrs(trace[name].attrs)


def _samples(statistic: Statistic, traces: Sequence[Trace]) -> xr.DataArray:
    """Independent samples of every effect along "sample": replicates of one run, or seeds."""
    per_trace = [_replicated(statistic(trace)) for trace in traces]
    if len(per_trace) == 1:
        return per_trace[0]
    return xr.concat([values.mean("sample") for values in per_trace], dim="sample")


def _replicated(values: xr.DataArray) -> xr.DataArray:
    """The values along "sample": over networks if there are several, else over probe batches."""
    kind, *others = (one for one in Replicate if one in values.dims)
    return values.mean(others).rename({kind: "sample"})


def _intervals(samples: xr.DataArray) -> dict[str, Interval]:
    """The interval of every part; parts are reduced before anybody asks which is the weakest."""
    if "part" not in samples.dims:
        return {"": Interval.of(samples.values)}
    rows = samples.transpose("part", "sample").values
    return {
        str(part): Interval.of(row) for part, row in zip(samples["part"].values, rows, strict=True)
    }


def _evidence(
    evidence: Sequence[Evidence], traces: Sequence[Trace], name: str
) -> Mapping[str, Any]:
    """One estimator's numbers of one run, or of each seed under its name."""
    told = [one.get(name, {}) for one in evidence]
    if len(told) == 1:
        return told[0]
    return {f"seed {trace.attrs['seed']}": one for trace, one in zip(traces, told, strict=True)}


def _spread(traces: Sequence[Trace]) -> tuple[Replicate, int]:
    """What the intervals run over, and over how many."""
    if len(traces) > 1:
        return Replicate.SEED, len(traces)
    return repeated_over(traces[0]) or Replicate.BATCH, repetitions(traces[0])


def _settings(trace: Trace) -> dict[str, Any]:
    """The experiment and its settings, all but the seed."""
    settings = {"experiment": trace.attrs.get("experiment"), **settings_of(trace)}
    settings.pop("seed", None)
    return settings


def _share_saturated(values: xr.DataArray) -> np.ndarray:
    """Share of values at their ceiling, per estimator, in the part where it is largest."""
    full = saturated(values)
    share = full.mean([dim for dim in full.dims if dim not in ("estimator", "part")])
    return share.max([dim for dim in share.dims if dim == "part"]).values
