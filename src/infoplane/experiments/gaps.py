"""What a Trace lacks because training diverged, in words."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.claims import Claim
from infoplane.values.finding import Finding
from infoplane.values.replicates import Replicate
from infoplane.values.trace import Trace

FEW = 3
"""So many layers are named; more are counted."""


def diverged(trace: Trace) -> list[str]:
    """Which layers were not finite, and when; a layer's norm is NaN exactly where it was not."""
    if "layer" not in trace.get("norm_T", xr.DataArray()).dims:
        return []
    broken = _over_moments(trace["norm_T"].isnull(), "any", keep=("layer",))
    found: dict[str, list[str]] = {}
    for layer in broken["layer"].values:
        at = broken.sel(layer=layer).values
        if at.any():
            found.setdefault(_when(at, trace), []).append(str(layer))
    told = "; ".join(f"{several(layers)} {when}" for when, layers in found.items())
    sentences = [f"Training diverged. Not finite, and so not measured: {told}."] if told else []
    return [*sentences, *_cost(trace)]


def diverged_seeds(trace: Trace) -> list[str]:
    """The same of every seed of a setting; the mean over the seeds has no value there either."""
    if Replicate.SEED not in trace.dims:
        return diverged(trace)
    told = [
        f"Seed {seed}: {sentence}"
        for seed in trace[Replicate.SEED].values
        for sentence in diverged(trace.sel({Replicate.SEED: seed}))
    ]
    return [*told, "Where one seed has no value, the mean over the seeds has none."] if told else []


def diverged_members(parts: Mapping[str, Trace]) -> list[str]:
    """The same of every member of a family, by the name that a reader knows it by."""
    return [
        f"{name}: {sentence}" for name, one in parts.items() for sentence in diverged_seeds(one)
    ]


def left_out(asked: Sequence[Claim], findings: Sequence[Finding]) -> list[str]:
    """Which claims were not judged, because no estimator measured all they rest on."""
    judged = {finding.key for finding in findings}
    keys = [claim.key for claim in asked if claim.key not in judged]
    if not keys:
        return []
    return [f"Not judged, because not all they rest on was measured: {', '.join(keys)}."]


def several(layers: Sequence[str]) -> str:
    """A few names as they are, many as a number."""
    return ", ".join(layers) if len(layers) <= FEW else f"{len(layers)} layers"


def _cost(trace: Trace) -> list[str]:
    """That X or Y itself was not finite, which leaves no information about it."""
    if "I_XY" not in trace:
        return []
    absent = _over_moments(trace["I_XY"].isnull(), "all").values
    if not absent.any() or absent.all():
        return []
    name = trace["I_XY"].attrs.get("long_name", "I(X;Y)")
    return [
        f"{name} has no value {_when(absent, trace)}: one of the two was not finite, and nothing "
        "about it was measured there."
    ]


def _over_moments(true: xr.DataArray, how: str, keep: Sequence[str] = ()) -> xr.DataArray:
    """A condition along "snapshot" and what is kept, over all or any of the rest."""
    rest = [dim for dim in true.dims if dim not in ("snapshot", *keep)]
    return true.all(rest) if how == "all" else true.any(rest)


def _when(at: np.ndarray, trace: Trace) -> str:
    """The moments, shape (snapshot,), at which something is the case, as text."""
    first = int(np.flatnonzero(at)[0])
    step = int(trace["step"].values[first])
    if at[first:].all():
        return f"from step {step} on"
    return f"at {int(at.sum())} of {at.size} moments, first at step {step}"
