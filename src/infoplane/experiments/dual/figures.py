"""What a reader looks for in one run: the plane on both axes, the bounds, and the errors."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.dual.claims import chain, claims
from infoplane.experiments.dual.known import exact
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.members import in_figures, last
from infoplane.experiments.sentences import probe_told, verdicts_told
from infoplane.observe.bounds import CODE
from infoplane.values.finding import Finding
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace, held_out, settings_of, sides

RATE, RELEVANCE = Axis("I(X;Z)", "bit"), Axis("I(Z;Y)", "bit")
POINTS = 200
"""Of the exact curve of the known problem."""
_OVER_TRAINING = {
    "I_XT": "What the code keeps of the input at most.",
    "I_TY": "What the code tells of the class at least; the same under both bounds on I(X;Z).",
}
_COMPANIONS = {
    "loss": ("Cross-entropy", "On fixed images with true labels; of the code's mean, or drawn."),
    "error": (
        "Classification error",
        "Share of fixed images that are classified wrongly, by the true labels; of the code's "
        "mean, or of drawn codes.",
    ),
}
_BOUNDS = (
    ("I(X;Z)", "upper, prior", "I_XT", "prior"),
    ("I(X;Z)", "upper, aggregate", "I_XT", "aggregate"),
    ("I(X;Z)", "lower, at most log₂ n", "lower_XT", ""),
    ("I(X;Z|Y)", "upper, the published abscissa", "residual", ""),
    ("I(Z;Y)", "lower", "I_TY", "prior"),
)


def panels(trace: Trace) -> list[Panel]:
    """All figures, probe by probe; the inequality on the last one."""
    names = [str(name) for name in trace["estimator"].values]
    final, probes = held_out(trace), sides(trace)
    return [
        *(shared.plane(part, name, side) for name in names for side, part in probes.items()),
        *(published(part, side) for side, part in probes.items()),
        *(
            shared.curves(part, variable, name, caption, side)
            for name in names
            for variable, caption in _OVER_TRAINING.items()
            for side, part in probes.items()
        ),
        *(
            shared.companions(
                part,
                "other-bounds",
                "Further bounds",
                "I(X;Z) from below, at most log₂ n; and I(X;Z|Y) from above, which is what the "
                "published code draws as I(X;Z).",
                {"lower_XT": "I(X;Z), lower", "residual": "I(X;Z|Y), upper"},
                side,
            )
            for side, part in probes.items()
        ),
        *(_companion(final, key) for key in _COMPANIONS),
        *(shared.strip(final, {"code": chain(final)}, name) for name in names),
        *([known(final, {"trained": [final]})] if "known_rate" in final else []),
    ]


def published(trace: Trace, side: str) -> Panel:
    """The published axis, whose points may lie above the diagonal."""
    bound = trace["I_TY"].isel(estimator=0).sel(layer=CODE)
    series = shared.trajectory(CODE, trace["residual"], bound, of=CODE)
    return Panel(
        key="published-axis" + (f"-{side}" if side else ""),
        title="The published axis",
        caption="The abscissa of the published code is E[log e(z|x) − log b(z|y)], which bounds "
        "I(X;Z|Y) and not I(X;Z): above the diagonal it cannot be read as I(X;Z).",
        x=Axis("I(X;Z|Y), upper bound", "bit"),
        y=RELEVANCE,
        series=(series,),
        bisector=True,
        plane=True,
        side=side,
    )


def known(trace: Trace, parts: Mapping[str, Sequence[Trace]]) -> Panel:
    """The known problem: the exact curve, the exact dual, and what was trained.

    Args:
        trace: Any Trace that has the exact points.
        parts: Traces of trained members, by what their points are called.
    """
    solved = exact(dual=False)
    rates = np.linspace(0, 1.5 * float(solved.rates[-1]), POINTS)
    curves = (
        Series("exact bottleneck", rates, np.array([solved.ceiling(one) for one in rates])),
        Series("exact dual", _exact(trace, "dual_rates"), _exact(trace, "dual_relevances")),
    )
    points = tuple(_points(name, some) for name, some in parts.items())
    return Panel(
        key="known",
        title="The known problem",
        caption="Five inputs and two classes, solved exactly at ten β, and the same losses "
        "trained on it: integrals of the trained encoder, no bounds. The exact bottleneck is drawn "
        "as the lowest of the lines that touch it, which nothing can lie above.",
        x=RATE,
        y=RELEVANCE,
        series=(*curves, *points),
    )


def _points(name: str, parts: Sequence[Trace]) -> Series:
    ends = [
        [mean("", last(one[variable])) for one in parts]
        for variable in ("known_rate", "known_relevance")
    ]
    x, y = (np.array([float(one) for one in values]) for values in ends)
    return Series(name, x, y, of=name)


def _exact(trace: Trace, name: str) -> np.ndarray:
    return mean("", last(trace[name])).values


def _companion(trace: Trace, key: str) -> Panel:
    title, caption = _COMPANIONS[key]
    names = {
        f"{key}_train": "training",
        f"{key}_test": "test",
        f"{key}_sampled_test": "test, drawn",
    }
    return shared.companions(trace, key, title, caption, names)


def bounds(trace: Trace) -> Table:
    """Every bound at the end, with its name and what it bounds."""
    ends = [
        (what, how, last(_one(trace, variable, estimator)))
        for what, how, variable, estimator in _BOUNDS
    ]
    return Table(
        "Bounds at the end of training, in bits",
        ("bounds", "bound", "bit"),
        tuple(
            (Cell((what,)), Cell((how,)), Cell((in_figures(values, ".4f"),)))
            for what, how, values in ends
        ),
        "On test images; means over the batches.",
    )


def _one(trace: Trace, variable: str, estimator: str) -> xr.DataArray:
    values = trace[variable]
    return values.sel(estimator=estimator, layer=CODE, drop=True) if estimator else values


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained and what was found."""
    final = held_out(trace)
    error, drawn = (final[f"error_{name}"].values for name in ("test", "sampled_test"))
    return [
        f"{trace.attrs['description']}; the test error went from {error[0]:.2%} to "
        f"{error[-1]:.2%} of {trace['error_test'].attrs['n']} images, and is {drawn[-1]:.2%} "
        "where codes are drawn and not at their mean.",
        *diverged(final),
        *verdicts_told(findings),
        *left_out(claims(final), findings),
        *probe_told(trace),
        "One seed: what it shows is about this network, not yet about the objective.",
    ]


def methods(trace: Trace) -> list[str]:
    """How the bounds were measured, in paragraphs."""
    settings = settings_of(trace)
    draws = settings.get("looking.draws", "several")
    n = trace["I_XT"].attrs["n"]
    told = json.loads(str(trace["I_XT"].attrs.get("methods", "{}")))
    ways = "; ".join(
        f"“{name}” is {one['words']} " + ", ".join(f"[@{key}]" for key in one["sources"])
        for name, one in told.items()
    )
    return [
        "The network draws a code Z from a normal distribution e(z|x) of independent coordinates "
        "[@kingma2014auto]. It minimises a rate plus weighted distortions, in nats "
        "[@alemi2017deep], [@fischer2020conditional], [@piran2020dual]; β weighs relevance, as in "
        "the bottleneck [@tishby1999information].",
        f"Two upper bounds on I(X;Z) stand side by side: {ways}. The lower bound on I(Z;Y) is "
        "H(Y) − E[−log₂ c(y|z)] with the entropy of the same labels, the upper bound on I(X;Z|Y) "
        "is E KL(e(z|x) ‖ b(z|y)); where the objective has no b(z|y), that is fitted to the codes "
        "without moving them.",
        f"Every number is a mean over fixed batches of {n} samples, with {draws} draws of the "
        "code each. Training images have the labels that were learned from, test images the true "
        "ones; errors and cross-entropies are by true labels.",
    ]
