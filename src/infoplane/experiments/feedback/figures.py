"""Accuracy, loss and signal of every arm, and what the feedback cost."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.feedback.claims import claims, epochs
from infoplane.experiments.feedback.settings import PLAIN, RULES, arm
from infoplane.experiments.gaps import left_out
from infoplane.experiments.members import NO_NUMBER
from infoplane.experiments.sentences import verdicts_told
from infoplane.values.finding import LEVEL, Finding, Interval, Verdict
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace

UNVERIFIED = (
    "The published numbers are not verified: no results table of these papers was at hand, and the "
    "published code takes the training images for its validation set."
)
_FIGURES = {
    "test_accuracy": ("Accuracy", "On held-out test images.", ""),
    "test_loss": ("Cross-entropy", "On held-out test images.", "nat"),
    "fed_back": ("Mean signal", "What is fed back, mean over the pairs of units.", "bit"),
}


def panels(trace: Trace) -> list[Panel]:
    """One figure a variable, a curve an arm."""
    return [_panel(trace, name) for name in _FIGURES]


def _panel(trace: Trace, name: str) -> Panel:
    title, caption, unit = _FIGURES[name]
    return Panel(
        key=name.replace("_", "-"),
        title=title,
        caption=caption,
        x=Axis("epoch"),
        y=Axis(title, unit),
        series=tuple(_curve(trace, name, str(one)) for one in trace["arm"].values),
    )


def _curve(trace: Trace, name: str, one: str) -> Series:
    values = trace[name].sel(arm=one)
    errors, words = shared.spread(values)
    return Series(
        name=one,
        x=trace["epoch"].values,
        y=mean("", values).values,
        y_error=errors,
        at=trace["step"].values,
        of=one,
        error_is=words,
    )


def arms(trace: Trace, seconds: Mapping[str, float]) -> Table:
    """Epochs to the target, accuracy and loss at the end, signal, and wall-clock overhead."""
    plain = seconds.get(f"training: {PLAIN}")
    rows = []
    for name in (str(one) for one in trace["arm"].values):
        end = trace.sel(arm=name).isel(snapshot=-1)
        spent = seconds.get(f"training: {name}")
        known = plain and spent is not None
        overhead = f"{100 * (spent / plain - 1):+.0f} %" if known and spent and plain else "–"
        cells = (
            name,
            _epochs(trace, name),
            _over_seeds(end["test_accuracy"]),
            _over_seeds(end["test_loss"]),
            _signal(float(mean("", end["fed_back"]))),
            overhead,
        )
        rows.append(tuple(Cell((text,)) for text in cells))
    target = float(trace.attrs["target"])
    columns = ("arm", f"epochs to {target:.0%}", "accuracy", "loss", "signal", "overhead")
    return Table(
        "What every arm reached, and what it cost",
        columns,
        tuple(rows),
        "On held-out test images, at the end of training; of several seeds the mean ± half of its "
        f"{LEVEL:.0%} interval. An arm that never reaches the target counts as one epoch more than "
        "there are, and how many seeds do is said. Overhead is wall-clock time over plain training "
        "on this machine.",
        words=(UNVERIFIED,),
    )


def _signal(value: float) -> str:
    """The mean signal; none in the plain arm, and before the window is full."""
    return f"{value:.5f}" if math.isfinite(value) else "none"


def _epochs(trace: Trace, name: str) -> str:
    most = trace.sizes["snapshot"] - 1
    if "seed" not in trace.dims:
        found = epochs(trace, name)
        return f"{found:.0f}" if found <= most else f"more than {most}"
    each = [epochs(trace.isel(seed=i), name) for i in range(trace.sizes["seed"])]
    never = sum(one > most for one in each)
    return _interval(each, 1) + (f"; {never} of {len(each)} never" if never else "")


def _over_seeds(end: xr.DataArray) -> str:
    """A number at the end of training, with its interval where there are several seeds."""
    return _interval(np.atleast_1d(end.values).tolist(), 4)


def _interval(each: Sequence[float], digits: int) -> str:
    if not np.isfinite(each).all():
        return NO_NUMBER
    found = Interval.of(each)
    half = f" ± {found.high - found.mean:.{digits}f}" if len(each) > 1 else ""
    return f"{found.mean:.{digits}f}{half}"


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained and what was found."""
    held = {one.key: one.verdict for one in findings}
    told = [
        f"The feedback into the {rule} accelerates training, beside every control."
        if held[key] is Verdict.SUPPORTED
        else f"Whether the feedback into the {rule} helps is not shown: {held[key]} beside its "
        "controls."
        for rule in ("gradient", "weights")
        if (key := f"accelerates-{rule}") in held
    ]
    return [
        f"{trace.attrs['description']}.",
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
        *_silent(trace),
        *told,
        UNVERIFIED,
    ]


def _silent(trace: Trace) -> list[str]:
    """Which rules had nothing to feed back."""
    return [
        f"Nothing was ever fed back into the {words}: the signal was 0 throughout, and what the "
        "arm shows is plain training."
        for rule, words in RULES.items()
        if not (trace["fed_back_max"].sel(arm=arm(rule)) > 0).any()
    ]


def methods(trace: Trace) -> list[str]:
    """How it was trained."""
    return [
        "All arms begin with the same weights and see the same samples in the same order, by "
        "stochastic gradient descent. Transfer entropy [@schreiber2000measuring] with k = l = 1 "
        "and lag 1 is counted over the last samples that were trained on.",
        "The gradient rule multiplies the gradient of every weight of the last layer by 1 − TE of "
        "its two units [@moldovan2020feedforward]; the weight rule replaces W by (I − TE)ᵀ W, as "
        "in the code published with [@moldovan2021cnn]. Controls have the same numbers shuffled "
        "over the pairs, their mean for all pairs, or no feedback but a learning rate times one "
        f"less their mean. The signal is “{trace.attrs['signal']}”.",
        "Accuracy is that on test images, on which nothing is learned and nothing chosen; the "
        f"target is {float(trace.attrs['target']):.0%}. {UNVERIFIED}",
    ]
