"""S4's three statements about transfer between layers, and what samples without time must show."""

import json
from collections.abc import Callable

import xarray as xr

from infoplane.analysis import curves
from infoplane.analysis.claims import Claim, Evidence, Statistic, trained
from infoplane.observe.transfer import READINGS, Axis, adjacent
from infoplane.values.trace import Trace
from infoplane.values.units import PURE

HELD = "the same samples, weights held"
BY_CLASS = "samples sorted by class, weights held"
CONTROLS: dict[str, Axis] = {HELD: "frozen", BY_CLASS: "sorted"}
"""Where nothing but the samples' order can pass, and where that order is a time."""
SHUFFLED: tuple[Axis, ...] = ("training", "frozen")
"""Along which samples come in shuffled order."""
SOURCE = "moldovan2024information, abstract and a summary of it; its tables are not verified"
OURS = "ours: samples of a shuffled data set are independent of those before them"
EFFECTIVE = READINGS[-1]
READ = (
    "“raw” is as counted; “corrected” is less its bias to first order; “effective” is less the "
    "mean of its surrogates, which change moments of equal pasts of the target and so have the "
    "bias of what is measured. Raw values fall where bias falls. What all three agree on is about "
    "transfer."
)
TWO = 2.0
"""Standard errors that nothing exceeds."""
ERROR = (
    "That error is of a block's mean over epochs, from the scatter over epochs and blocks, which "
    "have orders and surrogates of their own. The mean over blocks is known better by the root of "
    "their number: that leaves room to decide."
)


def claims(trace: Trace) -> list[Claim]:
    """All claims about a run."""
    return [
        *([concentrates()] if len(_adjacent(trace)) > 2 else []),
        decreases(),
        *([follows()] if trained(trace).sizes["snapshot"] > 3 else []),
        nothing_passes(),
        surrogates_are_fair(),
        order_passes(),
        at_once(),
    ]


def concentrates() -> Claim:
    """More passes between the last layers than between those before."""

    def beyond(trace: Trace, axis: Axis) -> xr.DataArray:
        values, pairs = _over_training(trace, axis), _adjacent(trace)
        last, first = values.sel(pair=pairs[-2:]), values.sel(pair=pairs[:-2])
        return (last.mean("pair") - first.mean("pair")).mean("snapshot")

    return Claim(
        key="last-layers",
        statement="Transfer concentrates in the last layers: between the last hidden layer, the "
        "logits and the prediction more passes than between the layers before.",
        source=SOURCE,
        statistic=lambda trace: beyond(trace, "training"),
        controls=_controls(beyond),
        rests_on=_rests_on,
        needs=_needs,
        notes=(READ,),
    )


def decreases() -> Claim:
    """Less passes at the end of training than in its first epochs."""

    def lost(trace: Trace, axis: Axis) -> xr.DataArray:
        mean = _of_network(trace, axis)
        return mean.isel(snapshot=0) - mean.isel(snapshot=-1)

    return Claim(
        key="decreases",
        statement="Transfer between adjacent layers decreases during training.",
        source=SOURCE,
        statistic=lambda trace: lost(trace, "training"),
        controls=_controls(lost),
        rests_on=_rests_on,
        needs=_needs,
        evidence=_course,
        notes=(READ, "From the first epoch looked at to the last; the mean over adjacent layers."),
    )


def follows() -> Claim:
    """Transfer goes with loss and error."""

    def learned(trace: Trace) -> dict[str, xr.DataArray]:
        after = trained(trace)
        return {"loss": after["loss_test"], "error": after["error_test"]}

    def together(trace: Trace, axis: Axis) -> xr.DataArray:
        mean, parts = _of_network(trace, axis), learned(trace)
        return xr.concat(
            [curves.follows(mean, one) for one in parts.values()],
            dim=xr.DataArray([*parts], dims="part", name="part"),
        )

    return Claim(
        key="follows",
        statement="Transfer correlates with accuracy and loss: it falls as loss and error fall.",
        source=SOURCE,
        statistic=lambda trace: together(trace, "training"),
        controls=_controls(together),
        rests_on=_rests_on,
        needs=lambda trace: [*_needs(trace), *learned(trace).values()],
        unit=PURE,
        notes=(
            READ,
            "Spearman's rank correlation over the epochs looked at. Whatever drifts correlates "
            "with whatever else does.",
        ),
    )


def nothing_passes() -> Claim:
    """Of shuffled samples nothing passes beyond what surrogates show."""

    def below(trace: Trace) -> xr.DataArray:
        over_epochs, error = _shuffled(trace)
        return _by_axis_and_pair(TWO * error - over_epochs)

    return Claim(
        key="nothing",
        statement="Of samples in shuffled order nothing passes after the first epoch: the "
        "effective transfer, a mean over epochs, is not above 0 by more than two standard errors "
        "of a block, between any two adjacent layers.",
        source=OURS,
        statistic=below,
        rests_on=_rests_on,
        needs=lambda trace: [below(trace)],
        evidence=_over_epochs,
        asked_of=lambda trace: [EFFECTIVE],
        because="only what is above the surrogates is expected to vanish.",
        notes=("The effect is two standard errors less the effective transfer. " + ERROR,),
    )


def surrogates_are_fair() -> Claim:
    """Surrogates do not count more than what is measured where nothing passes."""

    def above(trace: Trace) -> xr.DataArray:
        over_epochs, error = _shuffled(trace)
        return _by_axis_and_pair(over_epochs + TWO * error)

    return Claim(
        key="surrogates-fair",
        statement="Surrogates are a fair null of samples in shuffled order: the effective "
        "transfer, a mean over epochs, is not below 0 by more than two standard errors of a block.",
        source="ours: a null that loses more than the transfer has another bias",
        statistic=above,
        rests_on=_rests_on,
        needs=lambda trace: [above(trace)],
        evidence=_over_epochs,
        asked_of=lambda trace: [EFFECTIVE],
        because="only what is above the surrogates is expected to vanish.",
        notes=("The effect is the effective transfer and two standard errors. " + ERROR,),
    )


def order_passes() -> Claim:
    """Of samples sorted by class something passes."""

    def mean(trace: Trace, axis: Axis) -> xr.DataArray:
        return _of_network(trace, axis).mean("snapshot")

    return Claim(
        key="order",
        statement="Of samples sorted by class transfer is above its surrogates, with the weights "
        "held: it is the order of the samples that passes.",
        source=OURS,
        statistic=lambda trace: mean(trace, "sorted"),
        controls={HELD: lambda trace: mean(trace, "frozen")},
        rests_on=_rests_on,
        asked_of=lambda trace: [EFFECTIVE],
        because="what is raw is above 0 by its bias alone.",
    )


def at_once() -> Claim:
    """What layers share, they share at the same sample."""

    def beyond(trace: Trace) -> xr.DataArray:
        after = trained(trace).sel(axis="frozen", pair=_adjacent(trace))
        return (after["te_lag0"] - after["te"]).mean("pair").mean("snapshot")

    return Claim(
        key="lag-0",
        statement="What adjacent layers share is at lag 0: there the same measure is larger than "
        "at the lag that was asked about.",
        source=OURS,
        statistic=beyond,
        rests_on=_rests_on,
        asked_of=lambda trace: [READINGS[0]],
        because="both are raw, with the same bias.",
    )


def _shuffled(trace: Trace) -> tuple[xr.DataArray, xr.DataArray]:
    """Transfer of shuffled samples, a block's mean over the epochs after the first, and its error.

    The scatter is that of all epochs and blocks: each has its own samples and surrogates.
    """
    epochs = trained(trace).isel(snapshot=slice(1, None))
    after = epochs["te"].sel(pair=_adjacent(trace), axis=[*SHUFFLED])
    scatter = after.std(("snapshot", "batch"), ddof=1, skipna=False)
    error = (scatter / after.sizes["snapshot"] ** 0.5).broadcast_like(
        after.isel(snapshot=0, drop=True)
    )
    return after.mean("snapshot", skipna=False), error


def _by_axis_and_pair(values: xr.DataArray) -> xr.DataArray:
    """Every pair of layers along every axis as a part of its own."""
    parts = {
        f"{axis}: {pair}": values.sel(axis=axis, pair=pair, drop=True)
        for axis in values["axis"].values
        for pair in values["pair"].values
    }
    return curves.together(parts).transpose("part", "estimator", "batch")


def _over_epochs(trace: Trace) -> Evidence:
    """The effective transfer in a block's standard errors, by axis and pair, over all blocks."""
    over_epochs, error = _shuffled(trace)
    ratio = _by_axis_and_pair(over_epochs / error).sel(estimator=EFFECTIVE).mean("batch")
    told = {str(part): float(ratio.sel(part=part)) for part in ratio["part"].values}
    return {EFFECTIVE: {"in standard errors of a block": told}}


def _adjacent(trace: Trace) -> list[str]:
    """Names of the pairs of adjacent layers, from input to prediction."""
    return [f"{a} → {b}" for a, b in adjacent(json.loads(trace.attrs["layers"]))]


def _over_training(trace: Trace, axis: Axis) -> xr.DataArray:
    """Transfers along an axis at all moments after the untrained network."""
    return trained(trace)["te"].sel(axis=axis, drop=True)


def _of_network(trace: Trace, axis: Axis) -> xr.DataArray:
    """The mean over adjacent layers."""
    return _over_training(trace, axis).sel(pair=_adjacent(trace)).mean("pair")


def _controls(of: Callable[[Trace, Axis], xr.DataArray]) -> dict[str, Statistic]:
    """The same statistic along the axes that serve as controls."""

    def along(axis: Axis) -> Statistic:
        return lambda trace: of(trace, axis)

    return {name: along(axis) for name, axis in CONTROLS.items()}


def _rests_on(trace: Trace) -> xr.DataArray:
    return _over_training(trace, "training").sel(pair=_adjacent(trace))


def _needs(trace: Trace) -> list[xr.DataArray]:
    return [_over_training(trace, axis).sel(pair=_adjacent(trace)) for axis in CONTROLS.values()]


def _course(trace: Trace) -> Evidence:
    """First and last values of every pair of adjacent layers, by reading."""
    values = _over_training(trace, "training").mean("batch")
    return {
        name: {
            pair: {
                "first": float(values.sel(estimator=name, pair=pair)[0]),
                "last": float(values.sel(estimator=name, pair=pair)[-1]),
            }
            for pair in _adjacent(trace)
        }
        for name in READINGS
    }
