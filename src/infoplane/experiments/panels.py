"""Figures that every information-plane experiment has, as data."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from infoplane.analysis.claims import standard_error
from infoplane.analysis.dpi import Chain, states
from infoplane.values.panel import Axis, Panel, Series, Strip
from infoplane.values.trace import Trace


def plane(trace: Trace, estimator: str) -> Panel:
    """I(X;T) against I(T;Y), one trajectory per layer."""
    chosen = trace.sel(estimator=estimator)
    to_input, to_target = chosen["I_XT"], chosen["I_TY"]
    series = tuple(
        _trajectory(str(layer), to_input.sel(layer=layer), to_target.sel(layer=layer), trace)
        for layer in trace["layer"].values
    )
    return Panel(
        key=f"plane-{estimator}",
        title=f"Information plane, {estimator} width",
        caption=(
            f"Each layer moves from faint (untrained) to full (step {int(trace['step'][-1])}). On "
            "the diagonal it shares as much with one variable as with the other. Thin bars are ±1 "
            f"standard error over {trace.sizes['batch']} probe batches of {to_input.attrs['n']}, "
            "where they are larger than the marks; no value can exceed log₂ n."
        ),
        x=Axis(_title(to_input), to_input.attrs["unit"]),
        y=Axis(_title(to_target), to_target.attrs["unit"]),
        series=series,
        bisector=True,
        ceiling=to_input.attrs["ceiling"],
        plane=True,
    )


def curves(trace: Trace, name: str, estimator: str, caption: str) -> Panel:
    """One variable over training, one curve per layer or pair, its null dashed."""
    values = trace[name].sel(estimator=estimator)
    series = _over_steps(values, trace)
    null = trace.get(f"{name}_null")
    if null is not None:
        measured = null.sel(estimator=estimator).dropna("snapshot", how="all")
        nulls = _over_steps(measured, trace, suffix=" (null)", dashed=True)
        series = [one for both in zip(series, nulls, strict=True) for one in both]
    return Panel(
        key=f"{name.replace('_', '-')}-{estimator}",
        title=f"{_title(values)}, {estimator} width",
        caption=caption,
        x=_STEPS,
        y=Axis(_title(values), values.attrs["unit"]),
        series=tuple(series),
        ceiling=values.attrs.get("ceiling"),
    )


def companions(trace: Trace, key: str, title: str, caption: str, names: Mapping[str, str]) -> Panel:
    """Variables without an estimator, such as losses or norms, over training.

    Args:
        trace: The run.
        key: Short name of the panel.
        title: What it shows.
        caption: How to read it.
        names: What the legend says, by variable.
    """
    series: list[Series] = []
    for name, words in names.items():
        series += _over_steps(trace[name], trace, prefix=words)
    first = trace[next(iter(names))]
    return Panel(key, title, caption, _STEPS, Axis(title, first.attrs["unit"]), tuple(series))


def strip(trace: Trace, chains: Mapping[str, Chain], estimator: str) -> Panel:
    """Every inequality of several chains over training: holds, within its error, violated."""
    cells, detail = zip(*(states(chain, estimator) for chain in chains.values()), strict=True)
    rows = tuple(f"{key}: {link}" for key, chain in chains.items() for link in chain.links)
    steps = trace["step"].values
    return Panel(
        key=f"dpi-{estimator}",
        title=f"Data processing inequalities, {estimator} width",
        caption=(
            "Each cell is one inequality at one step: it holds or is violated if the paired "
            "difference exceeds its standard error over the probe batches."
        ),
        x=Axis("training step", log=True),
        y=Axis("inequality"),
        strip=Strip(rows, steps, np.concatenate(cells), np.concatenate(detail)),
    )


_STEPS = Axis("training step + 1", log=True)


def _trajectory(name: str, x: xr.DataArray, y: xr.DataArray, trace: Trace) -> Series:
    return Series(
        name=name,
        x=x.mean("batch").values,
        y=y.mean("batch").values,
        x_error=standard_error(x).values,
        y_error=standard_error(y).values,
        at=trace["step"].values,
    )


def _over_steps(
    values: xr.DataArray, trace: Trace, prefix: str = "", suffix: str = "", dashed: bool = False
) -> list[Series]:
    """One series per layer or pair (or one alone) against step + 1."""
    steps = values["step"].values if "step" in values.coords else trace["step"].values
    kinds = [dim for dim in ("layer", "pair") if dim in values.dims]
    members = values[kinds[0]].values if kinds else [None]
    series = []
    for member in members:
        one = values if member is None else values.sel({kinds[0]: member})
        words = " ".join(part for part in (prefix, str(member or "")) if part) or _title(values)
        batched = "batch" in one.dims
        series.append(
            Series(
                name=words + suffix,
                x=steps + 1,
                y=(one.mean("batch") if batched else one).values,
                y_error=standard_error(one).values if batched else None,
                at=steps,
                dashed=dashed,
            )
        )
    return series


def _title(values: xr.DataArray) -> str:
    return str(values.attrs["long_name"])
