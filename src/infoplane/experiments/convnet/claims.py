"""What is asked of one convolutional network: chains, phases, redundancy, total correlation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from infoplane.analysis.claims import Claim, above_null
from infoplane.analysis.curves import drop, last_moments, over_moments, peak_of, smoothed
from infoplane.analysis.dpi import Chain
from infoplane.analysis.phases import LEAST
from infoplane.experiments.claims import (
    NULL,
    chain_claim,
    fitting,
    has_null,
    measurable,
    plane_above_null,
    simplifying,
    simplifying_above_null,
)
from infoplane.experiments.convnet.control import LABELS, control, has_control
from infoplane.experiments.convnet.kept import (
    backward,
    beside,
    by_part,
    convolutions,
    forward,
    has_pairs,
    layers,
)
from infoplane.experiments.convnet.map_claims import REDUNDANT, SOURCE, of_pairs_of_maps
from infoplane.values.trace import Trace, held_out, sides

CHAIN = f"{SOURCE}, the two data processing inequalities (from memory)"
TENSORS = "wickstrom2019information"


def claims(trace: Trace) -> list[Claim]:
    """All claims about a run on one probe; those about nulls and pairs only if it has them."""
    asked = [*_chains(trace), *_phases(trace), measurable()]
    return [*asked, *of_pairs_of_maps(trace)] if has_pairs(trace) else asked


def of_both_probes(trace: Trace) -> list[Claim]:
    """Claims about training and test samples beside each other; none of one probe."""
    asked = [_apparent_in_training(), _stops_before()] if len(sides(trace)) > 1 else []
    return [beside(one, trace) for one in asked]


def watched_layers(trace: Trace) -> list[str]:
    """Whose phases are asked about: the last layer of maps and the last hidden layer."""
    hidden = layers(trace)[:-1]
    return list(dict.fromkeys((convolutions(trace)[-1], hidden[-1])))


def _chains(trace: Trace) -> list[Claim]:
    beside_it = {LABELS: _end_of_control} if has_control(trace) else {}
    asked: list[tuple[str, str, Callable[[Trace], Chain]]] = [
        ("forward", "Information about the input grows at no stage from layer to layer.", forward),
        (
            "backward",
            "Information about the errors of the last layer grows at no stage from layer to layer "
            "backwards: I(δ_K;δ_K₋₁) ≥ … ≥ I(δ_K;δ₁).",
            backward,
        ),
    ]
    found = [
        chain_claim(f"dpi-{name}", words, CHAIN, chain, controls=beside_it)
        for name, words, chain in asked
    ]
    if not has_null(trace):
        return found
    above: dict[str, Callable[[Trace], Trace]] = {
        "forward": plane_above_null,
        "backward": _errors_above_null,
    }
    return found + [_above(name, chain, above[name]) for name, _, chain in asked]


def _above(name: str, chain: Callable[[Trace], Chain], above: Callable[[Trace], Trace]) -> Claim:
    return chain_claim(
        f"dpi-{name}-above-null",
        f"The {name} chain also holds for information above its permutation mean.",
        NULL,
        lambda trace: chain(above(trace)),
        rests_on=chain,
    )


def _errors_above_null(trace: Trace) -> Trace:
    values = above_null(trace, "I_delta")
    return xr.Dataset({"I_delta": values}).assign_coords(step=values["step"])


def _end_of_control(trace: Trace) -> Trace:
    return control(trace).isel(snapshot=[-1])


def _phases(trace: Trace) -> list[Claim]:
    """Fitting and compression of two layers, as S3's information plane is read."""
    found = []
    for layer in watched_layers(trace):
        kinds = [fitting(layer), simplifying(layer)]
        if not has_null(trace):
            kinds = [replace(one, controls={}) for one in kinds]
        asked = [beside(one, trace) for one in kinds]
        asked += [simplifying_above_null(layer)] if has_null(trace) else []
        found += [replace(one, key=f"{one.key}-{layer}", source=_read(one)) for one in asked]
    return found


def _read(claim: Claim) -> str:
    return claim.source if claim.source == NULL else f"{REDUNDANT}; {claim.source}"


def _apparent_in_training() -> Claim:
    def more(trace: Trace) -> xr.DataArray:
        train, test = sides(trace).values()

        def beyond(layer: str) -> xr.DataArray:
            falls = [drop(_of(side, layer)) for side in (train, test)]
            return xr.apply_ufunc(np.minimum, falls[0] - LEAST, falls[0] - falls[1])

        return by_part(beyond, watched_layers(held_out(trace)))

    return Claim(
        key="compression-in-training",
        statement="I(X;T) falls after its peak on training samples, and further than on test "
        "samples.",
        source=f"{TENSORS}, compression mostly on training data",
        statistic=more,
        rests_on=lambda trace: by_part(
            lambda layer: last_moments(_of(trace, layer)), watched_layers(held_out(trace))
        ).assign_attrs(trace["I_XT"].attrs),
        notes=(
            f"The effect is the lesser of what the fall on training samples exceeds {LEAST} bit "
            "by and of what it exceeds the other fall by.",
        ),
        needs=lambda trace: (more(trace),),
    )


def _stops_before() -> Claim:
    def parts(trace: Trace) -> xr.DataArray:
        train, _ = sides(trace).values()
        layer = watched_layers(held_out(trace))[-1]
        stop = int(np.argmin(trace["loss_test"].values))
        curve = _of(train, layer)
        at_stop = over_moments(lambda one: LEAST - _fallen(one, stop), curve)
        after = over_moments(lambda one: _fallen(one, len(one) - 1) - LEAST, curve)
        return by_part(
            {"not before": at_stop, "but later": after}.__getitem__, ["not before", "but later"]
        )

    return Claim(
        key="stops-before-compression",
        statement="Early stopping stops before compression: where the test loss is least, I(X;T) "
        f"of the last hidden layer has not fallen by {LEAST} bit on training samples; by the end "
        "it has.",
        source=f"{TENSORS}, early stopping",
        statistic=parts,
        rests_on=lambda trace: last_moments(_of(trace, watched_layers(held_out(trace))[-1])),
        evidence=_stop_told,
        needs=lambda trace: (
            parts(trace),
            trace["loss_test"].expand_dims(estimator=trace["estimator"].values),
        ),
    )


def _fallen(curves: np.ndarray, place: int) -> np.ndarray:
    """Bits lost from the peak before a moment to that moment, of (snapshot, batch)."""
    smooth = smoothed(curves)[: place + 1]
    return smooth[peak_of(smooth)] - smooth[place]


def _stop_told(trace: Trace) -> dict[str, dict[str, Any]]:
    stop = int(np.argmin(trace["loss_test"].values))
    told = {"test loss is least at step": int(trace["step"].values[stop])}
    return {str(name): told for name in trace["estimator"].values}


def _of(trace: Trace, layer: str) -> xr.DataArray:
    return trace["I_XT"].sel(layer=layer)
