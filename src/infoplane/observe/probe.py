"""The fixed samples on which a network is looked at, and how it is shown them."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from infoplane.observe.tokens import Tokens
from infoplane.record.tap import See, Tap, tensors_in
from infoplane.record.undisturbed import device_of, undisturbed
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream

Forward = Callable[[nn.Module, Any], object]
"""How a network is called with the probe's inputs; what it returns is not looked at."""


def called(model: nn.Module, inputs: Any) -> object:  # noqa: ANN401 — whatever a network takes
    """``model(x)``; a tuple becomes several arguments, a mapping keyword arguments."""
    if isinstance(inputs, Mapping):
        return model(**inputs)
    return model(*inputs) if isinstance(inputs, tuple | list) else model(inputs)


@final
@dataclass(frozen=True)
class Probe:
    """Batches of samples that stay the same for a whole run, so that curves are comparable.

    Attributes:
        x: What X is measured from, shape (batch, n, …); integers of shape (batch, n) are labels.
        y: Targets: integer class labels of shape (batch, n), or numbers of shape (batch, n, …).
        inputs: What the network is given, samples along the first axis of every tensor, if that
            is not simply ``x``.
        forward: How it is given them.
        tokens: What a sample is in activations of shape (n, t, d); None takes each as a whole.
        autocast: The precision of the pass, if it is not the network's own.
    """

    x: Num[Tensor, "batch n *shape"]
    y: Num[Tensor, "batch n *target"]
    inputs: Any = None
    forward: Forward = called
    tokens: Tokens | None = None
    autocast: torch.dtype | None = None

    @property
    def batches(self) -> int:
        """How many batches; their spread gives every value its standard error."""
        return self.x.shape[0]

    @property
    def n(self) -> int:
        """Samples per batch; no value can exceed log2 n bit."""
        return self.x.shape[1]

    @property
    def given(self) -> Any:  # noqa: ANN401 — whatever a network takes
        """What the network is called with."""
        return self.x.flatten(0, 1) if self.inputs is None else self.inputs

    @property
    def digest(self) -> str:
        """Hash of the samples and targets, as far as X, Y and a single input go."""
        parts = (self.x, self.y, *tensors_in(self.inputs).values())
        hashed = hashlib.sha256()
        for part in parts:
            numbers = part.detach().cpu().contiguous()
            hashed.update(f"{numbers.dtype}{tuple(numbers.shape)}".encode())
            hashed.update(numbers.view(torch.uint8).numpy().tobytes())
        return hashed.hexdigest()[:12]

    def to(self, device: str | torch.device) -> "Probe":
        """The same probe on another device."""
        inputs = placed(self.inputs, device)
        return replace(self, x=self.x.to(device), y=self.y.to(device), inputs=inputs)

    def show(self, model: nn.Module, names: tuple[str, ...], see: See) -> None:
        """Runs the network on the probe, undisturbed, and shows the outputs of some layers."""
        inputs = placed(self.given, device_of(model))
        if (precision := precision_of(model)) is not None:
            inputs = placed(inputs, precision)
        with undisturbed(model, self.autocast), Tap(model, names, see):
            self.forward(model, inputs)

    def samples(self, name: str, output: Tensor) -> Num[Tensor, "batch n *shape"]:
        """A layer's output as batches of samples.

        Raises:
            InfoplaneError: It is not one for every sample of the probe.
        """
        if phrase := self.misfit(output):
            raise InfoplaneError(f"Layer {name!r} {phrase}; leave it out, or see tokens=….")
        return self._chosen(output).unflatten(0, (self.batches, self.n))

    def misfit(self, output: Tensor) -> str:
        """Why an output is not one for every sample, in words; empty if it is."""
        if self.tokens is not None and output.ndim == 3 and (told := self.tokens.misfit(output)):
            return told
        if output.ndim and len(self._chosen(output)) == self.batches * self.n:
            return ""
        under = "" if self.tokens is None else f" under {self.tokens}"
        return (
            f"gives an output of shape {tuple(output.shape)}{under}, not one for each of the "
            f"probe's {self.batches * self.n} samples"
        )

    def _chosen(self, output: Tensor) -> Tensor:
        """The samples along the first axis."""
        sequences = self.tokens is not None and output.ndim == 3
        return self.tokens.samples(output) if self.tokens and sequences else output

    @staticmethod
    def drawn(
        x: Float[Tensor, "n *shape"],
        y: Num[Tensor, "n *target"],
        *,
        batches: int,
        size: int,
        seed: int,
    ) -> "Probe":
        """``batches`` disjoint batches of ``size`` samples, drawn by the stream "probe".

        Raises:
            InfoplaneError: There are not enough samples.
        """
        if size < 2 or batches < 1:
            raise InfoplaneError(
                f"A probe of {batches} batches of {size}: one batch of two samples is the least."
            )
        if batches * size > len(x):
            raise InfoplaneError(
                f"A probe of {batches} batches of {size} needs {batches * size} samples, "
                f"there are {len(x)}; lower probe_batches or probe_size."
            )
        order = torch.randperm(len(x), generator=stream(seed, "probe"))[: batches * size]
        chosen = order.reshape(batches, size)
        return Probe(x[chosen], y[chosen])


def placed(inputs: Any, where: Any) -> Any:  # noqa: ANN401 — a nest of tensors
    """The tensors of a nest on a device, or in a dtype if they are numbers with a point."""
    if isinstance(inputs, Tensor):
        keeps = isinstance(where, torch.dtype) and not inputs.is_floating_point()
        return inputs if keeps else inputs.to(where)
    if isinstance(inputs, Mapping):
        return {name: placed(member, where) for name, member in inputs.items()}
    if isinstance(inputs, tuple | list):
        return tuple(placed(member, where) for member in inputs)
    return inputs


def precision_of(model: nn.Module) -> torch.dtype | None:
    """The one floating-point type of all parameters, if there is one."""
    kinds = {weights.dtype for weights in model.parameters() if weights.is_floating_point()}
    return kinds.pop() if len(kinds) == 1 else None
