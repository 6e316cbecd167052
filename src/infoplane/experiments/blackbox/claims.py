"""What is asked of networks side by side: compression, the gradient's phases, what joins them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from infoplane.analysis.claims import Claim, Evidence, estimators, judged
from infoplane.analysis.curves import together
from infoplane.analysis.networks import (
    INIT,
    after_peak,
    compared,
    fall,
    first_below,
    margin,
    measured_by,
    of_estimators,
    peak_and_end,
    peak_moment,
    pseudo_values,
    whole_course,
)
from infoplane.experiments.blackbox.settings import FULL, Variant
from infoplane.observe.networks import PROPAGATED
from infoplane.values.finding import Finding
from infoplane.values.trace import Trace

LAST = ("hidden.4", "hidden.5")
"""The last two hidden layers, which claims of compression are about."""
COUNTED = ("edges30", "width", "adaptive")
"""Estimators that count bins: they measure all networks at all moments."""
PAPER, SAXE, GOLDFELD = "shwartz2017opening", "saxe2018information", "goldfeld2019estimating"
EARLY, LATE = 0.01, 0.05
"""Shares of training that are "early" and "late"; early has at least the first moment after 0."""
FACTOR = 4.0
"""Two epochs go together if neither is more than so many times the other."""
FALL = (
    "A fall counts from 0.25 bit and 5 % of the peak on, if the curve still falls after its peak; "
    "the effect is what exceeds that, in bits."
)
NO_EDGES = "its edges lie within [−1, 1], and the activations do not."
PUBLISHED, TRANSITION, SATURATION = "published", "gradient", "saturation"
ONSET, GENERALISES, COMPRESSES, CLUSTERS = "onset", "generalisation", "compression", "clustering"
OF_COMPARED = (COMPRESSES, CLUSTERS)
"""Claims over the networks that all estimators measured; all others are over all networks."""


def claims(trace: Trace) -> list[Claim]:
    """All that can be asked of one run."""
    tanh, noisy = trace.attrs.get("activation") == "tanh", PROPAGATED in estimators(trace)
    return [
        compresses(),
        *([published()] if tanh else []),
        gradient_phases(),
        onset(),
        *([saturation()] if tanh else []),
        generalisation(trace),
        *([clustering()] if noisy else []),
    ]


def findings(asked: Sequence[Claim], traces: Sequence[Trace]) -> list[Finding]:
    """Judged, some over the networks that all estimators measured, the others over all networks."""
    few = [one for one in asked if of_compared(one)]
    told = judged(few, [compared(trace) for trace in traces])
    told += judged([one for one in asked if not of_compared(one)], traces)
    places = {one.key: place for place, one in enumerate(asked)}
    return sorted(told, key=lambda one: places[one.key])


def of_compared(claim: Claim) -> bool:
    """Whether a claim, of one run or of a member of a family, is over the compared networks."""
    return claim.key.partition(" ")[0] in OF_COMPARED


def suited(trace: Trace) -> list[str]:
    """The estimators that suit a network's units."""
    tanh = trace.attrs.get("activation") == "tanh"
    return [name for name in estimators(trace) if tanh or name != "edges30"]


def counted(trace: Trace) -> list[str]:
    """Those of them that count bins."""
    return [name for name in suited(trace) if name in COUNTED]


def by_layer(
    rule: Callable[[xr.DataArray], xr.DataArray], names: Callable[[Trace], list[str]] = suited
) -> Callable[[Trace], xr.DataArray]:
    """A rule on the curves of I(X;T) of the last two hidden layers, (part, estimator, init)."""

    def statistic(trace: Trace) -> xr.DataArray:
        asked = curves_of(trace, names(trace))
        found = of_estimators(asked, lambda one: rule(one["I_XT"].sel(layer=list(LAST))))
        return found.rename(layer="part").assign_attrs(trace["I_XT"].attrs)

    return statistic


def curves_of(trace: Trace, names: Sequence[str]) -> Trace:
    """I(X;T) alone, under some of the estimators that are there."""
    return trace[["I_XT"]].sel(estimator=[one for one in names if one in estimators(trace)])


def compresses() -> Claim:
    """I(X;T) falls, under every estimator."""
    return Claim(
        key=COMPRESSES,
        statement="I(X;T) of the last two hidden layers falls from its maximum until the end of "
        "training.",
        source=f"{PAPER}, the second phase",
        statistic=by_layer(margin),
        rests_on=by_layer(peak_and_end),
        evidence=falls,
        asked_of=suited,
        because=NO_EDGES,
        notes=(FALL,),
    )


def published() -> Claim:
    """The same under the published estimator, over all networks."""

    def names(trace: Trace) -> list[str]:
        return ["edges30"]

    return Claim(
        key=PUBLISHED,
        statement="Under the published 30 bins I(X;T) of the last two hidden layers falls from its "
        "maximum until the end of training, over all networks.",
        source=f"{PAPER}, the second phase",
        statistic=by_layer(margin, names),
        rests_on=by_layer(peak_and_end, names),
        evidence=falls,
        asked_of=names,
        because="this is about the published estimator alone.",
        notes=(FALL,),
    )


def falls(trace: Trace) -> Evidence:
    """Share of the networks that fall, and by how much, by estimator."""
    names = suited(trace)
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        one = measured_by(trace[["I_XT"]], name)["I_XT"]
        for layer in LAST:
            curve = one.sel(layer=layer, estimator=name)
            found.setdefault(name, {})[f"{layer}: share of networks that fall"] = float(
                (margin(curve) > 0).mean()
            )
            found[name][f"{layer}: median fall in bits"] = float(fall(curve).median())
    return found


def gradient_phases() -> Claim:
    """The gradient's signal exceeds its noise early, and is below it late."""
    return Claim(
        key=TRANSITION,
        statement="The signal-to-noise ratio of the gradient over minibatches is above 1 early in "
        "training and below 1 late, in every layer.",
        source=f"{PAPER}, drift and diffusion",
        statistic=phases_of_gradient,
        rests_on=phases_of_gradient,
        unit="1",
        notes=(
            "The effect is the mean over networks of |log2 of the ratio|, positive on the side "
            "that is claimed. Early is the first 1 % of the moments' epochs, late the last 5 %.",
            "Without any mean gradient the ratio would be 1/√(B − 1) for B minibatches: a small "
            "ratio is no sign of a phase unless it was large before.",
        ),
    )


def phases_of_gradient(trace: Trace) -> xr.DataArray:
    """log2 of the early ratio and minus that of the late one, by layer, (part, init)."""
    snr = xr.apply_ufunc(np.log2, snr_curves(trace))
    epochs = snr["epoch"].values
    after = np.flatnonzero(epochs > 0)
    early = np.flatnonzero((epochs > 0) & (epochs <= EARLY * epochs[-1]))
    early = early if len(early) else after[:1]
    late = np.flatnonzero(epochs >= (1 - LATE) * epochs[-1])
    sides = {
        "early": snr.isel(snapshot=early).mean("snapshot"),
        "late": -snr.isel(snapshot=late).mean("snapshot"),
    }
    return together(
        {
            f"{layer}, {side}": values.sel(layer=layer)
            for layer in trace["layer"].values
            for side, values in sides.items()
        }
    )


def snr_curves(trace: Trace) -> xr.DataArray:
    """The ratio at the moments at which it was measured."""
    return trace["gradient_snr"].dropna("snapshot", how="all")


def crossing_epochs(trace: Trace) -> xr.DataArray:
    """The epoch from which on the ratio, before at 1 or above, stays below 1, (layer, init).

    NaN where it does not stay below, and where it was never above: neither crosses.
    """
    snr = snr_curves(trace)
    places = first_below(snr, 1.0)
    epochs = snr["epoch"].values
    return xr.where(places > 0, epochs[places.astype(int)], np.nan)


def onset() -> Claim:
    """Compression begins where the gradient's phase changes."""

    def near(trace: Trace) -> xr.DataArray:
        asked, crossings = curves_of(trace, counted(trace)), crossing_epochs(trace)

        def distance(one: Trace, layer: str) -> xr.DataArray:
            curve, crossing = one["I_XT"].sel(layer=layer), crossings.sel(layer=layer).values
            begins = curve["epoch"].values[peak_moment(curve).values]
            room = np.log2(FACTOR) - np.abs(np.log2((begins + 1) / (crossing + 1)))
            both = np.minimum(margin(curve).values, room)
            told = np.where(np.isnan(crossing), -np.log2(FACTOR), both)
            return xr.DataArray(told, {"estimator": curve["estimator"]}, ("estimator", INIT))

        return together(
            {
                layer: of_estimators(asked, lambda one, at=layer: distance(one, at))  # type: ignore[misc]
                for layer in LAST
            }
        )

    return Claim(
        key=ONSET,
        statement="I(X;T) of the last two hidden layers falls, beginning within a factor of "
        f"{FACTOR:g} of the epoch at which the gradient's ratio sinks below 1 in that layer.",
        source=f"{PAPER}, the transition between the phases",
        statistic=near,
        rests_on=near,
        evidence=crossed,
        unit="1",
        needs=lambda trace: (trace["I_XT"].sel(layer=list(LAST)),),
        asked_of=counted,
        because="the moment of a peak is known under the rules that measure at all moments.",
        notes=(
            FALL,
            "The effect is the lesser of that and of log2 of the factor less |log2| of the ratio "
            "of the two epochs, each plus 1. A network whose ratio does not sink from 1 or above "
            f"to stay below has no epoch to begin at, and the effect −{np.log2(FACTOR):g}.",
        ),
    )


def crossed(trace: Trace) -> Evidence:
    """Share of the networks in which the gradient's ratio crosses 1, the same for every name."""
    shares = crossing_epochs(trace).notnull().mean(INIT)
    told = {
        f"{layer}: share of networks whose ratio sinks below 1": float(shares.sel(layer=layer))
        for layer in LAST
    }
    return dict.fromkeys(counted(trace), told)


def saturation() -> Claim:
    """Compression is saturation."""

    def against(trace: Trace) -> xr.DataArray:
        full = trace["saturated_T"].sel(layer=list(LAST))
        return by_layer(lambda curve: -after_peak(curve, full), counted)(trace)

    return Claim(
        key=SATURATION,
        statement="From its maximum on, I(X;T) of the last two hidden layers falls as the share of "
        "saturated units grows.",
        source=f"{SAXE}, compression under bins comes from double-sided saturation",
        statistic=against,
        rests_on=by_layer(peak_and_end, counted),
        unit="1",
        asked_of=counted,
        because="this is about bins.",
        notes=("The effect is minus Spearman's ρ over the moments after the maximum.",),
    )


def generalisation(trace: Trace) -> Claim:
    """Networks that compress more err less."""
    return Claim(
        key=GENERALISES,
        statement=f"Of networks that differ in {differing(trace)}, those whose I(X;T) of the last "
        "two hidden layers falls more have a smaller test error.",
        source=f"{PAPER}, compression as the cause of generalisation; {SAXE} denies it",
        statistic=goes_with_error,
        rests_on=by_layer(peak_and_end, counted),
        unit="1",
        asked_of=counted,
        because="few networks are measured under the others.",
        notes=(
            "The effect is minus Spearman's ρ between the fall in bits and the test error at the "
            "end, with the jackknife's interval. A correlation is no cause; its absence speaks "
            "against one.",
        ),
    )


def differing(trace: Trace) -> str:
    """What the networks of one run do not have in common, in words."""
    variant = Variant.named(str(trace.attrs["variant"]))
    plan, learned_from = variant.plan, int(trace.attrs["learned_from"])
    more = [
        *(["the patterns they learn from"] if plan.drawn else []),
        *(
            ["the order of their minibatches"]
            if plan.reshuffled and FULL < plan.batch_size < learned_from
            else []
        ),
        *(["the noise of their units"] if variant.noise else []),
    ]
    return ", ".join(("their start", *more)) if more else "their start alone"


def goes_with_error(trace: Trace) -> xr.DataArray:
    """Minus Spearman's ρ of fall and test error as pseudo-values, (part, estimator, init)."""
    errors = last_errors(trace)
    return xr.apply_ufunc(
        lambda falls: -pseudo_values(falls, errors),
        by_layer(fall, counted)(trace),
        input_core_dims=[[INIT]],
        output_core_dims=[[INIT]],
        vectorize=True,
    )


def last_errors(trace: Trace) -> np.ndarray:
    """Test errors at the end, shape (net,)."""
    return trace["error_test"].isel(snapshot=-1).values


def clustering() -> Claim:
    """Where networks are noisy, I(X;T) is a real number and goes with the clustering of units."""

    def along(trace: Trace) -> xr.DataArray:
        noisy = measured_by(trace, PROPAGATED)
        steps = np.isin(trace["step"].values, noisy["step"].values)
        bins = trace["clusters_T"].isel(snapshot=steps)
        parts = {
            layer: whole_course(noisy["I_XT"].sel(layer=layer), bins.sel(layer=layer))
            for layer in LAST
        }
        return together(parts)

    def names(trace: Trace) -> list[str]:
        return [PROPAGATED]

    return Claim(
        key=CLUSTERS,
        statement="In networks trained with noise, I(X;T) of the last two hidden layers rises and "
        "falls with H(Bin(T)), the clustering of the activations.",
        source=f"{GOLDFELD}, compression is clustering",
        statistic=along,
        rests_on=lambda trace: of_propagated(trace),
        unit="1",
        asked_of=names,
        because="the others do not know the network's noise.",
        notes=(
            "The effect is Spearman's ρ over training; bins are of the network without its noise.",
        ),
    )


def of_propagated(trace: Trace) -> xr.DataArray:
    """I(X;T) of the last two hidden layers by propagation, with its ceiling."""
    values = measured_by(trace, PROPAGATED)["I_XT"].sel(layer=list(LAST))
    return values.assign_attrs(trace["I_XT"].attrs)
