"""Gram matrices as objects: what an entropy needs of a variable, whatever its representation.

The Hadamard product of two Gram matrices is the joint variable. Entropies, informations and total
correlations are written once over this interface; a faster representation is another class here,
never a second formula.
"""

from dataclasses import dataclass
from functools import reduce
from typing import Protocol, final, runtime_checkable

import torch
from jaxtyping import Float, Int, Num
from torch import Tensor

from infoplane.numerics.bandwidth import Bandwidth
from infoplane.numerics.kernels import gaussian_, squared_distances
from infoplane.numerics.spectrum import spectrum


@runtime_checkable
class Gram(Protocol):
    """A normalised Gram matrix A of n samples, trace 1, possibly one per batch."""

    @property
    def n(self) -> int:
        """Number of samples."""
        ...

    def spectrum(self) -> Float[Tensor, "*batch m"]:
        """Eigenvalues of A: non-negative, summing to 1; zeros may be left out."""
        ...

    def purity(self) -> Float[Tensor, "*batch"]:
        """Tr A² = ‖A‖², without eigenvalues."""
        ...

    def times(self, other: "Gram") -> "Gram":
        """The joint variable: Hadamard product, normalised again."""
        ...

    def reordered(self, order: Int[Tensor, "*batch n"]) -> "Gram":
        """The same variable with its samples in another order (per batch)."""
        ...


@final
@dataclass(frozen=True)
class Dense:
    """A kernel matrix; its trace is divided out when a spectrum or purity is asked for.

    Attributes:
        kernel: Symmetric positive semi-definite, shape (…, n, n).
    """

    kernel: Float[Tensor, "*batch n n"]

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.kernel.shape[-1]

    def spectrum(self) -> Float[Tensor, "*batch n"]:
        """Eigenvalues of A."""
        return spectrum(self.kernel)

    def purity(self) -> Float[Tensor, "*batch"]:
        """‖K‖²/(tr K)²."""
        return self.kernel.square().sum((-2, -1)) / _trace(self.kernel).square()

    def times(self, other: Gram) -> Gram:
        """Element-wise product with a dense Gram; class blocks where the other holds labels."""
        if isinstance(other, Dense):
            return Dense(self.kernel * other.kernel)
        return other.times(self)

    def reordered(self, order: Int[Tensor, "*batch n"]) -> "Dense":
        """Rows and columns in another order."""
        order = order.expand(self.kernel.shape[:-1])
        places = order[..., :, None] * self.n + order[..., None, :]
        flat = self.kernel.flatten(-2).gather(-1, places.flatten(-2))
        return Dense(flat.unflatten(-1, (self.n, self.n)))


@final
@dataclass(frozen=True)
class Labels:
    """The kernel "same class or not": 1 within a class, 0 between classes.

    Its eigenvalues are the class frequencies, so no n×n matrix is ever formed.

    Attributes:
        ids: Class of every sample, 0…C−1, shape (…, n).
    """

    ids: Int[Tensor, "*batch n"]

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.ids.shape[-1]

    def spectrum(self) -> Float[Tensor, "*batch c"]:
        """Frequencies of the classes."""
        classes = int(self.ids.max()) + 1
        ones = torch.ones_like(self.ids, dtype=torch.float64)
        counts = ones.new_zeros(*self.ids.shape[:-1], classes).scatter_add(-1, self.ids, ones)
        return counts / self.n

    def purity(self) -> Float[Tensor, "*batch"]:
        """Σp²."""
        return self.spectrum().square().sum(-1)

    def times(self, other: Gram) -> Gram:
        """Pairs of classes with labels, diagonal blocks of anything dense."""
        if isinstance(other, Labels):
            return Labels(_renumbered(self.ids * (int(other.ids.max()) + 1) + other.ids))
        if isinstance(other, Dense):
            return Blocks(other.kernel, self.ids.expand(other.kernel.shape[:-1]))
        return other.times(self)

    def reordered(self, order: Int[Tensor, "*batch n"]) -> "Labels":
        """The labels in another order."""
        return Labels(self.ids.take_along_dim(order, -1))


@final
@dataclass(frozen=True)
class Blocks:
    """A dense kernel with everything between different classes set to 0.

    Sorted by class it is block-diagonal: its spectrum is that of the blocks, Σn_c³ instead of n³.

    Attributes:
        kernel: The kernel before masking, shape (…, n, n).
        ids: Class of every sample, 0…C−1, shape (…, n).
    """

    kernel: Float[Tensor, "*batch n n"]
    ids: Int[Tensor, "*batch n"]

    @property
    def n(self) -> int:
        """Number of samples."""
        return self.kernel.shape[-1]

    def spectrum(self) -> Float[Tensor, "*batch n"]:
        """Eigenvalues of all blocks, each weighted by its share of the trace."""
        kernels, ids = self.kernel.reshape(-1, self.n, self.n), self.ids.reshape(-1, self.n)
        if bool((ids == ids[:1]).all()):  # blocks of one shape are solved together
            return _block_spectrum(kernels, ids[0]).reshape(self.ids.shape)
        rows = [_block_spectrum(*one) for one in zip(kernels, ids, strict=True)]
        return torch.stack(rows).reshape(self.ids.shape)

    def purity(self) -> Float[Tensor, "*batch"]:
        """Squared entries within the classes over the squared trace."""
        return self._dense().purity()

    def times(self, other: Gram) -> Gram:
        """Finer blocks with labels, multiplied blocks with anything dense."""
        if isinstance(other, Labels):
            joint = Labels(self.ids).times(other)
            assert isinstance(joint, Labels)
            return Blocks(self.kernel, joint.ids)
        if isinstance(other, Dense):
            return Blocks(self.kernel * other.kernel, self.ids)
        assert isinstance(other, Blocks)
        return Blocks(self.kernel * other.kernel, self.ids).times(Labels(other.ids))

    def reordered(self, order: Int[Tensor, "*batch n"]) -> "Blocks":
        """Kernel and labels in another order."""
        return Blocks(
            Dense(self.kernel).reordered(order).kernel, self.ids.take_along_dim(order, -1)
        )

    def _dense(self) -> Dense:
        return Dense(self.kernel * (self.ids[..., :, None] == self.ids[..., None, :]))


def gaussian_gram(
    x: Num[Tensor, "*batch n d"], rule: Bandwidth
) -> tuple[Dense, Float[Tensor, "*batch"]]:
    """The Gaussian Gram matrix of samples and the width σ that the rule chose for them."""
    n, d = x.shape[-2:]
    distances = [squared_distances(one, rule.scale(one)) for one in x.reshape(-1, n, d)]
    squared = distances[0] if len(distances) == 1 else torch.stack(distances)
    squared = squared.reshape(*x.shape[:-2], n, n)
    sigma = rule.sigma(squared.detach(), d)
    return Dense(gaussian_(squared, sigma)), sigma


def label_gram(ids: Int[Tensor, "*batch n"]) -> Labels:
    """The class kernel of integer labels of any values."""
    return Labels(_renumbered(ids))


def joint(*grams: Gram) -> Gram:
    """The joint variable of one or more variables."""
    return reduce(lambda together, gram: together.times(gram), grams)


def _renumbered(ids: Tensor) -> Tensor:
    """The same classes, numbered 0…C−1."""
    return ids.unique(return_inverse=True)[1]


def _block_spectrum(kernel: Tensor, ids: Tensor) -> Tensor:
    """Eigenvalues of kernels (…, n, n) restricted to classes that they share, shape (…, n)."""
    trace = _trace(kernel)
    parts = []
    for members in (ids == label for label in ids.unique()):
        block = kernel[..., members, :][..., members]
        parts.append(spectrum(block) * (_trace(block) / trace)[..., None])
    return torch.cat(parts, -1)


def _trace(kernel: Tensor) -> Tensor:
    return kernel.diagonal(dim1=-2, dim2=-1).sum(-1)
