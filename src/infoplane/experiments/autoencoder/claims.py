"""What S0 and S1 say of a stacked autoencoder."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import xarray as xr

from infoplane.analysis.claims import SHUFFLED, UNTRAINED, Claim, Evidence
from infoplane.analysis.dpi import Chain, along
from infoplane.experiments.autoencoder.principal import NAME, has_principal, principal
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
from infoplane.values.trace import Trace

CODE = "code"
SOURCE = "yu2019understanding"
COSTS_LITTLE = 0.05
"""So much more of the test error is little."""
Beside = Mapping[str, Callable[[Trace], Trace]]
"""Networks on which a chain is asked too, by name."""
TYPE_ONE = "yu2019understanding, first property (type-I DPI)"
TYPE_TWO = "yu2019understanding, second property (type-II DPI; direction from memory)"


def claims(trace: Trace) -> list[Claim]:
    """All claims that a run can be asked about; those about the null only if it has one.

    Args:
        trace: The run, on one probe.
    """
    beside = {NAME: principal} if has_principal(trace) else {}
    chains_claimed = [_type_one(part, beside) for part in _TYPE_ONE]
    phases = [fitting(CODE), simplifying(CODE)]
    if not has_null(trace):
        without = [replace(claim, controls={}) for claim in phases]
        return [*chains_claimed, *_nested(beside), *without, early_stopping(), measurable()]
    corrected = [_type_one_above_null(part, beside) for part in _TYPE_ONE]
    return [
        *chains_claimed,
        *_nested(beside),
        *phases,
        *corrected,
        simplifying_above_null(CODE),
        early_stopping(SHUFFLED),
        measurable(),
    ]


def chains(trace: Trace) -> dict[str, Chain]:
    """S0's three chains: towards the code, back from the output, and through nested pairs."""
    return type_one_chains(trace) | {"nested": _nested_pairs(trace)}


def type_one_chains(trace: Trace) -> dict[str, Chain]:
    """I(X;T) from the input to the code, and I(T;X′) from the output to the code."""
    return {part: _type_one_chain(trace, part) for part in _TYPE_ONE}


def _type_one_chain(trace: Trace, part: str) -> Chain:
    """One of both, without the trouble of the other."""
    layers = [str(layer) for layer in trace["layer"].values]
    middle = layers.index(CODE)
    if part == "encoder":
        return Chain.of(along(trace, "I_XT", layers[: middle + 1], "I(input; {})"))
    return Chain.of(along(trace, "I_TY", [*layers[:middle:-1], CODE], "I({}; output)"))


def _nested_pairs(trace: Trace) -> Chain:
    """From the pair of input and output inwards to the code alone."""
    terms = {"I(input; output)": trace["I_XY"]}
    terms |= {f"I({pair})": trace["I_pair"].sel(pair=pair) for pair in trace["pair"].values}
    return Chain.of(terms | {f"S({CODE})": trace["S_T"].sel(layer=CODE)})


_TYPE_ONE = {
    "encoder": "about the input grows at no stage of training from layer to layer up to the code",
    "decoder": "about the reconstruction grows at no stage from the output back to the code",
}


def _type_one(part: str, beside: Beside) -> Claim:
    return chain_claim(
        f"dpi-{part}",
        f"Information {_TYPE_ONE[part]}.",
        TYPE_ONE,
        lambda trace: _type_one_chain(trace, part),
        controls=beside,
    )


def _type_one_above_null(part: str, beside: Beside) -> Claim:
    return chain_claim(
        f"dpi-{part}-above-null",
        f"The {part} chain also holds for information above its permutation mean.",
        NULL,
        lambda trace: _type_one_chain(plane_above_null(trace), part),
        rests_on=lambda trace: _type_one_chain(trace, part),
        controls=beside,
    )


def _nested(beside: Beside) -> list[Claim]:
    """S0's order of the nested pairs, and the opposite one."""
    notes = (
        "S0's order and that of the Markov chain contradict each other; an estimator without "
        "correction for dimension favours S0's. Both are tested, and neither need hold.",
        "The last term is the entropy S(code), which exceeds the estimator's I(code; code); under "
        "the scale-invariant rule the first term has the images' width and the others the layers', "
        "so that the first link compares different widths.",
    )
    inward = chain_claim(
        "dpi-nested",
        "Nested pairs lose information inwards: I(X;X′) ≥ I(T₁;T₁′) ≥ … ≥ S(code).",
        TYPE_TWO,
        _nested_pairs,
        controls=beside,
        notes=notes,
    )
    outward = chain_claim(
        "dpi-nested-markov",
        "Nested pairs gain information inwards: I(X;X′) ≤ I(T₁;T₁′) ≤ … ≤ S(code).",
        "data processing inequality of the Markov chain",
        lambda trace: _nested_pairs(trace).reversed(),
        controls=beside,
        notes=notes,
    )
    return [inward, outward]


def early_stopping(*controls: str) -> Claim:
    """Training may stop where the information of the code turns back.

    Args:
        controls: What it is asked of beside the last update and the untrained network.
    """
    asked: dict[str, Callable[[Trace], xr.DataArray]] = {
        "last update": lambda trace: _margin(trace, _information(trace).isel(snapshot=-1) * 0, -1),
        UNTRAINED: lambda trace: _margin(trace, _information(trace).isel(snapshot=0) * 0, 0),
    }
    if SHUFFLED in controls:
        asked[SHUFFLED] = lambda trace: _margin_at_peak(trace, "I_XT_null")
    return Claim(
        key="early-stopping",
        statement=f"Stopping where I(X;{CODE}) is largest costs at most {COSTS_LITTLE:.0%} of the "
        "least test error.",
        source=f"{SOURCE}, early stopping at the turning point (from memory)",
        statistic=lambda trace: _margin_at_peak(trace, "I_XT"),
        controls=asked,
        rests_on=_information,
        needs=lambda trace: [
            trace["loss_test"].expand_dims(estimator=trace["estimator"].values),
            *([_null_course(trace)] if SHUFFLED in controls else []),
        ],
        evidence=_stopping,
        unit="× least",
        notes=(
            f"The effect is {COSTS_LITTLE:.0%} less the relative cost, at the moments that were "
            "looked at. The controls stop elsewhere: where one shows the claim as well, the "
            "turning point is not needed for it.",
        ),
    )


def stopping_cost(trace: Trace, name: str = "I_XT") -> xr.DataArray:
    """How much larger the test error is where a course of the code peaks than at its least.

    Returns:
        A share of the least test error, 0 at best; the dimensions of the course but "snapshot".
    """
    course = _null_course(trace) if name.endswith("_null") else _information(trace)
    losses = trace["loss_test"]
    at_peak = losses.values[_places(course, trace)]
    peak = course.isel(snapshot=0, drop=True).copy(data=at_peak)
    return peak / float(losses.min()) - 1


def _places(course: xr.DataArray, trace: Trace) -> np.ndarray:
    """The moments of a Trace at which a course, of all or some of them, is largest."""
    steps = course["step"].values[course.argmax("snapshot").values]
    return np.searchsorted(trace["step"].values, steps)


def _margin_at_peak(trace: Trace, name: str) -> xr.DataArray:
    return COSTS_LITTLE - stopping_cost(trace, name)


def _margin(trace: Trace, like: xr.DataArray, moment: int) -> xr.DataArray:
    """The margin of stopping at one moment, the same for all that ``like`` (zeros) has."""
    losses = trace["loss_test"].values
    return like + COSTS_LITTLE - (float(losses[moment]) / float(losses.min()) - 1)


def _information(trace: Trace) -> xr.DataArray:
    return trace["I_XT"].sel(layer=CODE)


def _null_course(trace: Trace) -> xr.DataArray:
    return trace["I_XT_null"].sel(layer=CODE).dropna("snapshot", how="all")


def _stopping(trace: Trace) -> Evidence:
    """Where the mean course is largest, and what stopping there costs, by estimator."""
    losses, steps = trace["loss_test"].values, trace["step"].values
    places = _information(trace).mean("batch").argmax("snapshot")
    best = int(losses.argmin())
    return {
        str(name): {
            "turning point at step": int(steps[place]),
            "test error there": float(losses[place]),
            "least test error": float(losses[best]),
            "at step": int(steps[best]),
        }
        for name, place in zip(trace["estimator"].values, places.values, strict=True)
    }
