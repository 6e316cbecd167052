"""What a reader looks for in a variational autoencoder: profiles over the layers, and over time."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.latent.profile import AXIS, PROFILE, looked_at
from infoplane.values.panel import STANDARD_ERROR, Axis, Panel, Series
from infoplane.values.trace import Trace

LINKS = Axis("link from representation l to l + 1", ticks=AXIS.ticks[:-1])
_IMBALANCES = {
    "imbalance_TX": "How badly a layer knows who is near in the input",
    "imbalance_XT": "How badly the input knows who is near in a layer",
    "imbalance_TY": "How badly a layer knows who is near in the output",
    "imbalance_YT": "How badly the output knows who is near in a layer",
}
CHANGE = (
    "Δ(l → l + 1) − Δ(l + 1 → l) over their mean: below 0 the later layer has lost what the "
    "earlier knows (compression), above 0 it has gained (expansion)."
)
READ = "From 2/n (everything; of k neighbours (k + 1)/n) to 1 (nothing)."


def panels(trace: Trace) -> list[Panel]:
    """Profiles under every scale, then dimension, imbalance and objective over training."""
    moments = looked_at(trace)
    scales = [str(name) for name in trace["estimator"].values]
    return [
        *(_dimension_profile(moments, scale) for scale in scales),
        *(_imbalance_profile(moments, name, scale) for name in _IMBALANCES for scale in scales),
        *(_change_profile(moments, scale) for scale in scales),
        *(
            shared.curves(moments, "dimension_T", scale, "Dimension of each layer over training.")
            for scale in scales
        ),
        *(
            shared.curves(moments, "imbalance_TX", scale, f"{_IMBALANCES['imbalance_TX']}. {READ}")
            for scale in scales
        ),
        *objective(trace),
    ]


def objective(trace: Trace) -> list[Panel]:
    """The rate, and both parts of the objective, over training."""
    return [
        shared.companions(
            trace,
            "rate",
            "Rate KL(q(z|x) ‖ p(z))",
            "Mean over the images of each batch. It bounds what the code can know of the image; "
            "1 bit is 0.69 nat.",
            {"rate": ""},
        ),
        shared.companions(
            trace,
            "objective",
            "Parts of the objective",
            "Reconstruction error (cross-entropy, summed over pixels) and KL divergence on fixed "
            "training and test images.",
            {
                "reconstruction_train": "reconstruction, training",
                "reconstruction_test": "reconstruction, test",
                "divergence_train": "divergence, training",
                "divergence_test": "divergence, test",
            },
        ),
    ]


def profile(values: xr.DataArray, names: Sequence[str], over: str, label: str) -> Series:
    """One curve over layers or links, in their order.

    Args:
        values: Numbers of one moment along ``over`` and what they are repeated over.
        names: The layers or links.
        over: "layer" or "pair".
        label: What the legend says.
    """
    chosen = values.sel({over: list(names)})
    errors, told = shared.spread(chosen)
    return Series(
        name=label,
        x=np.arange(len(names), dtype=float),
        y=mean("", chosen).values,
        y_error=errors,
        error_is=told or STANDARD_ERROR,
    )


def _moments(values: xr.DataArray) -> dict[str, xr.DataArray]:
    """A variable at every moment, by what a legend says of it."""
    return {
        f"epoch {float(epoch):g}": values.isel(snapshot=place)
        for place, epoch in enumerate(values["epoch"].values)
    }


def _dimension_profile(moments: Trace, scale: str) -> Panel:
    """ID over the layers, a curve per moment."""
    values = moments["dimension_T"].sel(estimator=scale)
    return Panel(
        key=f"dimension-profile-{scale}",
        title="Intrinsic dimension over the layers",
        caption=(
            "One curve for each moment of training. The code (5) is drawn: its dimension is partly "
            f"that of noise. {samples(values)} Dimensions above 10 come out too low."
        ),
        x=AXIS,
        y=Axis("intrinsic dimension"),
        series=tuple(
            profile(one, PROFILE, "layer", epoch) for epoch, one in _moments(values).items()
        ),
        group=scale,
        scale="dimension-profile",
    )


def _imbalance_profile(moments: Trace, name: str, scale: str) -> Panel:
    """An imbalance over the layers, a curve per moment."""
    values = moments[name].sel(estimator=scale)
    return Panel(
        key=f"{name.replace('_', '-')}-profile-{scale}",
        title=f"{values.attrs['long_name']} over the layers",
        caption=f"{_IMBALANCES[name]}. {READ} {samples(values)}",
        x=AXIS,
        y=Axis(str(values.attrs["long_name"])),
        series=tuple(
            profile(one, PROFILE, "layer", epoch) for epoch, one in _moments(values).items()
        ),
        group=scale,
        scale="imbalance-profile",
    )


def _change_profile(moments: Trace, scale: str) -> Panel:
    """Compression and expansion from layer to layer, a curve per moment."""
    values = moments["imbalance_change"].sel(estimator=scale)
    links = [str(one) for one in values["pair"].values]
    return Panel(
        key=f"change-profile-{scale}",
        title="Compression and expansion from layer to layer",
        caption=f"{CHANGE} {samples(values)}",
        x=LINKS,
        y=Axis("relative difference"),
        series=tuple(profile(one, links, "pair", epoch) for epoch, one in _moments(values).items()),
        group=scale,
        scale="change-profile",
    )


def samples(values: xr.DataArray) -> str:
    """How many samples the numbers are of, a sentence."""
    return f"n = {values.attrs['n']} in each batch."
