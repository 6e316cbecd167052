"""Finite networks from the same description: many side by side, as one module.

In the NTK parametrisation, with every parameter standard normal at first. All copies are one stack
of parameters, so that a step trains them all, and none knows of another.
"""

import math
from collections.abc import Iterator, Sequence
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.wide.activations import Activation
from infoplane.wide.architecture import Architecture
from infoplane.wide.layers import Conv, Dense, Flatten, GlobalAverage, Residual, Step

Shape = tuple[int, ...]


@final
class StackedDense(nn.Module):
    """√(σ_w²/d) W x + σ_b b, with parameters of their own for every copy."""

    def __init__(self, step: Dense, inputs: int, outputs: int, draw: "_Draw") -> None:
        super().__init__()
        self.gain = math.sqrt(step.weight_variance / inputs)
        self.deviation = math.sqrt(step.bias_variance)
        self.weight = nn.Parameter(draw(inputs, outputs))
        self.bias = nn.Parameter(draw(1, outputs))

    def forward(self, x: Float[Tensor, "copies n d"]) -> Float[Tensor, "copies n o"]:
        """Of every copy."""
        return torch.baddbmm(self.bias, x, self.weight, beta=self.deviation, alpha=self.gain)


@final
class StackedConv(nn.Module):
    """The same over a filter; copies are groups of channels."""

    def __init__(self, step: Conv, inputs: int, outputs: int, draw: "_Draw") -> None:
        super().__init__()
        self.gain = math.sqrt(step.weight_variance / (inputs * step.size**2))
        self.deviation = math.sqrt(step.bias_variance)
        self.weight = nn.Parameter(draw(outputs, inputs, step.size, step.size))
        self.bias = nn.Parameter(draw(outputs))

    def forward(self, x: Float[Tensor, "copies n c h w"]) -> Float[Tensor, "copies n o h w"]:
        """Of every copy."""
        copies, size = len(x), self.weight.shape[-1]
        found = nn.functional.conv2d(
            self.gain * x.transpose(0, 1).flatten(1, 2),
            self.weight.flatten(0, 1),
            self.deviation * self.bias.flatten(),
            padding=size // 2,
            groups=copies,
        )
        return found.unflatten(1, (copies, -1)).transpose(0, 1)


@final
class Applied(nn.Module):
    """An activation, or a read-out."""

    def __init__(self, step: Activation | Flatten | GlobalAverage) -> None:
        super().__init__()
        self.step = step

    def forward(self, x: Float[Tensor, "copies n *shape"]) -> Float[Tensor, "copies n *other"]:
        """Of every copy."""
        if isinstance(self.step, Flatten):
            return x.flatten(2)
        if isinstance(self.step, GlobalAverage):
            return x.mean((-2, -1))
        return self.step.function(x)


@final
class Sum(nn.Module):
    """x + branch(x)."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, x: Float[Tensor, "copies n *shape"]) -> Float[Tensor, "copies n *shape"]:
        """Of every copy."""
        return x + self.branch(x)


@final
class Networks(nn.Module):
    """Copies of one architecture at a finite width, each from initial weights of its own.

    Args:
        net: The description.
        shape: Of one input: (d,) or (c, h, w).
        width: Units of every hidden layer, or channels.
        copies: How many networks.
        outputs: How many outputs each has.
        seed: Seed of the initial weights.
        dtype: Of the parameters.
        device: Where they are.

    Raises:
        InfoplaneError: No positive numbers, or an input the architecture does not take.
    """

    def __init__(
        self,
        net: Architecture,
        shape: Sequence[int],
        *,
        width: int,
        copies: int,
        outputs: int = 1,
        seed: int,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__()
        if min(width, copies, outputs, *shape) < 1:
            raise InfoplaneError(
                f"width={width}, copies={copies}, outputs={outputs}, shape={tuple(shape)}: all of "
                "them are at least 1."
            )
        if len(shape) != (3 if net.on_images else 1):
            raise InfoplaneError(
                f"One input has shape {tuple(shape)}; this architecture takes "
                f"{'(c, h, w)' if net.on_images else '(d,)'}."
            )
        self.copies = copies
        draw = _Draw(copies, seed, dtype, device)
        self.layers, _ = _row(net.steps, tuple(shape), width, outputs, draw)

    def forward(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, "copies n outputs"]:
        """Outputs of all networks for the same inputs."""
        first = next(self.parameters())
        return self.layers(x.to(first).expand(self.copies, *x.shape))

    def tangents(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, "copies n n"]:
        """The tangent kernel of the first output of every network, one gradient per input."""
        found = self(x)[..., 0]
        parameters = list(self.parameters())
        rows = [
            torch.autograd.grad(found[:, i].sum(), parameters, retain_graph=True)
            for i in range(len(x))
        ]
        whole = torch.zeros(self.copies, len(x), len(x)).to(found)
        for of_parameter in zip(*rows, strict=True):
            slopes = torch.stack([one.flatten(1) for one in of_parameter], 1)
            whole += slopes @ slopes.mT
        return whole


def trained(
    networks: Networks,
    x: Float[Tensor, "n *shape"],
    y: Float[Tensor, "n outputs"],
    times: Sequence[float],
    *,
    step: float,
) -> Iterator[float]:
    """Gradient descent on ½ Σ (z − y)² of every network, which approximates gradient flow.

    Args:
        networks: Changed in place.
        x: Training inputs.
        y: Their targets.
        times: Increasing training times τ (learning rate times updates), from 0 on.
        step: The largest learning rate; a fraction of it where that makes a time a whole number of
            updates. Beyond 2/λ_max of the tangent kernel descent diverges, and well below it
            descent is gradient flow.

    Yields:
        Every time, when the networks have been trained for so long.

    Raises:
        InfoplaneError: Training diverged.
    """
    y = y.to(next(networks.parameters()))
    parameters, now = list(networks.parameters()), 0.0
    for time in times:
        updates = math.ceil((time - now) / step - 1e-9)
        for _ in range(updates):
            loss = 0.5 * (networks(x) - y).square().sum()
            slopes = torch.autograd.grad(loss, parameters)
            with torch.no_grad():
                for one, slope in zip(parameters, slopes, strict=True):
                    one.sub_(slope, alpha=(time - now) / updates)
        if updates and not torch.isfinite(loss):
            raise InfoplaneError(
                f"Descent with steps of {step:g} diverged before τ = {time:g}: take smaller ones."
            )
        now = max(now, time)
        yield time


@final
class _Draw:
    """Standard normal parameters of all copies, each tensor from a stream of its own."""

    def __init__(
        self, copies: int, seed: int, dtype: torch.dtype, device: torch.device | str
    ) -> None:
        self.copies, self.seed, self.dtype, self.device = copies, seed, dtype, device
        self.drawn = 0

    def __call__(self, *shape: int) -> Tensor:
        self.drawn += 1
        generator = stream(self.seed, "init", "wide", self.drawn)
        drawn = torch.randn(self.copies, *shape, generator=generator, dtype=self.dtype)
        return drawn.to(self.device)


def _row(
    steps: Sequence[Step], shape: Shape, width: int, outputs: int, draw: _Draw
) -> tuple[nn.Sequential, Shape]:
    """Modules of some steps, the last of which has so many outputs; and the shape they make."""
    modules: list[nn.Module] = []
    for place, step in enumerate(steps):
        out = outputs if place == len(steps) - 1 else width
        module, shape = _module(step, shape, width, out, draw)
        modules.append(module)
    return nn.Sequential(*modules), shape


def _module(
    step: Step, shape: Shape, width: int, outputs: int, draw: _Draw
) -> tuple[nn.Module, Shape]:
    if isinstance(step, Dense):
        return StackedDense(step, shape[0], outputs, draw), (outputs,)
    if isinstance(step, Conv):
        return StackedConv(step, shape[0], outputs, draw), (outputs, *shape[1:])
    if isinstance(step, Residual):
        branch, _ = _row(step.branch, shape, width, shape[0], draw)
        return Sum(branch), shape
    if isinstance(step, Flatten):
        return Applied(step), (math.prod(shape),)
    if isinstance(step, GlobalAverage):
        return Applied(step), shape[:1]
    return Applied(step), shape
