"""What a reader looks for: transfers beside their surrogates, along every axis, and the plane."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.gaps import left_out
from infoplane.experiments.sentences import learned, verdicts_told
from infoplane.experiments.transfer.claims import EFFECTIVE, claims
from infoplane.observe.transfer import INPUT, PREDICTION, adjacent, surrogates_of
from infoplane.values.finding import Finding
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace, settings_of

UNVERIFIED = (
    "Not verified, because no table or figure of the paper was at hand: what its plane has along "
    "its axes, how it cuts activations into states, how it joins the pairs of units of two layers, "
    "its networks, and all of its numbers."
)
PLANES = {
    "in-out": ("TE(input → layer)", "TE(layer → prediction)"),
    "adjacent": ("TE(layer before → layer)", "TE(layer → layer after)"),
}
TITLES = {"in-out": "from the input and to the prediction", "adjacent": "between neighbours"}
_EPOCHS = Axis("epoch")


def panels(trace: Trace) -> list[Panel]:
    """All figures."""
    axes = [str(axis) for axis in trace["axis"].values if _measured(trace, str(axis))]
    return [
        *(plane(trace, kind, reading) for kind in PLANES for reading in ("raw", EFFECTIVE)),
        *(transfers(trace, axis) for axis in axes),
        *(effective(trace, axis) for axis in axes),
        at_once(trace),
        shared.companions(
            trace,
            "error",
            "Classification error",
            "Share of fixed images that are classified wrongly.",
            {"error_train": "training", "error_test": "test"},
        ),
        shared.companions(
            trace,
            "loss",
            "Cross-entropy",
            "On fixed images.",
            {"loss_train": "training", "loss_test": "test"},
        ),
    ]


def plane(trace: Trace, kind: str, reading: str) -> Panel:
    """One trajectory a layer, over the epochs of training; one of the planes that may be meant."""
    chosen = trace.sel(estimator=reading, axis="training").dropna("snapshot", subset=["te"])
    series = tuple(
        _trajectory(chosen, layer, before, after) for layer, before, after in _ends(trace, kind)
    )
    x, y = PLANES[kind]
    return Panel(
        key=f"te-plane-{kind}-{reading}",
        title=f"Transfer plane, {TITLES[kind]}",
        caption="From faint (first epoch) to full (last). Which transfers the original plane has "
        "along its axes is not verified.",
        x=Axis(x, "bit"),
        y=Axis(y, "bit"),
        series=series,
        plane=True,
        group=reading,
    )


def transfers(trace: Trace, axis: str) -> Panel:
    """Raw transfers of adjacent layers, their surrogates dashed."""
    chosen = trace.sel(estimator="raw", axis=axis)
    series = [
        one
        for pair in _adjacent(trace)
        for one in (
            _curve(chosen["te"].sel(pair=pair), pair),
            _curve(chosen["te_null"].sel(pair=pair), f"{pair} (surrogates)", of=pair, dashed=True),
        )
    ]
    return Panel(
        key=f"te-raw-{axis}",
        title="Raw transfer between adjacent layers",
        caption=f"Time is the {_told(trace, axis)}. Dashed: the mean of the surrogates, which is "
        "what is counted where nothing passes.",
        x=_EPOCHS,
        y=Axis("transfer entropy", "bit"),
        series=tuple(series),
        group=axis,
        scale="te-raw",
    )


def effective(trace: Trace, axis: str) -> Panel:
    """What is above the surrogates."""
    chosen = trace.sel(estimator=EFFECTIVE, axis=axis)
    return Panel(
        key=f"te-effective-{axis}",
        title="Effective transfer between adjacent layers",
        caption=f"Raw less the mean of its surrogates. Time is the {_told(trace, axis)}.",
        x=_EPOCHS,
        y=Axis("effective transfer entropy", "bit"),
        series=tuple(_curve(chosen["te"].sel(pair=pair), pair) for pair in _adjacent(trace)),
        group=axis,
        scale="te-effective",
    )


def at_once(trace: Trace) -> Panel:
    """The same measure at lag 0."""
    values = trace["te_lag0"].sel(axis="frozen")
    return Panel(
        key="te-lag0",
        title="The same measure at lag 0",
        caption="What two layers share at the same sample, beyond what the target showed at the "
        "sample before: dependence, and no transfer in time. Weights held.",
        x=_EPOCHS,
        y=Axis("I(source; target | target's past)", "bit"),
        series=tuple(_curve(values.sel(pair=pair), pair) for pair in _adjacent(trace)),
    )


def tables(trace: Trace) -> list[Table]:
    """Raw, surrogates, effective and lag 0 side by side at the end, along every axis."""
    rows = []
    for axis in (str(one) for one in trace["axis"].values):
        if not _measured(trace, axis):
            continue
        at = trace.sel(axis=axis).isel(snapshot=-1)
        for pair in _adjacent(trace):
            one = at.sel(pair=pair)
            numbers = (
                one["te"].sel(estimator="raw"),
                one["te_null"],
                one["te"].sel(estimator=EFFECTIVE),
                one["te_spread"],
                one["te_lag0"],
            )
            cells = (f"{float(mean('', value)):.5f}" for value in numbers)
            share = f"{float(mean('', one['te_significant'])):.0%}"
            rows.append(tuple(Cell((text,)) for text in (f"{axis}: {pair}", *cells, share)))
    columns = ("transfer", "raw", "surrogates", "effective", "spread", "lag 0", "significant")
    return [
        Table(
            "Transfers at the end of training, in bits",
            columns,
            tuple(rows),
            "Means over the blocks. Spread is the standard deviation of a block's surrogates; "
            "significant is the share of pairs of units that stay discoveries at 5 %.",
            words=(UNVERIFIED,),
        )
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained and what was found."""
    return [
        f"{trace.attrs['description']}; {learned(trace['error_test'].values)}.",
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
        UNVERIFIED,
        "One seed: what it shows is about this network.",
    ]


def methods(trace: Trace) -> list[str]:
    """How it was measured."""
    settings, axes = settings_of(trace), json.loads(trace.attrs["axes"])
    asking = json.loads(trace.attrs["asking"])
    told = "; ".join(f"“{name}”: {words}" for name, words in axes.items())
    return [
        "Units are cut into two states, and transfer entropy [@schreiber2000measuring] is counted "
        f"for all pairs of units of two layers, with k = {asking['k']}, l = {asking['l']} and lag "
        f"{asking['lag']} (rule “{asking['states']}”, at most {asking['units']} units a layer; "
        f"pairs are joined by “{asking['together']}”), as proposed for layers by "
        "[@moldovan2024information].",
        f"Four axes serve as time. {told}.",
        f"Every number stands beside the mean and spread of {asking['permutations']} surrogates "
        f"({_moved(asking)}), and beside its bias to first order "
        "[@miller1955note]; the share of significant pairs is after Benjamini and Hochberg "
        "[@benjamini1995controlling].",
        f"The window is cut into {settings.get('asking.blocks', asking['blocks'])} blocks, over "
        "which errors are taken. " + UNVERIFIED,
    ]


def _moved(asking: Mapping[str, Any]) -> str:
    """How surrogates come about, in words."""
    return surrogates_of("training", 2, asking["together"]).words


def _adjacent(trace: Trace) -> list[str]:
    return [f"{a} → {b}" for a, b in adjacent(json.loads(trace.attrs["layers"]))]


def _ends(trace: Trace, kind: str) -> list[tuple[str, str, str]]:
    """Every layer with the transfers along both axes."""
    layers = json.loads(trace.attrs["layers"])
    if kind == "in-out":
        return [(one, f"{INPUT} → {one}", f"{one} → {PREDICTION}") for one in layers]
    chain = [INPUT, *layers, PREDICTION]
    places = range(1, len(chain) - 1)
    return [
        (chain[i], f"{chain[i - 1]} → {chain[i]}", f"{chain[i]} → {chain[i + 1]}") for i in places
    ]


def _trajectory(chosen: Trace, layer: str, before: str, after: str) -> Series:
    x, y = (chosen["te"].sel(pair=pair) for pair in (before, after))
    return Series(
        name=layer,
        x=mean("", x).values,
        y=mean("", y).values,
        x_error=shared.spread(x)[0],
        y_error=shared.spread(y)[0],
        at=chosen["step"].values,
        of=layer,
        error_is=shared.spread(y)[1],
    )


def _curve(values: xr.DataArray, name: str, of: str = "", *, dashed: bool = False) -> Series:
    there = values.dropna("snapshot", how="all")
    errors, words = shared.spread(there)
    return Series(
        name=name,
        x=there["epoch"].values,
        y=mean("", there).values,
        y_error=errors,
        at=there["step"].values,
        dashed=dashed,
        of=of or name,
        error_is=words,
    )


def _measured(trace: Trace, axis: str) -> bool:
    return bool(np.isfinite(trace["te"].sel(axis=axis)).any())


def _told(trace: Trace, axis: str) -> str:
    return str(json.loads(trace.attrs["axes"])[axis])
