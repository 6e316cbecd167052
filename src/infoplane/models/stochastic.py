"""A classifier whose code is drawn from a normal distribution that its encoder chooses."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Protocol, final, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from infoplane.models.dense import Dense, identity, row
from infoplane.models.initial import for_rectifiers
from infoplane.models.mlp import OUTPUT, hidden_names
from infoplane.quantities.diagonal import Diagonal
from infoplane.values.seeds import stream

CODE, MEAN, SCALE = "code", "mean", "scale"
"""Names of the layers between encoder and decoder."""
NARROWEST = 1e-3
"""The least σ of the encoder."""
NARROWEST_CLASS = 1e-2
"""The least σ of what is expected of the codes of a class."""
_Rectified = partial(Dense, activation=torch.relu, initial=for_rectifiers)


def above(least: float, raw: Tensor) -> Tensor:
    """A positive number from any: ``least`` + ln(1 + e^raw)."""
    return least + softplus(raw)


@runtime_checkable
class Stochastic(Protocol):
    """A network whose code is drawn from a normal distribution that it knows."""

    def encode(self, x: Float[Tensor, "n *shape"]) -> Diagonal:
        """e(z|x), shape (n, d)."""
        ...

    def decode(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n k"]:
        """Class scores of codes: ln c(y|z) up to a constant."""
        ...


@runtime_checkable
class ByClass(Protocol):
    """A network that has one normal distribution of codes for every class."""

    @property
    def by_class(self) -> Diagonal:
        """b(z|y), shape (k, d)."""
        ...


@runtime_checkable
class StochasticByClass(Stochastic, ByClass, Protocol):
    """Both."""


@final
class Drawn(nn.Module):
    """z = μ + σ·ε with ε from torch's global stream; in evaluation z = μ."""

    def forward(
        self, mean: Float[Tensor, "n d"], scale: Float[Tensor, "n d"]
    ) -> Float[Tensor, "n d"]:
        """One draw for every sample."""
        return mean + scale * torch.randn_like(mean) if self.training else mean


@final
class StochasticClassifier(nn.Module):
    """Samples → hidden.1 → … → (mean, scale) → code → decoder.1 → … → output, the class scores.

    Hidden layers are rectified; mean, raw scale and output linear. Beside them it has one normal
    distribution b(z|y) per class, which objectives and bounds compare the codes with and which
    nothing in the forward pass uses.

    Args:
        shape: Shape of one sample.
        hidden: Widths of the encoder's hidden layers, from the input on; may be empty.
        code_size: Width d of the code.
        classes: How many classes there are.
        decoder: Widths of the decoder's hidden layers; empty for a linear decoder.
        seed: Seed of the initial weights.
    """

    def __init__(
        self,
        shape: Sequence[int],
        hidden: Sequence[int],
        code_size: int,
        classes: int,
        *,
        decoder: Sequence[int] = (),
        seed: int,
    ) -> None:
        super().__init__()
        names = hidden_names(len(hidden))
        widths, inner = [math.prod(shape), *hidden], [code_size, *decoder]
        out = tuple(f"decoder.{place + 1}" for place in range(len(decoder)))
        self.hidden = row(names, widths, seed, _Rectified)
        self.mean = Dense(widths[-1], code_size, seed=seed, name=MEAN, activation=identity)
        self.scale = Dense(
            widths[-1], code_size, seed=seed, name=SCALE, activation=partial(above, NARROWEST)
        )
        self.code = Drawn()
        self.decoder = row(out, inner, seed, _Rectified)
        self.output = Dense(inner[-1], classes, seed=seed, name=OUTPUT, activation=identity)
        drawn = torch.randn(classes, code_size, generator=stream(seed, "init", "classes"))
        self.class_mean = nn.Parameter(drawn)
        self.class_raw_scale = nn.Parameter(torch.full((classes, code_size), math.log(math.e - 1)))
        self.layers = (*names, MEAN, SCALE, CODE, *out, OUTPUT)
        """Names of the layers from input to class scores."""

    @property
    def by_class(self) -> Diagonal:
        """b(z|y), shape (classes, d)."""
        return Diagonal(self.class_mean, above(NARROWEST_CLASS, self.class_raw_scale))

    def encode(self, x: Float[Tensor, "n *shape"]) -> Diagonal:
        """e(z|x) of every sample, shape (n, d)."""
        passed = self.hidden(x.flatten(1))
        return Diagonal(self.mean(passed), self.scale(passed))

    def decode(self, z: Float[Tensor, "n d"]) -> Float[Tensor, "n k"]:
        """Class scores of codes: ln c(y|z) up to a constant."""
        return self.output(self.decoder(z))

    def forward(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, "n k"]:
        """Class scores from a drawn code; in evaluation from the mean."""
        at = self.encode(x)
        return self.decode(self.code(at.mean, at.scale))
