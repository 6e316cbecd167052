"""What a reader should know in ten seconds, tables, and methods."""

import math
from collections.abc import Sequence

import numpy as np

from infoplane.analysis.networks import INIT, fall, margin, measured_by
from infoplane.analysis.repeated import mean
from infoplane.experiments.blackbox import duration
from infoplane.experiments.blackbox.asked import LAST, suited
from infoplane.experiments.blackbox.bound import input_compression_bound
from infoplane.experiments.blackbox.claims import claims
from infoplane.experiments.blackbox.gradient import crossing_epochs
from infoplane.experiments.blackbox.settings import PROTOCOLS
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.members import in_figures, last
from infoplane.experiments.sentences import verdicts_told
from infoplane.values.ceilings import ceiling
from infoplane.values.finding import Finding
from infoplane.values.methods import methods_of
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace, settings_of

CONFIDENCE = 0.05
"""δ of the input-compression bound."""
DETERMINISTIC = (
    "A network without noise is a function of its input, and all inputs differ: its true I(X;T) is "
    "log₂ 4096 = 12 bits until units coincide exactly, so that what falls is a measure of the "
    "bins, or of noise that is added."
)


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained, what was found, and what it can mean."""
    ends = [in_figures(last(trace[f"error_{side}"]), ".2%") for side in ("train", "test")]
    return [
        f"{trace.attrs['description']}; the error at the end is {ends[0]} on what was learned from "
        f"and {ends[1]} on the rest.",
        *diverged(trace),
        *([DETERMINISTIC] if not trace.attrs.get("noise") else []),
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
    ]


def tables(trace: Trace) -> list[Table]:
    """Estimators, layers, and the heuristic bound."""
    if INIT not in trace.dims:
        return []
    return [_estimators(trace), _layers(trace), duration.table(trace), _bound(trace)]


def _estimators(trace: Trace) -> Table:
    rows = []
    for name in suited(trace):
        one = measured_by(trace, name)
        top = float(ceiling(one["I_XT"].sel(estimator=name)))
        cells = []
        for layer in LAST:
            curve = one["I_XT"].sel(estimator=name, layer=layer)
            share = float((margin(curve) > 0).mean())
            cells += [Cell((f"{float(fall(curve).mean()):.2f}",)), Cell((f"{share:.0%}",))]
        counts = (str(one.sizes[INIT]), str(one.sizes["snapshot"]))
        rows.append((Cell((name,)), Cell((f"{top:.1f}",)), *(Cell((c,)) for c in counts), *cells))
    heads = [f"{layer} {what}" for layer in LAST for what in ("fall", "of networks")]
    return Table(
        "Compression under every estimator",
        ("estimator", "ceiling", "networks", "moments", *heads),
        tuple(rows),
        "Bits from the maximum of I(X;T) to the end, the mean over networks; and the share of "
        "networks in which this counts as a fall. The ceiling is log₂ of the patterns measured on.",
    )


def _layers(trace: Trace) -> Table:
    crossings = crossing_epochs(trace)
    rows = []
    for layer in trace["layer"].values:
        own = crossings.sel(layer=layer).values
        crossed = float(np.isfinite(own).mean())
        median = f"{np.nanmedian(own):.0f}" if crossed > 0.5 else "none"
        full = (
            mean("", last(trace["saturated_T"].sel(layer=layer)))
            if "saturated_T" in trace
            else None
        )
        rows.append(
            (
                Cell((str(layer),)),
                Cell((median,)),
                Cell((f"{crossed:.0%}",)),
                Cell(("" if full is None or not math.isfinite(full) else f"{float(full):.0%}",)),
                Cell((in_figures(last(trace["clusters_T"].sel(layer=layer)), ".2f"),)),
            )
        )
    return Table(
        "Layers",
        ("layer", "crossing epoch", "cross", "saturated", "H(Bin(T))"),
        tuple(rows),
        "The median epoch from which on the gradient's signal-to-noise ratio, at 1 or above until "
        "then, stays below 1, and the share of networks that cross; the rest at the end of "
        "training.",
    )


def _bound(trace: Trace) -> Table:
    m = int(trace.attrs["learned_from"])
    gap = last(trace["error_test"]) - last(trace["error_train"])
    rows = []
    for name in suited(trace):
        one = measured_by(trace, name)["I_XT"].sel(estimator=name, layer=LAST[-1])
        bits = float(mean("", one.isel(snapshot=-1)))
        rows.append(
            (
                Cell((name,)),
                Cell((f"{bits:.2f}",)),
                Cell((f"{input_compression_bound(bits, m, CONFIDENCE):.3f}",)),
            )
        )
    return Table(
        "Input-compression bound: a heuristic",
        ("estimator", f"I(X;{LAST[-1]})", "gap at most"),
        tuple(rows),
        f"√((2^I + ln 2/δ)/2m) with m = {m} and δ = {CONFIDENCE:g}, against a measured gap of "
        f"{in_figures(gap, '.3f')}. It is no theorem: it takes the number of typical inputs for "
        "that of hypotheses, which fails where the layer was learned from the same samples; "
        "and I is whatever the estimator says.",
        folded=True,
    )


def methods(trace: Trace) -> list[str]:
    """How it was trained and measured, in paragraphs."""
    settings = settings_of(trace)
    name = str(settings.get("variant.protocol", "published"))
    protocol = PROTOCOLS[name]  # type: ignore[index]
    told = "; ".join(
        f"“{key}” is {one.words} " + ", ".join(f"[@{source}]" for source in one.sources)
        for key, one in methods_of(trace).items()
    )
    return [
        "Twelve bits at the vertices of an icosahedron, 4096 patterns, all equally likely "
        "[@shwartz2017opening]. Both rules for the label were recovered from published labels and "
        "have the symmetry of the icosahedron, under which 82 kinds of patterns are left. The "
        "exact curve is that of the bottleneck [@tishby1999information] of this joint "
        "distribution.",
        f"The protocol “{name}” is {protocol.words}. {trace.attrs['description']}. All networks "
        "are trained in one computation, each from weights, and where the protocol draws "
        "them samples and minibatches, of its own.",
        f"I(X;T) and I(T;Y) are of all patterns: {told}. The gradient's ratio is that of the norm "
        "of its mean over the minibatches to the norm of its standard deviation, for the weights "
        "of every layer [@saxe2018information]. The input-compression bound is a heuristic: it is "
        "known to fail where features are learned from the same samples [@hafezkolahi2019sample].",
    ]
