"""How long a layer compresses, beside how much it compresses: a diagnostic without a verdict.

The paper tells that the time grows exponentially with what a layer keeps less than the one before.
"""

from dataclasses import replace

import numpy as np
import xarray as xr

from infoplane.analysis.networks import INIT, margin, measured_by
from infoplane.experiments.blackbox.asked import counted
from infoplane.experiments.members import in_figures
from infoplane.values.finding import Interval
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace
from infoplane.values.units import LN2

LEAST = 3
"""A slope over layers needs so many of them."""


def half_time(curve: xr.DataArray) -> xr.DataArray:
    """Epochs from a curve's maximum until half of its fall is done, by network.

    NaN where it does not fall.

    Args:
        curve: I(X;T) with its epochs, (snapshot, init), and whatever else.
    """
    epochs = curve["epoch"].values

    def rule(values: np.ndarray) -> float:
        top = int(values.argmax())
        half = (values[top] + values[-1]) / 2
        done = top + int(np.argmax(values[top:] <= half))
        return float(epochs[done] - epochs[top])

    plain = curve.reset_coords(drop=True)
    told = xr.apply_ufunc(rule, plain, input_core_dims=[["snapshot"]], vectorize=True)
    return told.where(margin(curve) > 0)


def kept_less(curves: xr.DataArray) -> xr.DataArray:
    """Bits that every hidden layer but the first keeps less than the one before, at the end."""
    end = curves.isel(snapshot=-1, drop=True)
    return -end.diff("layer", label="upper")


def slopes(epochs: xr.DataArray, bits: xr.DataArray) -> np.ndarray:
    """How many times ln of the epochs grows with each nat, of every network with enough layers."""
    found = []
    for place in range(epochs.sizes[INIT]):
        y, x = (one.isel(init=place).values for one in (epochs, bits))
        fallen = np.isfinite(y) & (y > 0)
        if fallen.sum() >= LEAST and np.ptp(x[fallen]) > 0:
            found.append(float(np.polyfit(x[fallen] * LN2, np.log(y[fallen]), 1)[0]))
    return np.array(found)


def measured(trace: Trace) -> tuple[str, xr.DataArray, xr.DataArray]:
    """The counting estimator that is asked, half times, and bits, both (layer, init)."""
    name = counted(trace)[0]
    hidden = list(trace["layer"].values[:-1])
    curves = measured_by(trace, name)["I_XT"].sel(estimator=name, layer=hidden, drop=True)
    bits = kept_less(curves)
    layers = bits["layer"].values
    times = xr.concat([half_time(curves.sel(layer=layer)) for layer in layers], bits["layer"])
    return name, times, bits.transpose("layer", INIT)


def table(trace: Trace) -> Table:
    """Time and bits of every hidden layer after the first, and the slope over layers."""
    name, times, bits = measured(trace)
    rows = []
    for layer in bits["layer"].values:
        own = times.sel(layer=layer).values
        fallen = np.isfinite(own)
        median = f"{np.median(own[fallen]):.0f}" if fallen.any() else "none"
        told = (f"{fallen.mean():.0%}", median, in_figures(bits.sel(layer=layer), ".2f"))
        rows.append((Cell((str(layer),)), *(Cell((one,)) for one in told)))
    return Table(
        "Compression time: a diagnostic",
        ("layer", "networks that fall", "epochs to half of the fall", "bits less than before"),
        tuple(rows),
        f"Under {name}, at the end of training; the median over the networks whose curve falls. "
        + _slope_told(slopes(times, bits)),
        folded=True,
    )


def _slope_told(found: np.ndarray) -> str:
    claimed = (
        "The paper's time grows with the exponential of these bits, in nats, which is a slope of 1 "
        "of ln epochs"
    )
    if not len(found):
        return f"{claimed}; in no network {LEAST} layers fall, so that none has a slope."
    own = Interval.of(found)
    half = f" ± {own.high - own.mean:.2f}" if len(found) > 1 else ""
    return f"{claimed}; here it is {own.mean:+.2f}{half} over {len(found)} networks. No verdict."


def panel(trace: Trace) -> Panel:
    """Every network's layers as points."""
    name, times, bits = measured(trace)
    series = [
        replace(
            points(str(layer), bits.sel(layer=layer).values, times.sel(layer=layer).values),
            of=str(layer),
        )
        for layer in bits["layer"].values
    ]
    return Panel(
        key="compression-time",
        title=f"Compression time under {name}",
        caption="Every point is a layer of one network that falls: epochs from its maximum to half "
        "of its fall, beside the bits it keeps less than the layer before.",
        x=Axis("I(X; layer before) − I(X; layer)", "bit"),
        y=Axis("epochs", log=True),
        series=tuple(series),
    )


def points(name: str, x: np.ndarray, y: np.ndarray) -> Series:
    """Points that no line joins: between any two of them stands one that was not measured."""
    order = np.argsort(x)
    spaced = [np.repeat(one[order], 2)[:-1].astype(float) for one in (x, y)]
    spaced[1][1::2] = np.nan
    return Series(name, spaced[0], spaced[1])
