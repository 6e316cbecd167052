"""Data processing inequalities of an autoencoder: up to the code, back from the output, and nested.

All of them are read off the names of its layers, which are in the order of the forward pass.
"""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from infoplane.analysis.claims import Claim
from infoplane.analysis.dpi import Chain, along
from infoplane.experiments.claims import NULL, chain_claim, plane_above_null
from infoplane.values.trace import Trace

CODE = "code"
"""The layer in the middle."""
SIDES = ("encoder", "decoder")
Beside = Mapping[str, Callable[[Trace], Trace]]
"""Networks on which a chain is asked too, by name."""
ALONE: Beside = MappingProxyType({})
_GROWS = {
    "encoder": "about the input grows at no stage of training from layer to layer up to the code",
    "decoder": "about the reconstruction grows at no stage from the output back to the code",
}
_NESTED = (
    "S0's order and that of the Markov chain contradict each other; an estimator without "
    "correction for dimension favours S0's. Both are tested, and neither need hold.",
    "The last term is the entropy S(code), which exceeds the estimator's I(code; code); under "
    "the scale-invariant rule the first term has the images' width and the others the layers', "
    "so that the first link compares different widths.",
)


def layers_of(trace: Trace, side: str, without: Collection[str] = ()) -> list[str]:
    """The layers of a side, from its outermost one to the code.

    Args:
        trace: A run.
        side: "encoder" or "decoder".
        without: Layers that are on no way to the code, such as one of two that both lead to it.
    """
    layers = [str(layer) for layer in trace["layer"].values]
    middle = layers.index(CODE)
    ways = {"encoder": layers[: middle + 1], "decoder": [*layers[:middle:-1], CODE]}
    return [layer for layer in ways[side] if layer not in without]


def chain(trace: Trace, side: str, without: Collection[str] = ()) -> Chain:
    """I(X;T) from the first layer to the code, or I(T;X′) from the last one back to it.

    Raises:
        InfoplaneError: The side has the code alone.
    """
    name, words = {"encoder": ("I_XT", "I(input; {})"), "decoder": ("I_TY", "I({}; output)")}[side]
    return Chain.of(along(trace, name, layers_of(trace, side, without), words))


def chains(trace: Trace, without: Collection[str] = ()) -> dict[str, Chain]:
    """The chains of both sides by side; a side that has the code alone has none."""
    there = [side for side in SIDES if len(layers_of(trace, side, without)) > 1]
    return {side: chain(trace, side, without) for side in there}


def nested_pairs(trace: Trace) -> Chain:
    """From the pair of input and output inwards to the code alone."""
    terms = {"I(input; output)": trace["I_XY"]}
    terms |= {f"I({pair})": trace["I_pair"].sel(pair=pair) for pair in trace["pair"].values}
    return Chain.of(terms | {f"S({CODE})": trace["S_T"].sel(layer=CODE)})


def towards_code(
    side: str,
    source: str,
    *,
    without: Collection[str] = (),
    beside: Beside = ALONE,
    notes: tuple[str, ...] = (),
) -> Claim:
    """The inequality of one side.

    Args:
        side: "encoder" or "decoder".
        source: Whose claim it is.
        without: As of ``layers_of``.
        beside: Networks on which it is asked too.
        notes: What else a reader needs.
    """
    return chain_claim(
        f"dpi-{side}",
        f"Information {_GROWS[side]}.",
        source,
        lambda trace: chain(trace, side, without),
        controls=beside,
        notes=notes,
    )


def towards_code_above_null(side: str, *, beside: Beside = ALONE) -> Claim:
    """The same for information above the null."""
    return chain_claim(
        f"dpi-{side}-above-null",
        f"The {side} chain also holds for information above its permutation mean.",
        NULL,
        lambda trace: chain(plane_above_null(trace), side),
        rests_on=lambda trace: chain(trace, side),
        controls=beside,
    )


def nested(source: str, *, beside: Beside = ALONE) -> list[Claim]:
    """S0's order of the nested pairs, and the opposite one.

    Args:
        source: Whose claim the first is.
        beside: Networks on which both are asked too.
    """
    inward = chain_claim(
        "dpi-nested",
        "Nested pairs lose information inwards: I(X;X′) ≥ I(T₁;T₁′) ≥ … ≥ S(code).",
        source,
        nested_pairs,
        controls=beside,
        notes=_NESTED,
    )
    outward = chain_claim(
        "dpi-nested-markov",
        "Nested pairs gain information inwards: I(X;X′) ≤ I(T₁;T₁′) ≤ … ≤ S(code).",
        "data processing inequality of the Markov chain",
        lambda trace: nested_pairs(trace).reversed(),
        controls=beside,
        notes=_NESTED,
    )
    return [inward, outward]
