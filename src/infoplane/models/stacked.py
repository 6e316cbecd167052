"""Many small networks side by side as one module: one batched computation trains them all."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from infoplane.models.mlp import OUTPUT, hidden_names
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream

Fan = Literal["fan_in", "fan_out"]
"""Which width n the initial weights are scaled with, σ = 1/√n."""
ActivationName = Literal["tanh", "relu", "linear"]
CUT = 2.0
"""The normal distribution of initial weights ends after so many of its σ."""


@final
@dataclass(frozen=True)
class Activation:
    """A function of every unit, and what back-propagation needs of it.

    Attributes:
        of: The function; it may write over its argument.
        through: The gradient before the function from that after it and the function's value.
    """

    of: Callable[[Tensor], Tensor]
    through: Callable[[Tensor, Tensor], Tensor]


ACTIVATIONS: Mapping[ActivationName, Activation] = {
    "tanh": Activation(torch.tanh, torch.ops.aten.tanh_backward),
    "relu": Activation(torch.relu, lambda g, t: torch.ops.aten.threshold_backward(g, t, 0)),
    "linear": Activation(lambda z: z, lambda g, t: g),
}


@final
class StackedLayer(nn.Module):
    """activation(W x + b) of every network, each with weights of its own.

    Weights are normal with σ = 1/√n, cut at ±2σ and drawn for every network from a stream of its
    own, so that the first networks are the same however many there are; biases are zero. What is
    computed lies in memory as (net, unit, sample), which small matrix products and back-propagation
    are fastest on; seen from outside the samples come first.

    Args:
        nets: How many networks.
        inputs: Inputs of each.
        outputs: Units of each.
        activation: Function of (net, unit, sample).
        fan: Whether n is the number of inputs or of units.
        seed: Seed of the initial weights.
        name: Name of the layer; its weights come from streams of that name.
    """

    def __init__(
        self,
        nets: int,
        inputs: int,
        outputs: int,
        *,
        activation: Callable[[Tensor], Tensor],
        fan: Fan,
        seed: int,
        name: str,
    ) -> None:
        super().__init__()
        deviation = 1 / math.sqrt(inputs if fan == "fan_in" else outputs)
        weight = torch.empty(nets, outputs, inputs)
        for place, own in enumerate(weight):
            generator = stream(seed, "init", name, place)
            bound = CUT * deviation
            nn.init.trunc_normal_(own, 0.0, deviation, -bound, bound, generator=generator)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(nets, outputs))
        self.activation = activation

    def affine(self, x: Float[Tensor, "net inputs n"]) -> Float[Tensor, "net units n"]:
        """W x + b in the layout of the computation."""
        return torch.baddbmm(self.bias[..., None], self.weight, x)

    def forward(self, x: Float[Tensor, "n net inputs"]) -> Float[Tensor, "n net units"]:
        """Every network's units, samples first."""
        return samples_first(self.activation(self.affine(samples_last(x))))


def samples_last(x: Float[Tensor, "n net d"]) -> Float[Tensor, "net d n"]:
    """In the layout of the computation; a view."""
    return x.permute(1, 2, 0)


def samples_first(x: Float[Tensor, "net d n"]) -> Float[Tensor, "n net d"]:
    """As networks are looked at; a view."""
    return x.permute(2, 0, 1)


@final
class StackedNetworks(nn.Module):
    """Samples → hidden.1 → … → output, the class probabilities, of many networks at once.

    A ``Tap`` sees every layer as (n, net, units). With ``noise`` every hidden unit gets a normal
    draw added while training, as sampled by ``propagated`` too; in evaluation it is left out.

    Args:
        widths: Inputs, hidden layers and classes, such as (12, 10, 7, 5, 4, 3, 2).
        nets: How many networks.
        activation: Of the hidden units.
        fan: As of ``StackedLayer``.
        noise: Standard deviation of the noise of hidden units; 0 for none.
        seed: Seed of the initial weights.

    Raises:
        InfoplaneError: A width or the number of networks is below 1, or the noise is negative.
    """

    def __init__(
        self,
        widths: Sequence[int],
        nets: int,
        *,
        activation: ActivationName = "tanh",
        fan: Fan = "fan_in",
        noise: float = 0.0,
        seed: int,
    ) -> None:
        super().__init__()
        _require(widths, nets, noise)
        self.nets, self.kind, self.noise = nets, activation, noise
        names = hidden_names(len(widths) - 2)
        of = ACTIVATIONS[activation].of

        def layer(place: int, name: str, function: Callable[[Tensor], Tensor]) -> StackedLayer:
            return StackedLayer(
                nets,
                widths[place],
                widths[place + 1],
                activation=function,
                fan=fan,
                seed=seed,
                name=name,
            )

        self.hidden = nn.ModuleDict(
            {name.partition(".")[2]: layer(place, name, of) for place, name in enumerate(names)}
        )
        self.output = layer(len(widths) - 2, OUTPUT, _probabilities)
        self.layers = (*names, OUTPUT)
        """Names of the layers from input to class probabilities."""

    @property
    def stages(self) -> list[StackedLayer]:
        """The layers themselves, in order."""
        return [self.get_submodule(name) for name in self.layers]  # type: ignore[misc]

    def forward(
        self, x: Float[Tensor, "n inputs"] | Float[Tensor, "n net inputs"]
    ) -> Float[Tensor, "n net classes"]:
        """Class probabilities of all networks, on the same samples or on samples of their own."""
        passed = self._for_each(x)
        for stage in self.stages[:-1]:
            passed = stage(passed)
            if self.noise and self.training:
                passed = passed + self.noise * torch.randn_like(passed)
        return self.output(passed)

    @torch.no_grad()
    def propagated(
        self, x: Float[Tensor, "n inputs"], draws: int, generator: torch.Generator
    ) -> dict[str, Float[Tensor, "net n draws units"]]:
        """Units before their own noise, for many draws of the noise before them, by layer.

        Args:
            x: Samples.
            draws: How often each is sent through.
            generator: Draws the noise, on the CPU.
        """
        passed, found = self._for_each(x.repeat_interleave(draws, 0)), {}
        for name, stage in zip(self.layers, self.stages, strict=True):
            passed = stage(passed)
            found[name] = passed.permute(1, 0, 2).unflatten(1, (len(x), draws))
            drawn = torch.randn(passed.shape, generator=generator)
            passed = passed + self.noise * drawn.to(passed)
        return found

    def alone(self, place: int) -> nn.Sequential:
        """One of the networks as a module of its own, with copies of its weights."""
        parts: list[nn.Module] = []
        for stage in self.stages:
            linear = nn.Linear(stage.weight.shape[2], stage.weight.shape[1]).to(stage.weight)
            with torch.no_grad():
                linear.weight.copy_(stage.weight[place])
                linear.bias.copy_(stage.bias[place])
            parts += [linear, _MODULES[self.kind]()]
        return nn.Sequential(*parts[:-1], nn.Softmax(-1))

    def _for_each(self, x: Tensor) -> Float[Tensor, "n net inputs"]:
        return x[:, None].expand(-1, self.nets, -1) if x.ndim == 2 else x


_MODULES = {"tanh": nn.Tanh, "relu": nn.ReLU, "linear": nn.Identity}


def _probabilities(scores: Float[Tensor, "net classes n"]) -> Tensor:
    return scores.softmax(1)


def _require(widths: Sequence[int], nets: int, noise: float) -> None:
    if len(widths) < 2 or min(widths) < 1 or nets < 1:
        raise InfoplaneError(
            f"widths={tuple(widths)}, nets={nets}: inputs and classes are the least, and every "
            "number is at least 1."
        )
    if not (math.isfinite(noise) and noise >= 0):
        raise InfoplaneError(f"noise={noise}: a standard deviation, finite and at least 0.")
