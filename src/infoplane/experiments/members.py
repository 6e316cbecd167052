"""What a family of runs is asked: members side by side, at the end of training and before it."""

from collections.abc import Callable, Mapping

import xarray as xr

from infoplane.analysis.family import Value, member
from infoplane.experiments import panels as shared
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.trace import Trace

Moment = Callable[[xr.DataArray], xr.DataArray]
"""``last`` or ``first``: one moment of a variable."""
ONE_NUMBER = (
    "The error is one number of a whole run and needs no estimator: every estimator reads the "
    "same, and only several seeds can decide."
)


def members(trace: Trace, dim: str) -> dict[Value, Trace]:
    """All members of a family by their value, each as it was."""
    return {value: member(trace, dim, value) for value in trace[dim].values.tolist()}


def last(values: xr.DataArray) -> xr.DataArray:
    """The last moment at which something was measured."""
    return values.dropna("snapshot", how="all").isel(snapshot=-1)


def first(values: xr.DataArray) -> xr.DataArray:
    """The first moment, that of the untrained network."""
    return values.dropna("snapshot", how="all").isel(snapshot=0)


def per_run(value: xr.DataArray, trace: Trace) -> xr.DataArray:
    """One number of a whole run as a statistic: for every estimator, and repeated over nothing.

    Args:
        value: A number without dimensions.
        trace: Any Trace with the estimators.
    """
    bare = value.reset_coords(drop=True)
    return bare.expand_dims(estimator=trace["estimator"].values).expand_dims(batch=1, axis=-1)


def loss_curves(
    parts: Mapping[str, Trace], name: str, title: str, caption: str, *, unit: str, log: bool = False
) -> Panel:
    """One variable without an estimator over training, a curve per member.

    Args:
        parts: Members by the name that the legend gives them.
        name: The variable.
        title: What it shows.
        caption: How to read it.
        unit: Its unit.
        log: Whether its axis is logarithmic.
    """
    series = tuple(
        Series(
            name=words,
            x=one["step"].values + 1.0,
            y=one[name].values,
            at=one["step"].values,
            of=words,
        )
        for words, one in parts.items()
    )
    x = Axis("training step + 1", log=True)
    return Panel(name.replace("_", "-"), title, caption, x, Axis(title, unit, log=log), series)


def layer_curves(
    parts: Mapping[str, Trace], layer: str, estimator: str, title: str, caption: str
) -> Panel:
    """I(X; layer) over training under one estimator, a curve per member."""
    series = []
    for words, one in parts.items():
        values = one["I_XT"].sel(layer=layer, estimator=estimator)
        errors, name = shared.spread(values)
        series.append(
            Series(
                name=words,
                x=one["step"].values + 1.0,
                y=values.mean("batch").values,
                y_error=errors,
                at=one["step"].values,
                of=words,
                error_is=name,
            )
        )
    return Panel(
        key=f"I-XT-{layer.replace('.', '-')}-{estimator}",
        title=title,
        caption=caption,
        x=Axis("training step + 1", log=True),
        y=Axis(title, "bit"),
        series=tuple(series),
        group=estimator,
    )
