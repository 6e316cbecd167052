"""What a reader looks for in one run: the plane with the exact curve, and courses over time."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.gaps import left_out
from infoplane.experiments.sentences import verdicts_told
from infoplane.experiments.wide.claims import claims, lower, most, told, upper
from infoplane.values.finding import Finding
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace

RATE, RELEVANCE = Axis("I(X;Z|D)", "bit"), Axis("I(Z;Y|D)", "bit")
TIME = Axis("training time τ", log=True)
EXACT = "exact bottleneck"
INFINITE = "infinite ensemble"


def panels(trace: Trace) -> list[Panel]:
    """All figures."""
    return [
        plane(trace),
        over_time(
            trace,
            "information",
            "What the ensemble knows",
            "Bounds on what the output shares with the input and the target, on new samples; "
            "dashed: the most that could be told of the target at this I(X;Z|D).",
            Axis("information", "bit"),
            {
                "I(X;Z|D), upper": upper(trace),
                "I(X;Z|D), lower": lower(trace),
                "I(Z;Y|D), lower": told(trace),
                **({"at most": most(trace)} if "ceiling_TY" in trace else {}),
            },
            dashed=("at most",),
        ),
        over_time(
            trace,
            "losses",
            "Squared error",
            "On the samples trained on, and on new ones; the mean over the members.",
            Axis("squared error"),
            {"trained on": trace["squared_train"], "new": trace["squared_test"]},
        ),
        over_time(
            trace,
            "log-losses",
            "Bayes and Gibbs loss",
            "Of a new target under noise of variance 1: of the mixture of all members, and the "
            "mean over members. The first is never larger.",
            Axis("loss", "bit"),
            {"Bayes": trace["bayes"], "Gibbs": trace["gibbs"]},
        ),
        over_time(
            trace,
            "data",
            "What is known of the data",
            "Upper bounds: on I(Z;D|X) of one batch of new inputs, of the inputs trained on (which "
            "grows without limit), and on I(Θ;D) under two conventions of its cross term.",
            Axis("information", "bit", log=True),
            {
                "I(Z;D|X), new inputs": trace["I_ZD"],
                "I(Z;D|X), trained on": trace["I_ZD_train"],
                **{
                    f"I(Θ;D), c = {float(one):g}": trace["I_theta"].sel(cross=one)
                    for one in trace["cross"].values
                },
            },
            positive=True,
        ),
        gap(trace),
        over_time(
            trace,
            "path",
            "How far the parameters go",
            "The energy of their path in the Fisher metric, and how far they are from where they "
            "began.",
            Axis("squared length", log=True),
            {"path energy": trace["energy"], "E‖θ(τ) − θ(0)‖²": trace["displacement"]},
            positive=True,
        ),
        *([distances(trace)] if "apart_mean" in trace else []),
    ]


def plane(trace: Trace) -> Panel:
    """The infinite ensemble, the finite ones, and the curve that no code can cross."""
    series = [course(INFINITE, upper(trace), told(trace), trace)]
    if "finite_XT" in trace:
        there = trace["finite_XT"].notnull()
        reached = trace.isel(snapshot=there.any([d for d in there.dims if d != "snapshot"]).values)
        series += [
            course(
                f"{int(width)} units",
                reached["finite_XT"].sel(width=width),
                reached["finite_TY"].sel(width=width),
                reached,
            )
            for width in trace["width"].values
        ]
    return Panel(
        key="plane",
        title="Information plane",
        caption="From τ = 0 on. The upper bound on I(X;Z|D) against the lower bound on I(Z;Y|D): "
        "nothing can lie above the exact bottleneck. Finite ensembles as normal distributions of "
        "their mean and variance, at the times that descent reaches.",
        x=RATE,
        y=RELEVANCE,
        series=(*exact_curve(trace), *series),
        bisector="exact" not in trace,
    )


def gap(trace: Trace) -> Panel:
    """The generalisation gap against what is known of the data."""
    apart = (trace["squared_test"] - trace["squared_train"]).transpose("snapshot", "batch")
    return Panel(
        key="gap",
        title="The generalisation gap",
        caption="From τ = 0 on: the squared error on new samples less that on those trained on, "
        "against the upper bound on I(Z;D|X) of one batch of new inputs.",
        x=Axis("I(Z;D|X)", "bit"),
        y=Axis("gap of the squared error"),
        series=(course(INFINITE, trace["I_ZD"], apart, trace),),
    )


def exact_curve(trace: Trace) -> tuple[Series, ...]:
    """The curve of the bottleneck, if it is known, as far as points reach."""
    if "exact" not in trace:
        return ()
    rates = trace["rate"].values
    relevances = mean("", trace["exact"].isel(snapshot=-1)).values
    shown = rates <= float(upper(trace).max()) + 0.5
    return (Series(EXACT, rates[shown], relevances[shown]),)


def course(name: str, x: xr.DataArray, y: xr.DataArray, trace: Trace) -> Series:
    """Two bounds over training with their errors, and the time of every point."""
    (x_error, words), (y_error, _) = shared.spread(x), shared.spread(y)
    return Series(
        name=name,
        x=mean("", x).values,
        y=mean("", y).values,
        x_error=x_error,
        y_error=y_error,
        beside={"τ": times(trace)},
        error_is=words,
    )


def over_time(
    trace: Trace,
    key: str,
    title: str,
    caption: str,
    y: Axis,
    parts: dict[str, xr.DataArray],
    dashed: Sequence[str] = (),
    positive: bool = False,
) -> Panel:
    """Several courses against training time, without τ = 0, which has no logarithm.

    Args:
        trace: The run.
        key: Short name of the panel.
        title: What it shows.
        caption: How to read it.
        y: Its axis.
        parts: Courses by what the legend says.
        dashed: Which of them are dashed.
        positive: Whether what is not positive is left out, because the axis is logarithmic.
    """
    after = times(trace) > 0
    series = []
    for name, values in parts.items():
        errors, words = shared.spread(values)
        numbers = mean("", values).values[after]
        if positive:
            numbers = np.where(numbers > 0, numbers, np.nan)
        series.append(
            Series(
                name=name,
                x=times(trace)[after],
                y=numbers,
                y_error=None if errors is None or positive else errors[after],
                dashed=name in dashed,
                error_is=words,
            )
        )
    return Panel(key, title, caption, TIME, y, tuple(series))


def distances(trace: Trace) -> Panel:
    """How far finite ensembles are from the infinite one, against their width."""
    copies = int(trace.attrs["copies"])
    widths = trace["width"].values.astype(float)
    series = []
    for name, words, expected in (
        ("apart_mean", "mean", 1 / np.sqrt(copies)),
        ("apart_variance", "variance", np.sqrt(2 / (copies - 1))),
    ):
        values = trace[name].dropna("snapshot", how="all").mean("snapshot", keep_attrs=True)
        errors, told_as = shared.spread(values)
        numbers = mean("", values).values
        series += [
            Series(words, widths, numbers, y_error=errors, error_is=told_as),
            Series(
                f"{words}, {copies} infinite networks",
                widths,
                np.full(len(widths), expected),
                dashed=True,
            ),
        ]
    return Panel(
        key="distances",
        title="Finite ensembles against the infinite one",
        caption="Mean over the times that descent reaches: of means in standard deviations, of "
        f"variances relative. Dashed: what {copies} networks of infinite width would differ by.",
        x=Axis("width", log=True),
        y=Axis("distance", log=True),
        series=tuple(series),
    )


def times(trace: Trace) -> np.ndarray:
    """Training times, shape (snapshot,)."""
    return mean("", trace["time"]).values


def moments(trace: Trace) -> Table:
    """What is known at the start, at the best moment, and at the end."""
    best = int(mean("", told(trace)).argmax("snapshot"))
    rows = []
    for i, words in ((0, "untrained"), (best, "most of the target"), (-1, "end")):
        numbers = [
            values.isel(snapshot=i)
            for values in (upper(trace), lower(trace), told(trace), most(trace), trace["I_ZD"])
        ]
        cells = [f"{float(mean('', one)):.3f}" for one in numbers]
        error = f"{float(mean('', trace['squared_test'].isel(snapshot=i))):.4f}"
        told_time = f"{times(trace)[i]:.3g}"
        rows.append(tuple(Cell((text,)) for text in (words, told_time, *cells, error)))
    return Table(
        "Before, at the best moment, and at the end",
        (
            "moment",
            "τ",
            "I(X;Z|D) upper",
            "lower",
            "I(Z;Y|D) lower",
            "at most",
            "I(Z;D|X) upper",
            "squared error",
        ),
        tuple(rows),
        "On new samples; informations in bits, means over the batches.",
    )


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was computed and what was found."""
    course_of = mean("", told(trace)).values
    best = int(course_of.argmax())
    limit = float(mean("", most(trace)).values[best])
    return [
        f"{trace.attrs['description']}.",
        f"It knows most of the target at τ = {times(trace)[best]:.3g}: {course_of[best]:.3f} bit, "
        f"of at most {limit:.3f} at its I(X;Z|D); {course_of[-1]:.3f} bit at the end.",
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
        "The ensemble is infinite and has no spread over initial weights; seeds are other samples.",
    ]
