"""What a Trace of a convolutional network holds: its maps, its chains, the moments of pairs."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import xarray as xr

from infoplane.analysis.claims import Claim, estimators
from infoplane.analysis.curves import together
from infoplane.analysis.dpi import Chain, along
from infoplane.experiments.convnet.control import LABELS, control, has_control
from infoplane.experiments.convnet.settings import TENSOR
from infoplane.values.trace import Trace

NO_MAPS = "it takes a layer as one tensor, in which there are no maps."
TARGETS: Mapping[str, str] = {"X": "the input", "Y": "the class"}
"""What pairs of maps tell of."""


def layers(trace: Trace) -> list[str]:
    """All layers, from the input on."""
    return [str(layer) for layer in trace["layer"].values]


def convolutions(trace: Trace) -> list[str]:
    """The layers of maps, from the input on."""
    return [name for name in layers(trace) if name.startswith("conv.")]


def has_pairs(trace: Trace) -> bool:
    """Whether pairs of maps were looked at."""
    return "trade_off_X" in trace


def of_maps(trace: Trace) -> Trace:
    """The layers of maps at the moments at which pairs of them were looked at."""
    values = trace["trade_off_X"]
    there = values.notnull().any([dim for dim in values.dims if dim != "snapshot"])
    return trace.sel(layer=convolutions(trace)).isel(snapshot=there.values)


def with_maps(trace: Trace) -> list[str]:
    """The estimators that take maps as variables."""
    return [name for name in estimators(trace) if name != TENSOR]


def share(trace: Trace, target: str) -> xr.DataArray:
    """Redundancy less synergy as a share of what pairs tell; the rest is the non-redundant one."""
    return trace[f"trade_off_{target}"] / trace[f"pairwise_{target}"]


def forward(trace: Trace) -> Chain:
    """I(X;T) from the first layer to the logits."""
    return Chain.of(along(trace, "I_XT", layers(trace), "I(input; {})"))


def backward(trace: Trace) -> Chain:
    """I(δ_K;δ_i) from the layer before the last back to the first.

    Raises:
        InfoplaneError: There are fewer than two of them.
    """
    *before, last = layers(trace)
    return Chain.of(along(trace, "I_delta", before[::-1], f"I(δ {last}; δ {{}})"))


def by_part(
    values: Callable[[str], xr.DataArray], parts: Mapping[str, str] | list[str]
) -> xr.DataArray:
    """A number of every layer, or whatever it is, along "part"."""
    return together({name: values(name) for name in parts})


def beside(claim: Claim, trace: Trace) -> Claim:
    """The claim with the network of shuffled labels as a control, if there is one."""
    if not has_control(trace):
        return claim
    return replace(
        claim,
        controls={**claim.controls, LABELS: lambda one: claim.statistic(control(one))},
        needs=lambda one: (*claim.needs(one), claim.statistic(control(one))),
    )


def of_pairs(claim: Claim, trace: Trace) -> Claim:
    """The same, asked of the estimators that know maps."""
    return replace(beside(claim, trace), asked_of=with_maps, because=NO_MAPS)
