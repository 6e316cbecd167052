"""What a reader looks for in one run: the planes, the error, and what training cost."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from infoplane.experiments import panels as shared
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.layerwise.claims import chains, claims
from infoplane.experiments.sentences import learned, probe_told, verdicts_told
from infoplane.training.phases import TRAINING
from infoplane.values.finding import Finding
from infoplane.values.panel import Panel
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace, held_out, sides


def panels(trace: Trace) -> list[Panel]:
    """All figures, every estimator beside the other, probe by probe; chains on the last one."""
    names = [str(name) for name in trace["estimator"].values]
    last, probes = held_out(trace), sides(trace)
    return [
        *(shared.plane(part, name, side) for name in names for side, part in probes.items()),
        *shared.layer_wise(probes, "reconstruction"),
        shared.companions(
            trace,
            "loss",
            "Reconstruction error",
            "Of the whole network on fixed images: stages that have not learned yet are part of "
            "it.",
            {"loss_train": "training", "loss_test": "test"},
        ),
        shared.norms(last),
        *(shared.strip(last, chains(last), name) for name in names),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained, at what cost, and what was found."""
    updates, products = (float(trace[name][-1]) for name in ("updates", "multiply_adds"))
    return [
        f"{trace.attrs['description']}; {learned(trace['loss_test'].values)}.",
        f"It made {updates:.0f} updates of {products:.4g} multiply-adds together.",
        *diverged(trace),
        *verdicts_told(findings),
        *left_out(claims(held_out(trace)), findings),
        *probe_told(trace),
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
    spent = seconds.get(TRAINING + str(phase["name"]), math.nan)
    told = (
        str(phase["name"]),
        f"{phase['first step']}–{phase['last step']}",
        str(updates),
        f"{updates * each:.4g}",
        "" if math.isnan(spent) else f"{spent:.1f}",
    )
    return tuple(Cell((words,)) for words in told)
