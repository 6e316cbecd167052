"""A small convolutional classifier in the form of the published transfer experiments."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from infoplane.models.initial import for_rectifiers
from infoplane.models.mlp import OUTPUT
from infoplane.values.errors import InfoplaneError

CHANNELS = (32, 64)
"""Of the two convolutions, as in the authors' network for FashionMNIST."""


@final
class ConvolutionalClassifier(nn.Module):
    """Image → conv.1 → conv.2 → hidden.1 → … → output, the logits of the classes.

    Two convolutions (kernel 3, padding 1), each rectified and pooled 2 × 2, then fully connected
    layers, rectified but for the last. The authors' network has batch normalisation and dropout as
    well, and no rectifier between its last layers; its weights are drawn otherwise.

    Args:
        shape: Shape of one image (c, h, w).
        hidden: Widths of the fully connected hidden layers.
        classes: How many classes there are.
        channels: Of the two convolutions.
        seed: Seed of the initial weights.

    Source: moldovan2021cnn, from the authors' code.

    Raises:
        InfoplaneError: The images cannot be halved twice.
    """

    def __init__(
        self,
        shape: Sequence[int],
        hidden: Sequence[int],
        classes: int,
        *,
        channels: tuple[int, int] = CHANNELS,
        seed: int,
    ) -> None:
        super().__init__()
        colours, height, width = shape
        if min(height, width) < 4:
            raise InfoplaneError(
                f"Images of {height} × {width} cannot be halved twice; 4 × 4 is the least."
            )
        ends = list(zip((colours, *channels), channels, strict=False))
        self.conv = nn.ModuleList(
            for_rectifiers(nn.Conv2d(*end, 3, padding=1), seed=seed, name=f"conv.{i}")
            for i, end in enumerate(ends, 1)
        )
        widths = [channels[-1] * (height // 4) * (width // 4), *hidden]
        self.hidden = nn.ModuleList(
            for_rectifiers(nn.Linear(*end), seed=seed, name=f"hidden.{i}")
            for i, end in enumerate(zip(widths, widths[1:], strict=False), 1)
        )
        self.output = for_rectifiers(nn.Linear(widths[-1], classes), seed=seed, name=OUTPUT)
        self.layers = (
            *(f"conv.{i}" for i, _ in enumerate(ends, 1)),
            *(f"hidden.{i}" for i, _ in enumerate(hidden, 1)),
            OUTPUT,
        )
        """Names of the recorded layers from input to logits."""

    def activations(self, x: Tensor) -> dict[str, Tensor]:
        """Every recorded layer's output, of images (n, c, h, w); maps are taken after pooling."""
        found: dict[str, Tensor] = {}
        passed = x
        for name, layer in zip(self.layers, self.conv, strict=False):
            passed = found[name] = nn.functional.max_pool2d(torch.relu(layer(passed)), 2)
        passed = passed.flatten(1)
        for name, layer in zip(self.layers[len(self.conv) :], self.hidden, strict=False):
            passed = found[name] = torch.relu(layer(passed))
        found[OUTPUT] = self.output(passed)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, c, h, w) to logits (n, classes)."""
        return self.activations(x)[OUTPUT]
