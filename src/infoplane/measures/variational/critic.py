"""The critic, g(x)·h(y) within bounds: two small networks, and how they are to be trained."""

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.values.errors import InfoplaneError

Inputs = Float[Tensor, "n _"] | Int[Tensor, " n"]
"""What a network reads: columns of numbers, or classes 0 … k − 1, which it reads as one-hot."""
Affine = tuple[Tensor, Tensor]
"""Weights (inputs, outputs) and biases (outputs,)."""


@final
@dataclass(frozen=True)
class Critic:
    """A separable critic, f(x, y) = c·tanh(s/c) of s = g(x)·h(y) / features, and how it is trained.

    One part of the samples (``held_out``) says when to stop, another one is measured; the critic is
    trained on the rest, with Adam. Scores stay within ±c, c = ln of the samples trained on: so many
    show no larger ratio of densities (mcallester2020formal), and a single stranger whose score
    were extrapolated beyond would decide a bound alone. Samples are taken to be independent of each
    other: of a time series, neighbours in time would fall on both sides.

    Attributes:
        hidden: Widths of the hidden layers of g and of h.
        features: How many outputs g and h have.
        steps: Updates at most.
        batch_size: Samples per update; all its strangers are used, batch_size·(batch_size − 1).
        learning_rate: That of Adam.
        held_out: Share of the samples that is measured, and, again, that says when to stop.
        patience: It stops after so many looks at the validation part, one every 20 updates,
            without a better one; the best critic is kept.
    """

    hidden: tuple[int, ...] = (64, 64)
    features: int = 32
    steps: int = 2000
    batch_size: int = 128
    learning_rate: float = 2e-3
    held_out: float = 0.2
    patience: int = 10

    def __post_init__(self) -> None:
        if not self.hidden or min(self.hidden) < 1:
            raise InfoplaneError(
                f"hidden={self.hidden}: a critic needs one or more hidden layers of at least one "
                "unit; (64, 64) is usual."
            )
        for name, least in (("features", 1), ("steps", 1), ("batch_size", 2), ("patience", 1)):
            if getattr(self, name) < least:
                raise InfoplaneError(f"{name}={getattr(self, name)}: it must be {least} or more.")
        if not 0 < self.learning_rate < math.inf:
            raise InfoplaneError(
                f"learning_rate={self.learning_rate}: give a positive number, such as 0.001."
            )
        if not 0 < self.held_out < 0.5:
            raise InfoplaneError(
                f"held_out={self.held_out}: that share is kept back twice and something must be "
                "left to train on; give more than 0 and less than 0.5, such as 0.2."
            )

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        widths = "-".join(map(str, self.hidden))
        return (
            f"separable critic g(x)·h(y), hidden layers {widths}, {self.features} features, scores "
            f"within the logarithm of the samples trained on, "
            f"Adam at {self.learning_rate:g}, batches of {self.batch_size}, at most {self.steps} "
            f"updates, stopped on one part of the samples and measured on another (share "
            f"{self.held_out:g} each, patience {self.patience}); columns standardised by the "
            "training part, labels one-hot"
        )


@final
@dataclass(frozen=True)
class Networks:
    """g and h with their weights.

    Attributes:
        g: Layers that read x.
        h: Layers that read y.
        limit: Scores lie between minus this and this, in nats.
    """

    g: tuple[Affine, ...]
    h: tuple[Affine, ...]
    limit: float

    @property
    def weights(self) -> list[Tensor]:
        """Everything that is trained."""
        return [one for layer in (*self.g, *self.h) for one in layer]

    def scores(self, x: Inputs, y: Inputs) -> Float[Tensor, "n n"]:
        """f(x_i, y_j) for all i and j."""
        features = self.g[-1][1].numel()
        raw = read(self.g, x) @ read(self.h, y).T
        return self.limit * torch.tanh(raw / (features * self.limit))


def drawn(
    critic: Critic, x: Inputs, y: Inputs, generator: torch.Generator, trained_on: int
) -> Networks:
    """Networks for such inputs with weights at random, to be trained on so many samples."""
    widths = [*critic.hidden, critic.features]
    g, h = (tuple(_layers(inputs, widths, generator)) for inputs in (x, y))
    return Networks(g, h, math.log(trained_on))


def read(layers: tuple[Affine, ...], inputs: Inputs) -> Float[Tensor, "n e"]:
    """What a network says of its inputs: SiLU between layers, none after the last."""
    (weights, biases), *rest = layers
    # the row of a class is what one-hot times the weights would be
    outputs = (inputs @ weights if inputs.ndim == 2 else weights[inputs]) + biases
    for weights, biases in rest:
        outputs = torch.addmm(biases, torch.nn.functional.silu(outputs), weights)
    return outputs


def _layers(inputs: Inputs, widths: list[int], generator: torch.Generator) -> list[Affine]:
    """He's initial weights; of a one-hot input, one entry is not zero."""
    several = inputs.ndim == 2
    sizes = [inputs.shape[1] if several else int(inputs.max()) + 1, *widths]
    reaching = [sizes[0] if several else 1, *widths]
    return [
        (
            _trainable(_normal(rows, columns, generator) * math.sqrt(2 / fan_in), inputs.device),
            _trainable(torch.zeros(columns, dtype=torch.float64, device="cpu"), inputs.device),
        )
        for rows, columns, fan_in in zip(sizes[:-1], sizes[1:], reaching[:-1], strict=True)
    ]


def _normal(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    return torch.randn(rows, columns, generator=generator, dtype=torch.float64, device="cpu")


def _trainable(values: Tensor, device: torch.device) -> Tensor:
    return values.to(device).requires_grad_()
