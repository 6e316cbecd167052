"""From what a user has at hand to a Probe, with every mistake named."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from infoplane.measures.samples import count_not_finite
from infoplane.observe.plane import INPUT, TARGET
from infoplane.observe.probe import Forward, Probe
from infoplane.observe.tokens import Tokens
from infoplane.record.undisturbed import device_of
from infoplane.values.errors import InfoplaneError, InfoplaneWarning

Pair = tuple[Any, Any]
"""Inputs as the network takes them, and their targets or None."""


@final
@dataclass(frozen=True)
class Showing:
    """How every probe is cut into batches and shown to the network.

    Attributes:
        batches: Equal parts, whose spread is the standard error.
        source: The variable X: "input", the key of one of several inputs, or a layer's name.
        target: The variable Y: "target", "input", or a layer's name.
        forward: How the network is called.
        tokens: What a sample is in activations of sequences.
        autocast: The precision of the pass.
    """

    batches: int
    source: str
    target: str
    forward: Forward
    tokens: Tokens | None
    autocast: torch.dtype | None


def named_probes(probe: object) -> dict[str, Pair]:
    """One pair under "", or several by name.

    Raises:
        InfoplaneError: It is neither a pair nor a mapping of pairs.
    """
    if isinstance(probe, tuple | list) and len(probe) == 2:
        return {"": (probe[0], probe[1])}
    if isinstance(probe, Mapping) and probe:
        pairs = {str(name): pair for name, pair in probe.items()}
        if all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs.values()):
            return {name: (pair[0], pair[1]) for name, pair in pairs.items()}
    raise InfoplaneError(
        "The probe is a pair, probe=(inputs, targets), or several of them by name, "
        'probe={"train": (inputs, targets), "test": (inputs, targets)}.'
    )


def inputs_of(pair: Pair) -> tuple[str, ...]:
    """Names of the tensors that the network is given; "input" if there is one alone."""
    return tuple(name for name, _ in _leaves(_tensors_of(pair[0]), INPUT))


def left_out(pair: Pair, batches: int) -> int:
    """How many samples do not fill the batches."""
    return _count(_tensors_of(pair[0])) % max(batches, 1)


def probe_of(model: nn.Module, pair: Pair, how: Showing) -> Probe:
    """Batches of a pair, on the network's device and as it takes its numbers.

    Raises:
        InfoplaneError: Inputs and targets do not fit each other, the batches or the choice of
            samples.
    """
    inputs = _tensors_of(pair[0])
    samples = _count(inputs)
    if how.batches < 1 or samples // how.batches < 2:
        raise InfoplaneError(
            f"A probe of {samples} samples cannot be split into {how.batches} batches of at "
            "least two; give more samples, or set batches."
        )
    # dealt out like cards, so that samples sorted by class do not make batches of one class
    dealt = torch.arange(samples - samples % how.batches).unflatten(0, (-1, how.batches)).T
    inputs = _taken(inputs, dealt.flatten())
    x = _source(inputs, how)
    y = _taken(_targets(pair[1], samples, how.target), dealt.flatten())
    if how.tokens is not None and how.tokens.keep == "each":
        x, y = _token_by_token(x, y, how.target)
    elif y.ndim > 1 and not y.is_floating_point():
        raise InfoplaneError(
            f"The targets are integers of shape {tuple(y.shape)}. Class labels have shape "
            f"({len(y)},); pass floats for numbers, or tokens='each' for one label per token."
        )
    _warn_of_classes_as_numbers(y)
    for name, values in (("inputs", x), ("targets", y)):
        if broken := count_not_finite(values):
            raise InfoplaneError(
                f"The probe's {name} hold {broken} NaN or infinite values of {values.numel()}; "
                "leave those samples out."
            )
    shape = (how.batches, len(x) // how.batches)
    return Probe(
        x=x.unflatten(0, shape),
        y=y.unflatten(0, shape),
        inputs=inputs,
        forward=how.forward,
        tokens=how.tokens,
        autocast=how.autocast,
    ).to(device_of(model))


def _tensors_of(inputs: Any) -> Any:  # noqa: ANN401 — whatever a network takes
    """The same nest with NumPy arrays as tensors."""
    if isinstance(inputs, np.ndarray):
        return torch.from_numpy(inputs)
    if isinstance(inputs, Mapping):
        return {name: _tensors_of(member) for name, member in inputs.items()}
    if isinstance(inputs, tuple | list):
        return tuple(_tensors_of(member) for member in inputs)
    return inputs


def _leaves(inputs: Any, name: str) -> Iterator[tuple[str, Tensor]]:  # noqa: ANN401
    if isinstance(inputs, Tensor):
        yield name, inputs
    elif isinstance(inputs, Mapping):
        for key, member in inputs.items():
            yield from _leaves(member, str(key))
    elif isinstance(inputs, tuple):
        for number, member in enumerate(inputs):
            yield from _leaves(member, f"{name}[{number}]")


def _count(inputs: Any) -> int:  # noqa: ANN401
    """How many samples a nest of tensors has."""
    shapes = {name: tuple(tensor.shape) for name, tensor in _leaves(inputs, INPUT)}
    if not shapes:
        raise InfoplaneError(
            f"The probe's inputs are a {type(inputs).__name__} without tensors; give the tensors "
            "that the model takes: probe=(inputs, targets)."
        )
    counts = {shape[0] if shape else 0 for shape in shapes.values()}
    if len(counts) > 1:
        raise InfoplaneError(
            f"The probe's inputs have different numbers of samples along their first axis: {shapes}"
        )
    return counts.pop()


def _taken(inputs: Any, order: Tensor) -> Any:  # noqa: ANN401
    """Some samples of every tensor, in order."""
    if isinstance(inputs, Tensor):
        return inputs[order.to(inputs.device)]
    if isinstance(inputs, Mapping):
        return {name: _taken(member, order) for name, member in inputs.items()}
    if isinstance(inputs, tuple):
        return tuple(_taken(member, order) for member in inputs)
    return inputs


def _source(inputs: Any, how: Showing) -> Tensor:  # noqa: ANN401
    """The tensor that X is measured from; its values do not count if X or Y is no input."""
    named = dict(_leaves(inputs, INPUT))
    if how.source in named:
        chosen = named[how.source]
    elif len(named) == 1:
        chosen = next(iter(named.values()))
    elif INPUT in (how.source, how.target):
        raise InfoplaneError(
            f"The model takes several inputs ({', '.join(named)}); say which is X: "
            f"source={next(iter(named))!r}, or the name of a layer such as an embedding."
        )
    else:
        chosen = next(iter(named.values()))
    measured = how.source in (INPUT, *named) or how.target == INPUT
    each = how.tokens is not None and how.tokens.keep == "each"
    if measured and not chosen.is_floating_point() and chosen.ndim == 2 and not each:
        raise InfoplaneError(
            f"The inputs are integers of shape {tuple(chosen.shape)}. Distances between token ids "
            "mean nothing: name a layer such as the embedding as X (source=…), or make every "
            'token a sample (tokens="each"), whose id is then its class. Counts: pass floats.'
        )
    return chosen


CLASSES = 20
"""So many whole-numbered values among many targets look like classes."""


def _warn_of_classes_as_numbers(y: Tensor) -> None:
    if y.ndim != 1 or not y.is_floating_point():
        return
    values = y.unique()
    if len(values) <= min(CLASSES, len(y) // 5) and bool((values == values.round()).all()):
        warnings.warn(
            f"The targets are floats with {len(values)} different whole values and are measured "
            "as numbers; if they are classes, pass integers (y.long()).",
            InfoplaneWarning,
            stacklevel=5,
        )


def _targets(y: Any, samples: int, target: str) -> Tensor:  # noqa: ANN401
    """One target for every sample; blank ones where Y is something else."""
    if y is None:
        if target == TARGET:
            raise InfoplaneError(
                "The probe has no targets; give probe=(x, y), or name what Y is: target='input' "
                "or a layer such as the last."
            )
        return torch.zeros(samples, dtype=torch.long)
    try:
        y = torch.as_tensor(y)
    except (TypeError, ValueError, RuntimeError) as problem:
        raise InfoplaneError(
            f"The targets are a {type(y).__name__} that is no array of numbers ({problem}); encode "
            "class names as integers."
        ) from problem
    if y.ndim == 0 or len(y) != samples:
        raise InfoplaneError(
            f"The probe has {samples} inputs, and targets of shape {tuple(y.shape)}; one for each "
            "is needed."
        )
    return y


def _token_by_token(x: Tensor, y: Tensor, target: str) -> tuple[Tensor, Tensor]:
    """Inputs and targets of sequences, one for every token."""
    if x.ndim < 2:
        raise InfoplaneError(
            f"tokens='each' needs inputs of shape (n, t, …), got {tuple(x.shape)}."
        )
    length = x.shape[1]
    if target != TARGET:
        return x.flatten(0, 1), torch.zeros(len(x) * length, dtype=torch.long)
    if y.ndim < 2 or y.shape[1] != length:
        raise InfoplaneError(
            f"With tokens='each' every token needs a target: shape ({len(x)}, {length}, …), got "
            f"{tuple(y.shape)}. If all tokens of a sequence share one: "
            f"y[:, None].expand(-1, {length})."
        )
    return x.flatten(0, 1), y.flatten(0, 1)
