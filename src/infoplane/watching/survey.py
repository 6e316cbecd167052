"""A first pass: which of the wanted layers can be measured, and why others cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from torch import Tensor, nn

from infoplane.measures.samples import are_labels
from infoplane.observe.plane import INPUT, TARGET
from infoplane.observe.probe import Probe
from infoplane.record.layers import Layers, matching
from infoplane.record.tap import tensors_in
from infoplane.values.errors import InfoplaneError

_UNCALLED = "was not called in the forward pass"


@final
@dataclass(frozen=True)
class Survey:
    """What came of the first pass.

    Attributes:
        layers: What can be measured, in the order in which the network computes it.
        skipped: Why something else that was meant cannot, by name.
    """

    layers: tuple[str, ...]
    skipped: Mapping[str, str]


def survey(model: nn.Module, probe: Probe, layers: Layers, partners: Sequence[str] = ()) -> Survey:
    """Runs the network once and looks at the shapes of its outputs.

    A pattern or predicate takes of what it means all that can be measured; what is named must be
    measurable.

    Args:
        model: The network.
        probe: What it is shown.
        layers: What is meant.
        partners: Layers that these are to be measured against.

    Raises:
        InfoplaneError: Nothing can be measured, something named cannot, or activations of
            sequences leave open what a sample is.
    """
    named = not isinstance(layers, str) and not callable(layers)
    wanted = tuple(map(_distinct, matching(model, layers)))
    outputs: dict[str, str] = {}  # name of each output, and why it cannot be measured or ""

    def look(name: str, output: Tensor) -> None:
        outputs[name] = _objection(name, output, probe)

    try:
        probe.show(model, (*wanted, *partners), look)
    except _ANY_FAULT as fault:
        raise InfoplaneError(_fault_words(fault, probe)) from fault
    meant = {want: _outputs_of(want, list(outputs), exactly=named) for want in wanted}
    skipped = {want: _UNCALLED for want in wanted if not meant[want]}
    reached = [name for name in outputs if any(name in members for members in meant.values())]
    skipped |= {name: outputs[name] for name in reached if outputs[name]}
    fitting = [name for name in reached if not outputs[name]]
    against = {name: outputs.get(name, _UNCALLED) for name in partners}
    faults = {name: reason for name, reason in against.items() if reason}
    faults |= skipped if named or not fitting else {}
    if faults:
        said = "; ".join(f"{name!r} {reason}" for name, reason in faults.items())
        raise InfoplaneError(f"Layers that cannot be measured: {said}.")
    order = [name for want in wanted for name in meant[want]] if named else fitting
    return Survey(tuple(dict.fromkeys(order)), skipped)


_ANY_FAULT = (
    RuntimeError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    KeyError,
    AssertionError,
)
"""What a network raises that is given what it does not take."""


def _fault_words(fault: Exception, probe: Probe) -> str:
    """What went wrong in the network, what it was given, and the remedy."""
    first = (str(fault).splitlines() or ["no reason given"])[0]
    shapes = ", ".join(
        f"{place or 'a tensor'} of shape {tuple(tensor.shape)}"
        for place, tensor in tensors_in(probe.given).items()
    )
    return (
        f"The model could not be run on the probe ({type(fault).__name__}: {first}). It was given "
        f"{shapes}: give the inputs as the model takes them (a tuple becomes its arguments, a "
        "mapping its keyword arguments), or say how it is called: "
        "forward=lambda model, inputs: model(…)."
    )


def _distinct(name: str) -> str:
    """A layer that is called as the plane's own variables are is asked for by its first call."""
    return f"{name}@1" if name in (INPUT, TARGET) else name


def _outputs_of(want: str, outputs: list[str], *, exactly: bool) -> list[str]:
    """The outputs that a name means: its own, or of a pattern's match every call and part."""
    if exactly and want in outputs:
        return [want]
    module = want.removesuffix("@1")
    return [name for name in outputs if name == want or name.startswith((f"{module}@", f"{want}["))]


def _objection(name: str, output: Tensor, probe: Probe) -> str:
    """Why an output cannot be measured, or nothing."""
    if output.is_complex():
        return "gives complex numbers"
    if output.ndim == 3 and probe.tokens is None and output.is_floating_point():
        raise InfoplaneError(
            f"Layer {name!r} gives activations of shape {tuple(output.shape)}: say what one sample "
            "is. tokens='all' takes each (t, d) as a whole, 'mean' its mean over t, a position "
            "such as -1 the token there, and 'each' makes every token a sample."
        )
    if phrase := probe.misfit(output):
        return phrase
    samples = probe.samples(name, output)
    if not output.is_floating_point() and not are_labels(samples[0]):
        return f"gives integers of shape {tuple(output.shape)}"
    return "" if samples.numel() else "gives nothing"
