"""Claims that several papers make, in terms of layers: chains, phases, and what can be measured."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.claims import (
    SHUFFLED,
    UNTRAINED,
    Claim,
    Evidence,
    Statistic,
    above_null,
    trained,
    untrained,
)
from infoplane.analysis.curves import last_moments
from infoplane.analysis.dpi import Chain, by_stage, link_evidence, untrained_slack
from infoplane.values.ceilings import ceiling, saturated
from infoplane.values.estimate import SATURATION
from infoplane.values.trace import Trace

PHASES = "lee2021information, fitting and simplifying phase"
NULL = "skean2023dime; the papers themselves subtract nothing"


def chain_claim(
    key: str,
    statement: str,
    source: str,
    chain: Callable[[Trace], Chain],
    *,
    rests_on: Callable[[Trace], Chain] | None = None,
    controls: Mapping[str, Callable[[Trace], Trace]] = MappingProxyType({}),
    notes: tuple[str, ...] = (),
) -> Claim:
    """A chain of inequalities holds, link by link, at every stage of training.

    Args:
        key: Short name.
        statement: The claim in words.
        source: Where it comes from.
        chain: The chain of a Trace.
        rests_on: The raw chain whose saturation counts; None for the chain itself.
        controls: Networks beside the untrained one on which the chain is asked too, each as a
            Trace of one moment.
        notes: What else a reader needs.
    """
    return Claim(
        key=key,
        statement=statement,
        source=source,
        statistic=lambda trace: by_stage(chain(trained(trace)).slack()),
        controls={
            name: _of_one_moment(chain, of)
            for name, of in {UNTRAINED: untrained, **controls}.items()
        },
        rests_on=lambda trace: (rests_on or chain)(trained(trace)).values,
        needs=lambda trace: [
            (rests_on or chain)(of(trace)).values for of in (untrained, *controls.values())
        ],
        evidence=lambda trace: link_evidence(chain(trained(trace)).slack()),
        notes=("The effect is the mean slack of the weakest link at its weakest stage.", *notes),
    )


def _of_one_moment(chain: Callable[[Trace], Chain], of: Callable[[Trace], Trace]) -> Statistic:
    """The slack of a chain at one moment, under the name of every stage."""
    return lambda trace: untrained_slack(chain(of(trace)).slack())


def fitting(layer: str) -> Claim:
    """Both informations of a layer rise."""
    return Claim(
        key="fitting",
        statement=f"There is a fitting phase: I(X;{layer}) and I({layer};Y) both rise by 0.25 bit.",
        source=PHASES,
        statistic=lambda trace: phases.fitting(
            _of(trace, "I_XT", layer), _of(trace, "I_TY", layer)
        ),
        controls={
            SHUFFLED: lambda trace: phases.fitting(
                _null(trace, "I_XT", layer), _null(trace, "I_TY", layer)
            )
        },
        rests_on=lambda trace: _of(trace, "I_XT", layer).isel(snapshot=[0]),
        evidence=lambda trace: _course(trace, layer),
        notes=(
            "The effect is the smaller rise less 0.25 bit. What is saturated at the start cannot "
            "rise.",
            _NULL_CONTROL,
        ),
        needs=lambda trace: (
            _of(trace, "I_XT", layer),
            _of(trace, "I_TY", layer),
            *_nulls(trace, layer),
        ),
    )


def simplifying(layer: str) -> Claim:
    """The information of a layer about the input falls after its peak."""
    return Claim(
        key="simplifying",
        statement=f"There is a simplifying phase: I(X;{layer}) falls by 0.25 bit or more after its "
        "peak.",
        source=PHASES,
        statistic=lambda trace: phases.simplifying(_of(trace, "I_XT", layer)),
        controls={SHUFFLED: lambda trace: phases.simplifying(_null(trace, "I_XT", layer))},
        rests_on=lambda trace: last_moments(_of(trace, "I_XT", layer)),
        evidence=lambda trace: _falls(trace, layer),
        notes=(_FALL, _CEILING, _NULL_CONTROL),
        needs=lambda trace: (
            _of(trace, "I_XT", layer),
            _of(trace, "I_TY", layer),
            *_nulls(trace, layer),
        ),
    )


def simplifying_above_null(layer: str) -> Claim:
    """The fall is there for information above its permutation mean."""
    return Claim(
        key="simplifying-above-null",
        statement=f"The fall of I(X;{layer}) is there above the permutation mean, too.",
        source=NULL,
        statistic=lambda trace: phases.simplifying(above_null(trace.sel(layer=layer), "I_XT")),
        rests_on=lambda trace: last_moments(_of(trace, "I_XT", layer)),
        notes=(_FALL, _CEILING, "Measured at the snapshots that have a null."),
        needs=lambda trace: (_of(trace, "I_XT", layer), *_nulls(trace, layer)),
    )


def measurable() -> Claim:
    """Not a paper's claim, but what all of theirs rest on."""
    return Claim(
        key="measurable",
        statement="The entropy of the input stays below 95 % of log₂ n, so that I(X;T) can "
        "differ from S(T).",
        source="lee2021information, notes on saturation",
        statistic=_below_saturation,
        rests_on=lambda trace: xr.zeros_like(trace["S_X"]),
        evidence=_saturated_layers,
        notes=(
            "If contradicted, I(X;T) is S(T) under another name.",
            "Of an estimator whose ceiling is not known it cannot be asked.",
        ),
        needs=lambda trace: (_below_saturation(trace),),
    )


_FALL = (
    "The effect is the fall from the peak less the least that counts (0.25 bit and 5 % of the "
    "peak), or the decline after the peak if that is smaller."
)
_CEILING = "What is still saturated at the end has not fallen as far as could be measured."
_NULL_CONTROL = (
    "An untrained network has no course, so the control is the same statistic on the shuffled "
    "samples: if they show it, entropies moved and not what the variables share."
)


def has_null(trace: Trace) -> bool:
    """Whether a run measured the permutation null."""
    return "I_XT_null" in trace


def plane_above_null(trace: Trace) -> Trace:
    """The plane's informations with their permutation means taken off."""
    values = {name: above_null(trace, name) for name in ("I_XT", "I_TY")}
    return xr.Dataset(values).assign_coords(step=values["I_XT"]["step"])


def _of(trace: Trace, name: str, layer: str) -> xr.DataArray:
    return trace[name].sel(layer=layer)


def _null(trace: Trace, name: str, layer: str) -> xr.DataArray:
    return _of(trace, f"{name}_null", layer).dropna("snapshot", how="all")


def _nulls(trace: Trace, layer: str) -> list[xr.DataArray]:
    """The nulls of a layer's informations, if there are any."""
    return [_null(trace, name, layer) for name in ("I_XT", "I_TY") if f"{name}_null" in trace]


def _falls(trace: Trace, layer: str) -> Evidence:
    """The course, and the fall at those few moments at which the control was measured."""
    course = _course(trace, layer)
    if not has_null(trace):
        return course
    null = _null(trace, "I_XT", layer)
    there = _of(trace, "I_XT", layer).isel(snapshot=trace["step"].isin(null["step"]).values)
    falls = {"of the network": there, "of the shuffled samples": null}
    means = {words: phases.simplifying(curve).mean("batch") for words, curve in falls.items()}
    words = f"effect at the {null.sizes['snapshot']} moments that have a null"
    return {
        name: {**told, words: {of: float(one.sel(estimator=name)) for of, one in means.items()}}
        for name, told in course.items()
    }


def _course(trace: Trace, layer: str) -> Evidence:
    """Start, peak and end of both informations of a layer, and of its scale, by estimator."""
    means = {
        words: _of(trace, name, layer).mean("batch").transpose("estimator", "snapshot").values
        for name, words in (("I_XT", f"I(X;{layer})"), ("I_TY", f"I({layer};Y)"))
    }
    norm = trace["norm_T"].sel(layer=layer).mean("batch").values
    scale = {f"mean norm of {layer}": {"start": float(norm[0]), "end": float(norm[-1])}}
    steps = trace["step"].values
    return {
        str(name): {words: _turns(curves[i], steps) for words, curves in means.items()} | scale
        for i, name in enumerate(trace["estimator"].values)
    }


def _turns(curve: np.ndarray, steps: np.ndarray) -> dict[str, float]:
    """Where a curve starts, peaks and ends; values and steps are of shape (snapshot,)."""
    peak = int(np.argmax(curve))
    return {
        "start": float(curve[0]),
        "peak": float(curve[peak]),
        "peak at step": int(steps[peak]),
        "end": float(curve[-1]),
    }


def _below_saturation(trace: Trace) -> xr.DataArray:
    """Bits by which the entropy of the input, at the end, is less than a saturated one."""
    return SATURATION * ceiling(trace["S_X"]) - trace["S_X"].isel(snapshot=-1)


def _saturated_layers(trace: Trace) -> Evidence:
    """How near to log₂ n the entropies are, by estimator."""
    return {str(name): _saturated_under(trace, str(name)) for name in trace["estimator"].values}


def _saturated_under(trace: Trace, estimator: str) -> Mapping[str, Any]:
    """S(X), and for each layer the share of its measured steps at which S(T) is saturated."""
    entropies = trace["S_T"].sel(estimator=estimator).mean("batch", keep_attrs=True)
    share = saturated(entropies).where(entropies.notnull()).mean("snapshot").dropna("layer")
    return {
        "S(X)": float(trace["S_X"].sel(estimator=estimator).mean()),
        "log2 n": float(ceiling(trace["S_X"]).sel(estimator=estimator)),
        "share of saturated steps": {
            str(layer): float(share.sel(layer=layer)) for layer in share["layer"].values
        },
    }
