"""A network as a row of steps, and its kernels, computed block by block."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.values.errors import InfoplaneError
from infoplane.wide.activations import Activation, LeakyRelu, Relu
from infoplane.wide.arrays import Numbers, as_tensor
from infoplane.wide.layers import Conv, Dense, Flatten, GlobalAverage, Residual, Step, run
from infoplane.wide.pairs import Pairs, of_images, of_points

BLOCK = 1 << 16
"""Kernels of so many pairs (of inputs, or of pixels) at a time, so that they stay in the cache."""


class Kernels(NamedTuple):
    """Both kernels of all pairs of inputs, float64.

    Attributes:
        nngp: K(x, x′), the covariance of one output at initialisation, shape (n, m).
        ntk: Θ(x, x′), the tangent kernel, which moves it under gradient flow, shape (n, m).
    """

    nngp: Float[Tensor, "n m"]
    ntk: Float[Tensor, "n m"]


@final
@dataclass(frozen=True)
class Architecture:
    """Steps from input to output; the same description has kernels and finite networks.

    Attributes:
        steps: What comes after what; the last one is Dense.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps or not isinstance(self.steps[-1], Dense):
            raise InfoplaneError("A network ends in a Dense layer, whose output is normal.")
        _require_normal(self.steps, normal=False)
        images = [isinstance(one, Conv) for one in self.steps]
        if self.on_images != any(images):
            raise InfoplaneError(
                "Convolutions and a read-out (Flatten or GlobalAverage) come together."
            )
        if self.on_images and self._read_out < max(i for i, one in enumerate(images) if one):
            raise InfoplaneError("All convolutions stand before the read-out.")

    @property
    def on_images(self) -> bool:
        """Whether its inputs are images of shape (n, c, h, w) and not points of shape (n, d)."""
        return any(isinstance(one, Flatten | GlobalAverage) for one in self.steps)

    @property
    def degree(self) -> int | None:
        """How many layers of weights multiply each other: its degree of homogeneity in θ.

        None where scaling all parameters by c does not scale outputs by c to some power: another
        activation than rectifiers, biases, or residual sums.
        """
        for one in self.steps:
            if isinstance(one, Dense | Conv) and one.bias_variance:
                return None
            if isinstance(one, Residual):
                return None
            if isinstance(one, Activation) and not isinstance(one, Relu | LeakyRelu):
                return None
        return sum(isinstance(one, Dense | Conv) for one in self.steps)

    def kernels(self, x1: Numbers, x2: Numbers | None = None) -> Kernels:
        """Covariance and tangent kernel of all pairs.

        Args:
            x1: Inputs (n, d), or images (n, c, h, w).
            x2: Others (m, …); None for ``x1`` itself, whose symmetry saves half of the work.

        Raises:
            InfoplaneError: Inputs of another kind than the network takes, or not finite.
        """
        x1 = self._checked(x1)
        if x2 is None:
            return self._symmetric(x1)
        x2 = self._checked(x2)
        if x1.shape[1:] != x2.shape[1:]:
            raise InfoplaneError(
                f"x1 has inputs of shape {tuple(x1.shape[1:])}, x2 of {tuple(x2.shape[1:])}."
            )
        found = [x1.new_empty(len(x1), len(x2)) for _ in range(2)]
        averages = [self._averages(one) for one in (x1, x2)]
        for rows in self._blocks(x1):
            for columns in self._blocks(x2):
                block = self._block(x1[rows], x2[columns], averages[0][rows], averages[1][columns])
                found[0][rows, columns], found[1][rows, columns] = block
        return Kernels(*found)

    def variances(self, x: Numbers) -> Float[Tensor, " n"]:
        """K(x, x) of every input alone."""
        x = self._checked(x)
        averages = self._averages(x)
        rows = self._blocks(x)
        return torch.cat(
            [self._pairs(x[some], x[:1], averages[some], averages[:1]).left for some in rows]
        )

    def _symmetric(self, x: Tensor) -> Kernels:
        found = [x.new_empty(len(x), len(x)) for _ in range(2)]
        averages = self._averages(x)
        for rows in self._blocks(x):
            for columns in self._blocks(x):
                if columns.start < rows.start:
                    continue
                block = self._block(x[rows], x[columns], averages[rows], averages[columns])
                for whole, part in zip(found, block, strict=True):
                    whole[columns, rows] = part.T
                    whole[rows, columns] = part if rows != columns else 0.5 * (part + part.T)
        return Kernels(*found)

    def _block(self, x1: Tensor, x2: Tensor, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        pairs = self._pairs(x1, x2, left, right)
        return pairs.nngp, pairs.ntk

    def _pairs(self, x1: Tensor, x2: Tensor, left: Tensor, right: Tensor) -> Pairs:
        """The kernels of one block, given the variances of averaged channels where there are."""
        if not self.on_images:
            return run(self.steps, of_points(x1, x2))
        place, average = self._read_out, self._average
        before = run(self.steps[:place], of_images(x1, x2, all_pixels=average is not None))
        if average is None:
            return run(self.steps[place:], before)
        return run(self.steps[place + 1 :], average.averaged(before, left, right))

    def _averages(self, x: Tensor) -> Float[Tensor, " n"]:
        """K(x, x) of channels that are averaged over their pixels; zeros where none are."""
        average = self._average
        if average is None:
            return x.new_zeros(len(x))
        steps = self.steps[: self._read_out]
        alone = [run(steps, of_images(one[None], one[None], all_pixels=True)) for one in x]
        return torch.cat([average.nngp(one)[0] for one in alone])

    @cached_property
    def _read_out(self) -> int:
        """Where pixels become features."""
        return next(
            i for i, one in enumerate(self.steps) if isinstance(one, Flatten | GlobalAverage)
        )

    @property
    def _average(self) -> GlobalAverage | None:
        """The global average, if it has one."""
        return next((one for one in self.steps if isinstance(one, GlobalAverage)), None)

    def _blocks(self, x: Tensor) -> Iterator[slice]:
        """Rows of a block."""
        pixels = math.prod(x.shape[2:]) ** (1 if self._average is None else 2)
        size = max(1, math.isqrt(BLOCK // pixels))
        return (slice(start, min(start + size, len(x))) for start in range(0, len(x), size))

    def _checked(self, x: Numbers) -> Tensor:
        """Inputs in float64, on the device they are on.

        Raises:
            InfoplaneError: They have other axes than the network takes, or are not finite.
        """
        given, wanted = as_tensor(x, "x"), 4 if self.on_images else 2
        if given.ndim != wanted:
            form = "images (n, c, h, w)" if self.on_images else "points (n, d)"
            raise InfoplaneError(
                f"The inputs have shape {tuple(given.shape)}; this network takes {form}."
            )
        return given


def serial(*steps: Step) -> Architecture:
    """A network of steps in a row.

    >>> relu = serial(Dense(2.0), Relu(), Dense(2.0))
    >>> relu.kernels(torch.ones(1, 3)).ntk.item()
    4.0

    Raises:
        InfoplaneError: They do not make a network.
    """
    return Architecture(steps)


def _require_normal(steps: Sequence[Step], *, normal: bool) -> None:
    """Refuses an activation, or a residual sum, of what is not normal.

    Args:
        steps: In a row.
        normal: Whether what they are given is normal.

    Raises:
        InfoplaneError: There is one.
    """
    for one in steps:
        if isinstance(one, Dense | Conv):
            normal = True
        elif isinstance(one, Flatten | GlobalAverage):
            continue
        elif isinstance(one, Residual):
            if not normal:
                raise InfoplaneError("A residual sum follows a Dense, a Conv or another sum.")
            _require_normal(one.branch, normal=True)
        elif not normal:
            raise InfoplaneError(
                f"{type(one).__name__} has no Dense or Conv before it: what it is applied to is "
                "not normal, and its kernels are not known."
            )
        else:
            normal = False
