"""What a reader looks for in one run: the planes with the exact curve, and what goes with them."""

from dataclasses import replace

import numpy as np
import xarray as xr

from infoplane.analysis.dpi import Chain, along
from infoplane.analysis.networks import INIT, fall, measured_by
from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.blackbox import duration
from infoplane.experiments.blackbox.asked import counted, suited
from infoplane.experiments.blackbox.gradient import crossing_epochs, snr_curves
from infoplane.experiments.blackbox.problem import ceiling
from infoplane.experiments.blackbox.settings import Variant
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.trace import Trace

EPOCHS = Axis("epoch + 1", log=True)
EXACT = {
    "soft": "Dashed: the lowest of the lines that touch the exact bottleneck of the soft rule, "
    "which nothing exceeds that is computed from the true p(y|x), as bins are.",
    "hard": "Dashed: min(I(X;T), H(Y)), the whole curve where labels are a function of the input: "
    "no point on it belongs to one β, so that no layer can be told its own.",
}
POINTS = 400
"""Of the exact curve."""
_OVER_TRAINING = {
    "I_XT": "What each layer seems to keep of the input; the mean over networks.",
    "I_TY": "What each layer tells of the label; the mean over networks.",
}


def panels(trace: Trace) -> list[Panel]:
    """All figures of one run."""
    parts = {name: measured_by(trace, name) for name in suited(trace)}
    return [
        *(plane(one, name) for name, one in parts.items()),
        *(
            shared.curves(one, variable, name, caption)
            for name, one in parts.items()
            for variable, caption in _OVER_TRAINING.items()
        ),
        *(shared.strip(one, chains(one), name) for name, one in parts.items()),
        *gradients(trace),
        *([saturated(trace)] if "saturated_T" in trace else []),
        clusters(trace),
        errors(trace),
        shared.norms(trace),
        *([duration.panel(trace), against_error(trace)] if INIT in trace.dims else []),
    ]


def chains(one: Trace) -> dict[str, Chain]:
    """What every layer keeps of the input, and tells of the label, from the first to the last.

    Of true information neither grows; what an estimator says of it may.
    """
    layers = [str(layer) for layer in one["layer"].values]
    return {
        "input": Chain.of(along(one, "I_XT", layers, "I(X;{})")),
        "label": Chain.of(along(one, "I_TY", layers, "I({};Y)")),
    }


def plane(one: Trace, estimator: str) -> Panel:
    """The plane under one estimator, with the exact curve of the problem."""
    drawn = shared.plane(one, estimator)
    words = EXACT[Variant.named(str(one.attrs["variant"])).rule]
    return replace(
        drawn,
        caption=f"From faint to full over training; the large mark is the step above. {words}",
        still=exact(one),
        bisector=False,  # one axis goes to 12 bits and the other to 1
        ceiling=None,
        uprights={} if drawn.ceiling is None else {"ceiling": drawn.ceiling},
    )


def exact(trace: Trace) -> Series:
    """What nothing exceeds, as far as the plane goes."""
    solved = tuple(
        mean("", trace[name].dropna("snapshot", how="all").isel(snapshot=0)).values
        for name in ("exact_rates", "exact_relevances")
    )
    variant = Variant.named(str(trace.attrs["variant"]))
    x = np.linspace(0, max(float(trace["I_XT"].max()), 2.0), POINTS)
    y = ceiling(x, (solved[0], solved[1]), variant.rule, variant.sharpness)
    return Series("exact bottleneck", x, y, dashed=True)


def gradients(trace: Trace) -> list[Panel]:
    """The ratio by layer; and signal and noise, each in units of the weights."""
    snr = snr_curves(trace)
    floor = float(snr.attrs["floor"])
    crossings = crossing_epochs(trace) if INIT in trace.dims else None
    medians = {} if crossings is None else _medians(crossings)
    ratio = Panel(
        key="gradient-snr",
        title="Gradient signal-to-noise ratio",
        caption="Norm of the mean gradient over that of its standard deviation, over minibatches. "
        f"Without any mean gradient it is about {floor:.2f}. Dashed: 1. Upright: the median epoch "
        "at which a layer sinks below 1 to stay.",
        x=EPOCHS,
        y=Axis("signal to noise", log=True),
        series=(
            *_by_layer(snr),
            Series("1", _epochs(snr), np.ones(snr.sizes["snapshot"]), dashed=True),
        ),
        uprights=medians,
    )
    weights = trace["weight_norm"].dropna("snapshot", how="all")
    return [
        ratio,
        *(
            Panel(
                key=f"gradient-{kind}",
                title=f"Gradient {words}, in units of the weights",
                caption="Divided by the norm of the layer's weights.",
                x=EPOCHS,
                y=Axis(words, log=True),
                series=tuple(
                    _by_layer(trace[f"gradient_{kind}"].dropna("snapshot", how="all") / weights)
                ),
                group="gradient",
                scale="gradient",
            )
            for kind, words in (("mean", "mean"), ("std", "standard deviation"))
        ),
    ]


def _medians(crossings: xr.DataArray) -> dict[str, float]:
    """Of the layers that cross in most networks."""
    found = {}
    for layer in crossings["layer"].values:
        own = crossings.sel(layer=layer).values
        if np.isfinite(own).mean() > 0.5:
            found[str(layer)] = float(np.nanmedian(own)) + 1
    return found


def saturated(trace: Trace) -> Panel:
    """Which share of the units saturates."""
    values = trace["saturated_T"].sel(layer=_hidden(trace))
    return Panel(
        key="saturation",
        title="Saturated units",
        caption="Share of the activations beyond ±0.9: a tanh unit that saturates falls into the "
        "outermost bins.",
        x=EPOCHS,
        y=Axis("share"),
        series=tuple(_by_layer(values)),
    )


def clusters(trace: Trace) -> Panel:
    """H(Bin(T)), which says how clustered activations are."""
    values = trace["clusters_T"]
    return Panel(
        key="clusters",
        title=str(values.attrs["long_name"]),
        caption="Of a network without noise the true I(X;T) is log₂ of the number of patterns at "
        "all times; what moves is how many bins they fall into.",
        x=EPOCHS,
        y=Axis("H(Bin(layer))", "bit"),
        series=tuple(_by_layer(values)),
    )


def errors(trace: Trace) -> Panel:
    """Classification errors, of what is learned from and of the rest."""
    series = [
        _curve(trace[f"error_{side}"], words)
        for side, words in (("train", "training"), ("test", "test"))
    ]
    return Panel(
        "error",
        "Classification error",
        "The mean over networks.",
        EPOCHS,
        Axis("error"),
        tuple(series),
    )


def against_error(trace: Trace) -> Panel:
    """Every network's fall beside its test error."""
    name = counted(trace)[0]
    curve = measured_by(trace, name)["I_XT"].sel(estimator=name, layer="hidden.5")
    error = trace["error_test"].isel(snapshot=-1).values
    return Panel(
        key="fall-against-error",
        title=f"Fall of I(X;hidden.5) under {name}, and test error",
        caption="Every point is one network at the end of training.",
        x=Axis("fall from the maximum", "bit"),
        y=Axis("test error"),
        series=(duration.points("networks", fall(curve).values, error),),
    )


def _hidden(trace: Trace) -> list[str]:
    return [str(one) for one in trace["layer"].values][:-1]


def _by_layer(values: xr.DataArray) -> list[Series]:
    return [
        replace(_curve(values.sel(layer=layer), str(layer)), of=str(layer))
        for layer in values["layer"].values
    ]


def _curve(values: xr.DataArray, name: str) -> Series:
    errors, words = shared.spread(values)
    return Series(
        name=name,
        x=_epochs(values),
        y=mean("", values).values,
        y_error=errors,
        at=values["step"].values,
        error_is=words,
    )


def _epochs(values: xr.DataArray) -> np.ndarray:
    return values["epoch"].values + 1.0
