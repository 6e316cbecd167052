"""What can be asked of one classifier."""

from dataclasses import replace

from infoplane.analysis.claims import Claim
from infoplane.analysis.dpi import Chain, along
from infoplane.experiments.claims import (
    chain_claim,
    fitting,
    has_null,
    measurable,
    simplifying,
    simplifying_above_null,
)
from infoplane.values.trace import Trace

ORDER = "data processing inequality of the layers"


def claims(trace: Trace) -> list[Claim]:
    """All claims about a run on one probe; those about the null only if it has one."""
    layer = str(trace.attrs["pays"])
    chain = chain_claim(
        "dpi-input",
        "Information about the input grows at no stage of training from layer to layer.",
        ORDER,
        towards_output,
    )
    if not has_null(trace):
        without = [replace(claim, controls={}) for claim in (fitting(layer), simplifying(layer))]
        return [chain, *without, measurable()]
    phases = [fitting(layer), simplifying(layer), simplifying_above_null(layer)]
    return [chain, *phases, measurable()]


def towards_output(trace: Trace) -> Chain:
    """I(X;T) from the first hidden layer to the logits."""
    layers = [str(layer) for layer in trace["layer"].values]
    return Chain.of(along(trace, "I_XT", layers, "I(input; {})"))
