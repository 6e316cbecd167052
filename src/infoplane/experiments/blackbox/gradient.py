"""Drift and diffusion: the gradient's two phases, and whether compression begins between them."""

import numpy as np
import xarray as xr

from infoplane.analysis.claims import Claim, Evidence
from infoplane.analysis.curves import together
from infoplane.analysis.networks import INIT, first_below, margin, of_estimators, peak_moment
from infoplane.experiments.blackbox.asked import FALL, LAST, PAPER, counted, curves_of
from infoplane.values.trace import Trace

EARLY, LATE = 0.01, 0.05
"""Shares of training that are "early" and "late"; early has at least the first moment after 0."""
FACTOR = 4.0
"""Two epochs go together if neither is more than so many times the other."""
TRANSITION, ONSET = "gradient", "onset"


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
