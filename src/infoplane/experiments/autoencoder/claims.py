"""What S0 and S1 say of a stacked autoencoder, each as a statistic that should be positive."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from infoplane.analysis import phases
from infoplane.analysis.claims import Claim, above_null
from infoplane.analysis.dpi import Chain, along, link_evidence, trained_slack, weakest
from infoplane.values.estimate import SATURATION
from infoplane.values.trace import Trace

CODE = "code"
TYPE_ONE = "yu2019understanding, first property (type-I DPI)"
TYPE_TWO = "yu2019understanding, second property (type-II DPI; direction from memory)"
PHASES = "lee2021information, fitting and simplifying phase"


def claims(trace: Trace) -> list[Claim]:
    """All claims that a run can be asked about; those about the null only if it has one."""
    raw, corrected = [], []
    for part in ("encoder", "decoder"):
        raw.append(_type_one(part))
        if "I_XT_null" in trace:
            corrected.append(_type_one_above_null(part))
    if "I_XT_null" in trace:
        corrected.append(_simplifying_above_null())
    return [*raw, *_nested(), _fitting(), _simplifying(), *corrected, _measurable()]


def chains(trace: Trace) -> dict[str, Chain]:
    """S0's three chains: towards the code, back from the output, and through nested pairs."""
    nested = {"I(input; output)": trace["I_XY"]}
    nested |= {f"I({pair})": trace["I_pair"].sel(pair=pair) for pair in trace["pair"].values}
    nested |= {f"S({CODE})": trace["S_T"].sel(layer=CODE)}
    return _type_one_chains(trace) | {"nested": Chain.of(nested)}


def _type_one_chains(trace: Trace) -> dict[str, Chain]:
    """I(X;T) from the input to the code, and I(T;X′) from the output to the code."""
    layers = [str(layer) for layer in trace["layer"].values]
    middle = layers.index(CODE)
    inward, outward = layers[: middle + 1], layers[:middle:-1]
    return {
        "encoder": Chain.of(along(trace, "I_XT", inward, "I(input; {})")),
        "decoder": Chain.of(along(trace, "I_TY", [*outward, CODE], "I({}; output)")),
    }


def _above_null(trace: Trace) -> Trace:
    """The plane's informations with their permutation means taken off."""
    return xr.Dataset({name: above_null(trace, name) for name in ("I_XT", "I_TY")})


def _type_one(part: str) -> Claim:
    direction = {
        "encoder": "about the input never grows from layer to layer up to the code",
        "decoder": "about the reconstruction never grows from the output back to the code",
    }
    return _chain_claim(
        f"dpi-{part}",
        f"Information {direction[part]}.",
        TYPE_ONE,
        lambda trace: _type_one_chains(trace)[part],
    )


def _type_one_above_null(part: str) -> Claim:
    return _chain_claim(
        f"dpi-{part}-above-null",
        f"The {part} chain also holds for information above its permutation mean.",
        "skean2023dime; S0 itself subtracts nothing",
        lambda trace: _type_one_chains(_above_null(trace))[part],
    )


def _nested() -> list[Claim]:
    """S0's order of the nested pairs, and the opposite one."""
    opposites = (
        "S0's order and that of the Markov chain contradict each other; an estimator without "
        "correction for dimension favours S0's. Both are tested, and ties are possible.",
    )
    inward = _chain_claim(
        "dpi-nested",
        "Nested pairs lose information inwards: I(X;X′) ≥ I(T₁;T₁′) ≥ … ≥ S(code).",
        TYPE_TWO,
        lambda trace: chains(trace)["nested"],
        opposites,
    )
    outward = _chain_claim(
        "dpi-nested-markov",
        "Nested pairs gain information inwards: I(X;X′) ≤ I(T₁;T₁′) ≤ … ≤ S(code).",
        "data processing inequality of the Markov chain",
        lambda trace: chains(trace)["nested"].reversed(),
        opposites,
    )
    return [inward, outward]


def _chain_claim(
    key: str,
    statement: str,
    source: str,
    chain: Callable[[Trace], Chain],
    notes: tuple[str, ...] = (),
) -> Claim:
    return Claim(
        key=key,
        statement=statement,
        source=source,
        statistic=lambda trace: weakest(trained_slack(chain(trace))),
        rests_on=lambda trace: chain(trace).values,
        evidence=lambda trace, estimator: link_evidence(trained_slack(chain(trace)), estimator),
        notes=("The effect is the mean slack of the weakest link over all steps.", *notes),
    )


def _fitting() -> Claim:
    return Claim(
        key="fitting",
        statement="There is a fitting phase: I(X;code) and I(code;X′) both rise by 0.25 bit.",
        source=PHASES,
        statistic=lambda trace: phases.fitting(_of_code(trace, "I_XT"), _of_code(trace, "I_TY")),
        rests_on=lambda trace: _of_code(trace, "I_XT"),
        evidence=lambda trace, estimator: _course(trace, estimator),
        notes=("The effect is the smaller rise less 0.25 bit.",),
    )


def _simplifying() -> Claim:
    return Claim(
        key="simplifying",
        statement="There is a simplifying phase: I(X;code) falls after its peak.",
        source=PHASES,
        statistic=lambda trace: phases.simplifying(_of_code(trace, "I_XT")),
        rests_on=lambda trace: _of_code(trace, "I_XT"),
        evidence=lambda trace, estimator: _course(trace, estimator),
        notes=(
            "The effect is the fall from the peak less the least that counts (0.25 bit and 5 % "
            "of the peak), or the decline after the peak if that is smaller.",
        ),
    )


def _simplifying_above_null() -> Claim:
    return Claim(
        key="simplifying-above-null",
        statement="The fall of I(X;code) is there above the permutation mean, too.",
        source="skean2023dime; S1 itself subtracts nothing",
        statistic=lambda trace: phases.simplifying(above_null(_code_only(trace), "I_XT")),
        rests_on=lambda trace: _of_code(trace, "I_XT"),
        evidence=lambda trace, estimator: {},
        notes=("Measured at the snapshots that have a null.",),
    )


def _measurable() -> Claim:
    """Not a paper's claim, but what all of theirs rest on."""
    return Claim(
        key="measurable",
        statement="The entropy of the input stays below 95 % of log₂ n, so that I(X;T) can "
        "differ from S(T).",
        source="lee2021information, notes on saturation",
        statistic=lambda trace: (
            SATURATION * trace["S_X"].attrs["ceiling"] - trace["S_X"].isel(snapshot=-1)
        ),
        rests_on=lambda trace: xr.zeros_like(trace["S_X"]).assign_attrs(trace["S_X"].attrs),
        evidence=_saturated_layers,
        notes=("If contradicted, I(X;T) is S(T) under another name.",),
        controlled=False,
    )


def _of_code(trace: Trace, name: str) -> xr.DataArray:
    return trace[name].sel(layer=CODE)


def _code_only(trace: Trace) -> Trace:
    return trace.sel(layer=CODE)


def _course(trace: Trace, estimator: str) -> Mapping[str, Any]:
    """Start, peak and end of both informations of the code, and of its scale."""
    numbers: dict[str, Any] = {}
    for name, words in (("I_XT", "I(X;code)"), ("I_TY", "I(code;X′)")):
        curve = _of_code(trace, name).sel(estimator=estimator).mean("batch").values
        peak = int(np.argmax(curve))
        numbers[words] = {
            "start": float(curve[0]),
            "peak": float(curve[peak]),
            "peak at step": int(trace["step"][peak]),
            "end": float(curve[-1]),
        }
    norm = trace["norm_T"].sel(layer=CODE).mean("batch").values
    return numbers | {"mean norm of the code": {"start": float(norm[0]), "end": float(norm[-1])}}


def _saturated_layers(trace: Trace, estimator: str) -> Mapping[str, Any]:
    """S(X), and for each layer the share of steps at which S(T) is at its ceiling."""
    entropies = trace["S_T"].sel(estimator=estimator).mean("batch")
    limit = SATURATION * trace["S_T"].attrs["ceiling"]
    share = (entropies >= limit).mean("snapshot")
    return {
        "S(X)": float(trace["S_X"].sel(estimator=estimator).mean()),
        "log2 n": trace["S_X"].attrs["ceiling"],
        "share of saturated steps": {
            str(layer): float(share.sel(layer=layer)) for layer in trace["layer"].values
        },
    }
