"""What was measured of a variational autoencoder, read from its Trace by layer and moment."""

import math

import xarray as xr

from infoplane.analysis.claims import Evidence, trained
from infoplane.observe.plane import INPUT
from infoplane.values.panel import Axis
from infoplane.values.trace import Trace

CODE, MEAN, OUTPUT = "code", "mean", "output"
ENCODER = tuple(f"encoder.{i}" for i in range(1, 5))
DECODER = tuple(f"decoder.{i}" for i in range(1, 5))
PROFILE = (INPUT, *ENCODER, CODE, *DECODER, OUTPUT)
"""The eleven representations l0 … l10 through which an image passes."""
AXIS = Axis(
    "0 input, 1–4 encoder, 5 code, 6–9 decoder, 10 output",
    ticks=tuple(map(float, range(len(PROFILE)))),
)
"""Where they are drawn."""
COMPUTED = "The rate is computed and not estimated: it is the same beside every scale."
"""A note of every claim about the rate."""
AFTER = (*DECODER, OUTPUT)
"""Those after the code, l6 … l10."""


def looked_at(trace: Trace) -> Trace:
    """The moments at which the geometry was measured."""
    measured = trace["dimension_T"].notnull()
    return trace.isel(snapshot=measured.any([d for d in measured.dims if d != "snapshot"]).values)


def at_the_end(trace: Trace) -> Trace:
    """The last of those moments, after an update.

    Raises:
        InfoplaneError: Nothing was measured after an update.
    """
    return trained(looked_at(trace)).isel(snapshot=-1)


def of(moment: Trace, name: str, *layers: str) -> xr.DataArray:
    """A variable of one layer, or of several as the parts of a claim."""
    if len(layers) == 1:
        return moment[name].sel(layer=layers[0], drop=True)
    return moment[name].sel(layer=list(layers)).rename(layer="part")


def highest(values: xr.DataArray) -> xr.DataArray:
    """The largest of several parts; NaN if one of them is."""
    return values.max("part", skipna=False)


def beside_every_scale(values: xr.DataArray, trace: Trace) -> xr.DataArray:
    """What has no scale, such as the rate, repeated beside each."""
    return values.expand_dims(estimator=trace["estimator"].values)


def rate(trace: Trace) -> xr.DataArray:
    """The rate of the trained network in bits, moment by moment."""
    return trained(trace)["rate"].dropna("snapshot", how="all")


def rate_evidence(trace: Trace) -> Evidence:
    """First epoch, peak and end of the rate, in bits and in nats, beside every scale."""
    course = rate(trace).mean("batch")
    places = {"first": 0, "peak": int(course.argmax("snapshot")), "end": -1}
    told = {
        name: {
            "epoch": float(course["epoch"][place]),
            "bit": float(course[place]),
            "nat": float(course[place]) * math.log(2),
        }
        for name, place in places.items()
    }
    return {str(scale): {"rate": told} for scale in trace["estimator"].values}
