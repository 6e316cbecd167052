"""Convolutional classifiers: LeNet, a small one for digits, and VGG."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from infoplane.models.dense import Dense, row
from infoplane.models.initial import for_rectifiers
from infoplane.models.mlp import OUTPUT, hidden_names
from infoplane.values.errors import InfoplaneError

HALF = 2
"""Height and width are divided by this at the end of every block."""


def _drawn(layer: nn.Linear, *, seed: int, name: str) -> nn.Linear:
    """He-uniform, from the stream "full.i": so these layers were called when runs were made."""
    return for_rectifiers(layer, seed=seed, name=name.replace("hidden", "full"))


_Rectified = partial(Dense, activation=torch.relu, initial=_drawn)


@final
@dataclass(frozen=True)
class Architecture:
    """Blocks of convolutions, each ended by a pooling, then fully connected layers.

    Attributes:
        blocks: Filters of every convolution, block by block.
        kernel: Side of every kernel.
        padding: Pixels added on every side before a convolution.
        hidden: Widths of the fully connected layers before the output.
        normalised: Whether every convolution is followed by a batch normalisation.
    """

    blocks: tuple[tuple[int, ...], ...]
    kernel: int
    padding: int
    hidden: tuple[int, ...]
    normalised: bool = False

    @property
    def filters(self) -> tuple[int, ...]:
        """Filters of every convolution, from the input on."""
        return tuple(count for block in self.blocks for count in block)

    def having(self, filters: Sequence[int]) -> "Architecture":
        """The same with other filter counts; the architecture's own if none are given.

        Raises:
            InfoplaneError: There are not as many as convolutions, or one is not positive.

        >>> ARCHITECTURES["lenet"].having([3, 5]).blocks
        ((3,), (5,))
        """
        if not filters:
            return self
        if len(filters) != len(self.filters) or min(filters) < 1:
            raise InfoplaneError(
                f"filters={' '.join(map(str, filters))}: this architecture has "
                f"{len(self.filters)} convolutions, usually of "
                f"{' '.join(map(str, self.filters))} filters; give as many positive numbers."
            )
        left = iter(filters)
        return replace(self, blocks=tuple(tuple(next(left) for _ in b) for b in self.blocks))


ARCHITECTURES: Mapping[str, Architecture] = {
    "small": Architecture(((6,), (12,)), kernel=3, padding=1, hidden=(32,)),
    "lenet": Architecture(((6,), (12,)), kernel=5, padding=0, hidden=(120, 84)),
    "vgg": Architecture(
        ((16, 16), (32, 32), (64, 64)), kernel=3, padding=1, hidden=(128,), normalised=True
    ),
    "vgg16": Architecture(
        ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3),
        kernel=3,
        padding=1,
        hidden=(512, 512),
        normalised=True,
    ),
}
"""By name: for 8 × 8, for 28 × 28 (lecun1998gradient with 6 and 12 filters and rectifiers), and for
32 × 32 pixels (compact, and with the convolutions of simonyan2014very)."""


@final
class Convolution(nn.Module):
    """Convolution, perhaps normalised, rectified, perhaps pooled.

    Args:
        inputs: Maps that come in.
        filters: Maps that go out.
        plan: Kernel, padding and normalisation.
        pooled: Whether height and width are halved.
        seed: Seed of the initial weights.
        name: Name of the layer; its weights come from the stream of that name.
    """

    def __init__(
        self, inputs: int, filters: int, plan: Architecture, *, pooled: bool, seed: int, name: str
    ) -> None:
        super().__init__()
        layer = nn.Conv2d(inputs, filters, plan.kernel, padding=plan.padding)
        convolution = for_rectifiers(layer, seed=seed, name=name)
        norm = nn.BatchNorm2d(filters)
        self.affine = nn.Sequential(convolution, norm) if plan.normalised else convolution
        self.pool = nn.MaxPool2d(HALF) if pooled else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Shape (n, inputs, h, w) to (n, filters, h′, w′)."""
        return self.pool(torch.relu(self.affine(x)))


@final
class ConvolutionalClassifier(nn.Module):
    """Image → conv.1 → conv.2 → … → hidden.1 → … → output, the logits of the classes.

    A convolution is recorded as the next layer receives it: rectified, and pooled if it ends a
    block. Weights are He-uniform and biases zero, each layer's from a stream of its own.

    Args:
        shape: Shape of one image (c, h, w).
        plan: Blocks and layers.
        classes: How many classes there are.
        seed: Seed of the initial weights.

    Raises:
        InfoplaneError: Nothing of the image would be left after the last block.
    """

    def __init__(
        self, shape: Sequence[int], plan: Architecture, classes: int, *, seed: int
    ) -> None:
        super().__init__()
        colours, *size = shape
        stages: list[tuple[str, nn.Module]] = []
        maps = colours
        for block in plan.blocks:
            for place, filters in enumerate(block):
                name, last = str(len(stages) + 1), place == len(block) - 1
                layer = Convolution(
                    maps, filters, plan, pooled=last, seed=seed, name=f"conv.{name}"
                )
                stages.append((name, layer))
                maps = filters
        self.conv = nn.Sequential(OrderedDict(stages))
        sides = [_left(side, plan) for side in size]
        if min(sides) < 1:
            raise InfoplaneError(
                f"Images of {' x '.join(map(str, size))} pixels are too small for "
                f"{len(plan.blocks)} blocks of {plan.kernel} x {plan.kernel} kernels: nothing is "
                "left. Choose an architecture with fewer blocks."
            )
        widths = [maps * sides[0] * sides[1], *plan.hidden]
        hidden = hidden_names(len(plan.hidden))
        self.hidden = row(hidden, widths, seed, _Rectified)
        self.output = for_rectifiers(nn.Linear(widths[-1], classes), seed=seed, name=OUTPUT)
        self.maps = tuple(f"conv.{name}" for name, _ in stages)
        """Names of the layers of feature maps, from the input on."""
        self.layers = (*self.maps, *hidden, OUTPUT)
        """Names of the recorded layers from input to logits."""

    @property
    def preactivations(self) -> dict[str, str]:
        """By layer the submodule whose output is what its rectifier is given."""
        return {name: f"{name}.affine" for name in self.layers[:-1]} | {OUTPUT: OUTPUT}

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n classes"]:
        """Images to logits."""
        return self.activations(x)[OUTPUT]

    def activations(self, x: Float[Tensor, "n c h w"]) -> dict[str, Tensor]:
        """Every recorded layer's output by its name."""
        found: dict[str, Tensor] = {}
        passed = x
        for name, layer in zip(self.maps, self.conv, strict=True):
            passed = found[name] = layer(passed)
        passed = passed.flatten(1)
        for name, layer in zip(self.layers[len(self.maps) : -1], self.hidden, strict=True):
            passed = found[name] = layer(passed)
        found[OUTPUT] = self.output(passed)
        return found


def _left(side: int, plan: Architecture) -> int:
    """What the blocks leave of a side of the image."""
    for block in plan.blocks:
        side = (side - len(block) * (plan.kernel - 1 - 2 * plan.padding)) // HALF
    return side
