"""What a reader looks for in one run: the planes, the error, and what training cost."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from infoplane.experiments import panels as shared
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.layerwise.claims import claims
from infoplane.experiments.sentences import verdicts_told
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace

_CURVES = {
    "I_XT": "What each layer keeps of the input; dashed: the same after shuffling (the null).",
    "I_TY": "What each layer shares with the reconstruction; dashed: the null.",
    "I_pair": "Symmetric pairs of encoder and decoder stages; dashed: the null.",
    "S_T": "Entropy of each layer: at the ceiling, informations are entropies.",
}


def panels(trace: Trace) -> list[Panel]:
    """All figures, every estimator beside the other."""
    names = [str(name) for name in trace["estimator"].values]
    return [
        *(shared.plane(trace, name) for name in names),
        *(
            shared.curves(trace, variable, name, caption)
            for name in names
            for variable, caption in _CURVES.items()
            if variable in trace
        ),
        shared.companions(
            trace,
            "loss",
            "Reconstruction error",
            "Of the whole network on fixed images: stages that have not learned yet are part of "
            "it.",
            {"loss_train": "training", "loss_test": "test"},
        ),
        shared.companions(
            trace,
            "norms",
            "Mean activation norm",
            "Scale, not information; a rule that does not standardise reacts to it.",
            {"norm_T": ""},
        ),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained, at what cost, and what was found."""
    error = trace["loss_test"].values
    updates, products = (float(trace[name][-1]) for name in ("updates", "multiply_adds"))
    return [
        f"{trace.attrs['description']}; the test error went from {error[0]:.4f} to "
        f"{error[-1]:.4f}.",
        f"It made {updates:.0f} updates of {products:.4g} multiply-adds together.",
        *diverged(trace),
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
        "One seed: what it shows is about this network, not yet about the method.",
    ]


def costs(trace: Trace, seconds: Mapping[str, float]) -> Table:
    """What each phase did and cost."""
    phases = json.loads(trace.attrs["phases"])
    return Table(
        "What training cost",
        ("stages that learn", "steps", "updates", "multiply-adds", "seconds"),
        tuple(_row(phase, seconds) for phase in phases),
        "One after the other; all others stand still. Multiply-adds are those of the matrix "
        "products of all updates; seconds are wall-clock time on this machine.",
    )


def _row(phase: Mapping[str, Any], seconds: Mapping[str, float]) -> tuple[Cell, ...]:
    updates, each = int(phase["updates"]), int(phase["multiply-adds of an update"])
    spent = seconds.get(f"training: {phase['name']}", math.nan)
    told = (
        str(phase["name"]),
        f"{phase['first step']}–{phase['last step']}",
        str(updates),
        f"{updates * each:.4g}",
        "" if math.isnan(spent) else f"{spent:.1f}",
    )
    return tuple(Cell((words,)) for words in told)
