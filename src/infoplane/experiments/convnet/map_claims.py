"""What is asked of the maps of a network: redundancy in pairs, and what all of them share."""

from typing import Any

import numpy as np
import xarray as xr

from infoplane.analysis.claims import UNTRAINED, Claim
from infoplane.analysis.curves import drop, over_moments, peak_of, together
from infoplane.analysis.phases import LEAST
from infoplane.experiments.convnet.kept import by_part, convolutions, of_maps, of_pairs, share
from infoplane.values.ceilings import ceiling
from infoplane.values.estimate import SATURATION
from infoplane.values.trace import Trace

SOURCE = "yu2020understanding"
REDUNDANT = f"{SOURCE}, information plane and modified plane (from memory)"
CORRELATED = "yu2021measuring, total correlation of the maps of VGG-16"
HIGH = 0.9
"""A normalised total correlation near 1."""
JOINT_CEILING = (
    "Where the entropy of two maps and the input is at log₂ n, redundancy less synergy is what the "
    "entropies of the maps alone make it, whatever they share: see maps-measurable."
)
ALL_CEILING = (
    "The joint entropy of all maps cannot exceed log₂ n, so that T* nears 1 with the number of "
    "maps, trained or not: where it is saturated the claim is not measurable."
)


def of_pairs_of_maps(trace: Trace) -> list[Claim]:
    """All claims about maps, of a run on one probe."""
    asked = [
        _redundancy_effect(trace),
        _modified_plane(trace),
        _rises(
            "total-correlation",
            "T_star",
            "S_T",
            "The normalised total correlation T* of the maps rises in every convolution.",
            (ALL_CEILING,),
        ),
        _high(),
        _rises(
            "pairs",
            "I_star",
            "S_pair",
            "The normalised information I* of pairs of maps rises in every convolution.",
        ),
        *([_lower_first()] if len(convolutions(trace)) > 1 else []),
    ]
    return [*(of_pairs(one, trace) for one in asked), _pairs_measurable(trace)]


def _redundancy_effect(trace: Trace) -> Claim:
    layer = convolutions(trace)[-1]

    def later(one: Trace) -> xr.DataArray:
        maps = of_maps(one).sel(layer=layer)
        return over_moments(lambda i, r: r[-1] - r[peak_of(i)], maps["I_XT"], share(maps, "X"))

    return Claim(
        key="redundancy",
        statement=f"After I(X;{layer}) has peaked redundancy gains on synergy: the trade-off's "
        "share of what pairs of maps tell of the input rises from there to the end.",
        source=REDUNDANT,
        statistic=later,
        rests_on=lambda one: _informations(one, layer),
        unit="1",
        notes=(
            "The effect is the difference of the two shares; 0 if the peak is at the end.",
            JOINT_CEILING,
        ),
        needs=lambda one: (of_maps(one)["trade_off_X"].sel(layer=layer),),
    )


def _modified_plane(trace: Trace) -> Claim:
    layer = convolutions(trace)[-1]

    def smaller(one: Trace) -> xr.DataArray:
        falls = [drop(of_maps(one)[name].sel(layer=layer)) for name in ("I_XT", "non_redundant_X")]
        return xr.apply_ufunc(np.minimum, falls[0] - LEAST, falls[0] - falls[1])

    return Claim(
        key="modified-plane",
        statement=f"In the modified plane {layer} is compressed less: I(X;T) loses bits after its "
        "peak, and its non-redundant information about the input fewer.",
        source=REDUNDANT,
        statistic=smaller,
        rests_on=lambda one: _informations(one, layer),
        evidence=lambda one: _falls(one, layer),
        notes=(
            f"The effect is the lesser of what the fall of I(X;T) exceeds {LEAST} bit by and of "
            "what it exceeds the other fall by.",
            JOINT_CEILING,
        ),
        needs=lambda one: (of_maps(one)["non_redundant_X"].sel(layer=layer),),
    )


def _informations(trace: Trace, layer: str) -> xr.DataArray:
    """What all maps of a layer and what pairs of them tell of the input, along "part"."""
    maps = of_maps(trace).sel(layer=layer)
    parts = together({name: maps[name] for name in ("I_XT", "pairwise_X")})
    return parts.assign_attrs(maps["I_XT"].attrs)


def _falls(trace: Trace, layer: str) -> dict[str, dict[str, Any]]:
    maps = of_maps(trace).sel(layer=layer)
    falls = {name: drop(maps[name]).mean("batch") for name in ("I_XT", "non_redundant_X")}
    return {
        str(name): {
            f"fall of {what}": float(one.sel(estimator=name)) for what, one in falls.items()
        }
        for name in trace["estimator"].values
    }


def _rises(
    key: str, name: str, rests_on: str, statement: str, notes: tuple[str, ...] = ()
) -> Claim:
    def rise(one: Trace) -> xr.DataArray:
        values = of_maps(one)[name]
        change = values.isel(snapshot=-1) - values.isel(snapshot=0)
        return by_part(lambda layer: change.sel(layer=layer), convolutions(one))

    return Claim(
        key=f"{key}-rises",
        statement=statement,
        source=CORRELATED,
        statistic=rise,
        rests_on=lambda one: _ends(one, rests_on),
        evidence=lambda one: _ends_told(one, name),
        unit="1",
        notes=("The effect is the value at the end less that of the untrained network.", *notes),
    )


def _high() -> Claim:
    def above(one: Trace) -> xr.DataArray:
        end = of_maps(one)["T_star"].isel(snapshot=-1) - HIGH
        return by_part(lambda layer: end.sel(layer=layer), convolutions(one))

    def untrained(one: Trace) -> xr.DataArray:
        first = of_maps(one)["T_star"].isel(snapshot=0) - HIGH
        return by_part(lambda layer: first.sel(layer=layer), convolutions(one))

    return Claim(
        key="total-correlation-high",
        statement=f"At the end T* is near 1, above {HIGH}, in every convolution.",
        source=CORRELATED,
        statistic=above,
        rests_on=lambda one: _ends(one, "S_T"),
        controls={UNTRAINED: untrained},
        unit="1",
        notes=(f"That {HIGH} is near 1 is ours.", ALL_CEILING),
        needs=lambda one: (untrained(one),),
    )


def _lower_first() -> Claim:
    """From the paper's epochs: lower layers within 20, higher ones after 100."""

    def later(one: Trace) -> xr.DataArray:
        maps, ends = of_maps(one)["I_star"], convolutions(one)
        halves = [over_moments(_half_of_rise, maps.sel(layer=layer, drop=True)) for layer in ends]
        return halves[-1] - halves[0]

    return Claim(
        key="pairs-lower-first",
        statement="Pairs of maps grow alike in the first convolution sooner than in the last: I* "
        "has made half of its change at an earlier moment.",
        source=f"{CORRELATED}, histograms of pairs",
        statistic=later,
        rests_on=lambda one: _ends(one, "S_pair"),
        unit="1",
        notes=("The effect is the difference in moments, which are spaced logarithmically.",),
    )


def _half_of_rise(curves: np.ndarray) -> np.ndarray:
    """The first of the moments (snapshot, batch) by which half of all change was made."""
    change = np.abs(curves - curves[0])
    return np.argmax(change >= 0.5 * change[-1], axis=0).astype(float)


def _pairs_measurable(trace: Trace) -> Claim:
    def below(one: Trace) -> xr.DataArray:
        joint = of_maps(one)["joint_X"]
        room = SATURATION * ceiling(joint) - joint.isel(snapshot=-1)
        return by_part(lambda layer: room.sel(layer=layer), convolutions(one))

    claim = Claim(
        key="maps-measurable",
        statement="The entropy of two maps and the input stays below 95 % of log₂ n in every "
        "convolution, so that redundancy less synergy about the input can be measured.",
        source="definition of the trade-off; ours",
        statistic=below,
        rests_on=lambda one: xr.zeros_like(of_maps(one)["joint_X"].isel(snapshot=-1)),
        notes=(JOINT_CEILING,),
        needs=lambda one: (below(one),),
    )
    return of_pairs(claim, trace)


def _ends(trace: Trace, name: str) -> xr.DataArray:
    """A variable of every convolution at both ends of training, along "part"."""
    values = of_maps(trace)[name].isel(snapshot=[0, -1])
    parts = by_part(lambda layer: values.sel(layer=layer), convolutions(trace))
    return parts.assign_attrs(values.attrs)


def _ends_told(trace: Trace, name: str) -> dict[str, dict[str, Any]]:
    values = of_maps(trace)[name].mean("batch")
    return {
        str(estimator): {
            f"{layer}, {when}": float(
                values.sel(estimator=estimator, layer=layer).isel(snapshot=place)
            )
            for layer in convolutions(trace)
            for place, when in ((0, "untrained"), (-1, "end"))
        }
        for estimator in trace["estimator"].values
    }
