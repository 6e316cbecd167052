"""What S0 and S1 say of a stacked autoencoder."""

from dataclasses import replace

from infoplane.analysis.claims import Claim
from infoplane.analysis.dpi import Chain, along
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
TYPE_ONE = "yu2019understanding, first property (type-I DPI)"
TYPE_TWO = "yu2019understanding, second property (type-II DPI; direction from memory)"


def claims(trace: Trace) -> list[Claim]:
    """All claims that a run can be asked about; those about the null only if it has one."""
    chains_claimed = [_type_one(part) for part in _TYPE_ONE]
    phases = [fitting(CODE), simplifying(CODE)]
    if not has_null(trace):
        without = [replace(claim, control=None) for claim in phases]
        return [*chains_claimed, *_nested(), *without, measurable()]
    corrected = [_type_one_above_null(part) for part in _TYPE_ONE]
    return [
        *chains_claimed,
        *_nested(),
        *phases,
        *corrected,
        simplifying_above_null(CODE),
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


def _type_one(part: str) -> Claim:
    return chain_claim(
        f"dpi-{part}",
        f"Information {_TYPE_ONE[part]}.",
        TYPE_ONE,
        lambda trace: _type_one_chain(trace, part),
    )


def _type_one_above_null(part: str) -> Claim:
    return chain_claim(
        f"dpi-{part}-above-null",
        f"The {part} chain also holds for information above its permutation mean.",
        NULL,
        lambda trace: _type_one_chain(plane_above_null(trace), part),
        rests_on=lambda trace: _type_one_chain(trace, part),
    )


def _nested() -> list[Claim]:
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
        notes=notes,
    )
    outward = chain_claim(
        "dpi-nested-markov",
        "Nested pairs gain information inwards: I(X;X′) ≤ I(T₁;T₁′) ≤ … ≤ S(code).",
        "data processing inequality of the Markov chain",
        lambda trace: _nested_pairs(trace).reversed(),
        notes=notes,
    )
    return [inward, outward]
