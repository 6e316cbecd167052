"""Whether I(X;T) falls, and what falls with it: saturation, clusters, errors."""

from typing import Any

import numpy as np
import xarray as xr

from infoplane.analysis.claims import Claim, Evidence
from infoplane.analysis.curves import together
from infoplane.analysis.networks import (
    INIT,
    after_peak,
    fall,
    margin,
    measured_by,
    peak_and_end,
    pseudo_values,
)
from infoplane.experiments.blackbox.asked import (
    FALL,
    GOLDFELD,
    LAST,
    PAPER,
    SAXE,
    by_layer,
    counted,
    suited,
)
from infoplane.experiments.blackbox.settings import FULL, Variant
from infoplane.observe.networks import PROPAGATED
from infoplane.values.trace import Trace

NO_EDGES = "its edges lie within [−1, 1], and the activations do not."
COMPRESSES, PUBLISHED, SATURATION = "compression", "published", "saturation"
GENERALISES, CLUSTERS, NOISY = "generalisation", "clustering", "compression-in-noise"
OWN_NOISE = "the others do not know the network's noise."


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


def compresses_in_noise() -> Claim:
    """The true information of noisy networks falls."""
    return Claim(
        key=NOISY,
        statement="In networks trained with noise I(X;T) of the last two hidden layers, which "
        "training can change there, falls from its maximum until the end.",
        source=f"{GOLDFELD}, noisy networks compress when they cluster",
        statistic=by_layer(margin, propagated),
        rests_on=of_propagated,
        evidence=falls,
        asked_of=propagated,
        because=OWN_NOISE,
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
            layer: after_peak(noisy["I_XT"].sel(layer=layer), bins.sel(layer=layer))
            for layer in LAST
        }
        return together(parts)

    return Claim(
        key=CLUSTERS,
        statement="In networks trained with noise, I(X;T) of the last two hidden layers falls, "
        "from its maximum on, with H(Bin(T)), the clustering of the activations.",
        source=f"{GOLDFELD}, compression is clustering",
        statistic=along,
        rests_on=of_propagated,
        unit="1",
        asked_of=propagated,
        because=OWN_NOISE,
        notes=(
            "The effect is Spearman's ρ over the moments after the maximum, 0 where fewer than "
            "four are left; bins are of the network without its noise.",
        ),
    )


def propagated(trace: Trace) -> list[str]:
    """The estimator that knows the noise of the units."""
    return [PROPAGATED]


def of_propagated(trace: Trace) -> xr.DataArray:
    """I(X;T) of the last two hidden layers by propagation, with its ceiling."""
    values = measured_by(trace, PROPAGATED)["I_XT"].sel(layer=list(LAST))
    return values.assign_attrs(trace["I_XT"].attrs)
