"""How any watched network's Trace is presented: no paper's claims, but what all can be asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, final

import numpy as np
import xarray as xr

from infoplane.analysis.claims import Claim
from infoplane.experiments import panels as shared
from infoplane.experiments.claims import (
    fitting,
    has_null,
    measurable,
    simplifying,
    simplifying_above_null,
)
from infoplane.experiments.gaps import diverged, left_out, several
from infoplane.experiments.protocol import Shown
from infoplane.experiments.sentences import numbered, verdicts_told
from infoplane.values.ceilings import ceiling, saturated
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.trace import Trace, held_out, probes, sides

NOTHING = 1e-9
"""An entropy in bits that is rounding of zero."""
MOMENTS = 8
"""Fewer moments, or fewer with a null, show no phase."""
_CURVES = {
    "I_XT": "What each layer keeps of the input; dashed: the same after shuffling (the null).",
    "I_TY": "What each layer shares with the target; dashed: the null.",
}
_WITHOUT_NULL = {
    "I_XT": "What each layer keeps of the input.",
    "I_TY": "What each layer shares with the target.",
}
_ABOVE_NULL = {
    "I_XT": "What of it independent samples do not show: this is what counts.",
    "I_TY": "The same of the target.",
}
_COMPANIONS = {
    "norm_T": ("norms", "Mean activation norm", "Scale, not information."),
    "loss": ("loss", "Loss", "Of the batch of the last update, as it was told."),
}


def claims(trace: Trace) -> list[Claim]:
    """The claims that a Trace of one probe is long enough to be asked."""
    if not _varies(trace):
        return []
    asked = [measurable()] if "S_X" in trace and "S_T" in trace else []
    layer = last_measured(trace)
    if layer is None or not has_phases(trace):
        return asked
    return [*asked, fitting(layer), simplifying(layer), simplifying_above_null(layer)]


def last_measured(trace: Trace) -> str | None:
    """The last layer of which some estimator measured both informations at every moment."""
    known = trace["I_XT"].notnull() & trace["I_TY"].notnull()
    others = [dim for dim in known.dims if dim not in ("estimator", "layer")]
    whole = trace["layer"].values[known.all(others).any("estimator").values]
    return str(whole[-1]) if len(whole) else None


def has_phases(trace: Trace) -> bool:
    """Whether there are moments enough, with a null, to tell a phase from a wobble."""
    layer = last_measured(trace)
    if layer is None or not has_null(trace):
        return False
    null = trace["I_XT_null"].sel(layer=layer).dropna("snapshot", how="all")
    return trace.sizes["snapshot"] >= MOMENTS and null.sizes["snapshot"] >= MOMENTS


def _companions(trace: Trace, name: str) -> list[Panel]:
    """What no estimator has a part in, by probe where it was measured on several."""
    key, title, caption = _COMPANIONS[name]
    if "probe" not in trace[name].dims:
        return [shared.companions(trace, key, title, caption, {name: ""})]
    return [
        shared.companions(part, key, title, caption, {name: ""}, side)
        for side, part in sides(trace).items()
    ]


def _entropies(trace: Trace, estimator: str, side: str) -> Panel:
    """Entropy of each layer, beside scale and loss rather than among the informations."""
    caption = "At the ceiling, informations are entropies."
    panel = shared.curves(trace, "S_T", estimator, caption, side)
    return replace(panel, title=f"{panel.title}, {estimator}", group="")


def _probe_words(trace: Trace) -> str:
    """Which of several probes is judged."""
    names = probes(trace)
    return f", on the {names[-1]} samples" if len(names) > 1 else ""


def _varies(trace: Trace) -> bool:
    """Whether X has any entropy under some estimator, or its entropy is not known."""
    entropy = trace.get("S_X")
    return entropy is None or bool((entropy.isnull() | (entropy > NOTHING)).any())


def _constant(trace: Trace) -> list[str]:
    if _varies(trace):
        return []
    return ["X is the same in all samples of this probe: nothing about it can be measured."]


def _unfinished(trace: Trace) -> list[str]:
    """That a training had not ended, or not well."""
    return {
        "running": ["Training had not ended when this was read."],
        "stopped": ["Training was stopped before its end."],
    }.get(str(trace.attrs.get("status")), [])


def _watched(trace: Trace) -> list[str]:
    """What was watched, and on how much."""
    described = str(trace.attrs.get("description", "A network")).rstrip(".")
    layers, moments = trace.sizes["layer"], trace.sizes["snapshot"]
    n, batches = trace["I_XT"].attrs.get("n"), trace.sizes["batch"]
    named = list(filter(None, probes(trace)))
    each = f" each of {' and '.join(named)} samples" if named else ""
    samples = f" on {numbered(batches, 'batch', 'batches')}" + (f" of {n}" if n else "")
    last = int(trace["step"][-1])
    return [
        f"{described}, watched up to step {last}: {numbered(layers, 'layer')} at "
        f"{numbered(moments, 'moment')}{samples}{each}."
    ]


def _found(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """The verdicts in numbers and how sure they are, or what would be needed for some."""
    sentences = [*verdicts_told(findings), *left_out(claims(trace), findings)]
    if not has_null(trace):
        sentences.append(
            "No null was measured, so nothing says how much of a value independent samples would "
            "show, too: pass permutations=39."
        )
    elif last_measured(trace) is None:
        sentences.append("No layer was measured at every moment: no phase of learning is judged.")
    elif not has_phases(trace):
        sentences.append(
            f"Phases of learning can be told from {MOMENTS} moments with a null on: look oftener."
        )
    if trace.sizes["batch"] < 2:
        sentences.append("One batch has no standard error: give several.")
    elif findings:
        sentences.append("One training: what it shows is about this network, not yet about others.")
    return sentences


def _saturated(trace: Trace) -> list[str]:
    """Which layers end at their ceiling under which estimator."""
    entropies = trace.get("S_T")
    if entropies is None or not np.isfinite(ceiling(entropies)).any():
        return []
    last = entropies.isel(snapshot=-1).mean("batch", keep_attrs=True)
    if last.isnull().all():
        return []
    full = saturated(last)
    named = {
        str(name): [str(layer) for layer in full["layer"].values[full.sel(estimator=name).values]]
        for name in trace["estimator"].values
    }
    told = [f"{several(layers)} ({name})" for name, layers in named.items() if layers]
    if not told:
        return ["At the last moment no layer's entropy is saturated at log₂ n."]
    return [
        f"Saturated at log₂ n at the last moment: {'; '.join(told)}: information about these "
        "layers says how many samples there are, not what the layer knows."
    ]


def _unmeasured(trace: Trace) -> list[str]:
    """Estimators without entropies, and layers of which something was never measured."""
    never = {name: _never(trace[name]) for name in ("I_XT", "I_TY", "S_T") if name in trace}
    silent: list[str] = []
    if "S_T" in never:
        mute = never["S_T"].all("layer")
        silent = [str(name) for name in mute["estimator"].values[mute.values]]
        never["S_T"] = never["S_T"] & ~mute
    gaps = {str(layer) for one in never.values() for layer in _members(one.any("estimator"))}
    layers = [str(layer) for layer in trace["layer"].values if str(layer) in gaps]
    return [
        *([f"Entropies are not known under {', '.join(silent)}."] if silent else []),
        *([f"Not measured everywhere: {', '.join(layers)}."] if layers else []),
    ]


def _members(chosen: xr.DataArray) -> np.ndarray:
    """The layers at which a condition holds."""
    layers: np.ndarray = chosen["layer"].values[chosen.values]
    return layers


def _never(values: xr.DataArray) -> xr.DataArray:
    """Where a variable was measured at no moment, along estimator and layer."""
    return values.isnull().all([dim for dim in values.dims if dim not in ("estimator", "layer")])


@final
@dataclass(frozen=True)
class Watched(Shown):
    """A network that somebody else trained, watched while they did."""

    title: ClassVar[str] = "Information flow in a watched network"

    claims = staticmethod(claims)

    @classmethod
    def findings(cls, traces: Sequence[Trace]) -> list[Finding]:
        """What was found, and on which of several probes."""
        found = super().findings(traces)
        return [replace(one, spread=one.spread + _probe_words(traces[0])) for one in found]

    @staticmethod
    def panels(trace: Trace) -> list[Panel]:
        """Planes and layer-wise curves, by estimator and probe; then entropy, scale and loss."""
        estimators = [str(name) for name in trace["estimator"].values]
        each = [(part, one, side) for one in estimators for side, part in sides(trace).items()]
        curves = _CURVES if has_null(trace) else _WITHOUT_NULL
        above = _ABOVE_NULL if has_null(trace) else {}
        return [
            *(shared.plane(part, one, side) for part, one, side in each),
            *(
                draw(part, variable, one, caption, side)
                for estimator in estimators  # the figures of one stand in one row
                for draw, asked in ((shared.curves, curves), (shared.excess, above))
                for variable, caption in asked.items()
                for part, one, side in each
                if one == estimator
            ),
            *(_entropies(part, one, side) for part, one, side in each),
            *(panel for name in _COMPANIONS if name in trace for panel in _companions(trace, name)),
        ]

    @staticmethod
    def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
        """What was watched, what was found, how sure, and what is saturated."""
        last = held_out(trace)
        return [
            *_watched(trace),
            *_unfinished(trace),
            *diverged(trace),
            *_constant(last),
            *_found(last, findings),
            *_saturated(last),
            *_unmeasured(trace),
        ]
