"""Tied autoencoders: the decoder's weights are the encoder's, transposed."""

import math
from collections.abc import Callable, Sequence
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from infoplane.models.autoencoders.funnel import Funnel
from infoplane.models.autoencoders.species import CODE
from infoplane.models.dense import Dense
from infoplane.values.seeds import stream


@final
class Transposed(nn.Module):
    """sigmoid(Wᵀ z + b) with another layer's weights W, which are the same parameter.

    Args:
        weight: W, shape (code, pixels).
        seed: Seed of the initial bias, drawn uniformly from ±1/√code as ``torch.nn.Linear`` does.
        name: Name of the layer.
    """

    def __init__(self, weight: nn.Parameter, *, seed: int, name: str) -> None:
        super().__init__()
        self.weight = weight
        code, pixels = weight.shape
        bound = 1 / math.sqrt(code)
        bias = torch.empty(pixels).uniform_(-bound, bound, generator=stream(seed, "init", name))
        self.bias = nn.Parameter(bias)

    def forward(self, z: Float[Tensor, "n k"]) -> Float[Tensor, "n pixels"]:
        """Codes to pixels."""
        return torch.sigmoid(nn.functional.linear(z, self.weight.t(), self.bias))


@final
class Tied(Funnel):
    """A shallow autoencoder with one matrix of weights: an update moves it once.

    Args:
        shape: Shape of one image (c, h, w).
        code_size: Width K of the code.
        seed: Seed of the initial weights.

    Source: lee2021information (W₂ = W₁ᵀ; for how its code does it see ``SharedStorage``).
    """

    def __init__(self, shape: Sequence[int], code_size: int, *, seed: int) -> None:
        super().__init__(shape, (), code_size, seed=seed)
        code = Dense(math.prod(shape), code_size, seed=seed, name=CODE)
        self.code = code
        self.output = Transposed(code.get_parameter("affine.weight"), seed=seed, name="output")


@final
class SharedStorage(Funnel):
    """A shallow autoencoder whose two weight parameters are two views of the same numbers.

    An optimiser takes them for two parameters with gradients and moments of their own, and so
    moves the same numbers twice at every update. That is what the published code of the tied
    autoencoder does.

    Args:
        shape: Shape of one image (c, h, w).
        code_size: Width K of the code.
        seed: Seed of the initial weights.

    Source: lee2021information, the authors' code.
    """

    def __init__(self, shape: Sequence[int], code_size: int, *, seed: int) -> None:
        super().__init__(shape, (), code_size, seed=seed)
        self._share()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "SharedStorage":
        """Moves the network, to another device say; two copies must become one again."""
        super()._apply(fn, recurse)
        self._share()
        return self

    def _share(self) -> None:
        code, output = self.get_parameter(f"{CODE}.affine.weight"), "output.affine.weight"
        self.get_parameter(output).data = code.data.t()
