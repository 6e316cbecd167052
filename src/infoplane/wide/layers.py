"""Layers with weights, sums and read-outs as steps from kernels to kernels, infinitely wide.

Weights and biases are standard normal, and their variances are factors of the function (the NTK
parametrisation): a dense layer is z = √(σ_w²/d) W x + σ_b b of d inputs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from infoplane.values.errors import InfoplaneError
from infoplane.wide.activations import Activation
from infoplane.wide.pairs import Pairs, of_kernels


@final
@dataclass(frozen=True)
class Dense:
    """K ← σ_w² K + σ_b² and Θ ← K + σ_w² Θ.

    Attributes:
        weight_variance: σ_w².
        bias_variance: σ_b².

    Source: jacot2018neural; lee2018deep.
    """

    weight_variance: float = 2.0
    bias_variance: float = 0.0

    def __post_init__(self) -> None:
        require_variances(self.weight_variance, self.bias_variance)

    def __call__(self, pairs: Pairs) -> Pairs:
        """What its weights and biases make of the kernels."""
        return trained(pairs.scaled(self.weight_variance).biased(self.bias_variance))


@final
@dataclass(frozen=True)
class Conv:
    """A convolution with stride 1 and zeros around the image, which keeps its size.

    K[p, p′] ← σ_w² times the mean of K[p + δ, p′ + δ] over the filter, plus σ_b².

    Attributes:
        weight_variance: σ_w², of all weights of a unit together.
        bias_variance: σ_b².
        size: Odd width of the square filter.

    Source: novak2019bayesian; arora2019exact.
    """

    weight_variance: float = 2.0
    bias_variance: float = 0.0
    size: int = 3

    def __post_init__(self) -> None:
        require_variances(self.weight_variance, self.bias_variance)
        if self.size < 1 or self.size % 2 == 0:
            raise InfoplaneError(f"size={self.size}: a filter has an odd width of at least 1.")

    def __call__(self, pairs: Pairs) -> Pairs:
        """What its weights and biases make of the kernels of pixels."""
        left, right, nngp, ntk = (
            self._over_filter(one) for one in (pairs.left, pairs.right, pairs.nngp, pairs.ntk)
        )
        moved = of_kernels(left, right, nngp, ntk).scaled(self.weight_variance)
        return trained(moved.biased(self.bias_variance))

    def _over_filter(self, kernel: Tensor) -> Tensor:
        """The mean over the filter, which moves along both of two pixels at once."""
        around = self.size // 2
        if kernel.ndim < 6:
            flat = kernel.reshape(-1, 1, *kernel.shape[-2:])
            return avg_pool2d(flat, self.size, stride=1, padding=around).reshape(kernel.shape)
        for rows in (True, False):
            padding = (0, 0, around, around) * 2 if rows else (around, around, 0, 0) * 2
            kernel = sum_of_shifts(pad(kernel, padding), self.size, 2 if rows else 1)
        return kernel / self.size**2


def sum_of_shifts(kernel: Tensor, size: int, axis: int) -> Tensor:
    """Σ_δ K[…, p + δ, …, p′ + δ, …] along an axis, counted from the end, and its partner."""
    length = kernel.shape[-axis] - size + 1
    windows = [
        kernel.narrow(-axis, start, length).narrow(-axis - 2, start, length)
        for start in range(size)
    ]
    return torch.stack(windows).sum(0) if len(windows) > 1 else windows[0]


@final
@dataclass(frozen=True)
class Flatten:
    """All pixels as features: the mean of K[p, p] over the pixels."""

    def __call__(self, pairs: Pairs) -> Pairs:
        """One kernel of every pair of images."""
        nngp, ntk = (_same_pixel(one) for one in (pairs.nngp, pairs.ntk))
        return of_kernels(*(one.mean((-2, -1)) for one in (pairs.left, pairs.right, nngp, ntk)))


@final
@dataclass(frozen=True)
class GlobalAverage:
    """The mean over all pixels of a channel: the mean of K[p, p′] over pairs of pixels.

    It needs the kernels of all pairs of pixels, (h·w)² numbers for every pair of images.
    """

    def nngp(self, pairs: Pairs) -> Tensor:
        """K(x, x′) of averaged channels, shape (n, m)."""
        return pairs.nngp.mean((-4, -3, -2, -1))

    def averaged(self, pairs: Pairs, left: Tensor, right: Tensor) -> Pairs:
        """One kernel of every pair of images.

        Args:
            pairs: Of all pairs of pixels.
            left: K(x, x) of the averaged channels, shape (n,), which is not in ``pairs``.
            right: K(x′, x′), shape (m,).
        """
        return of_kernels(left, right, self.nngp(pairs), pairs.ntk.mean((-4, -3, -2, -1)))


@final
@dataclass(frozen=True)
class Residual:
    """x + branch(x): kernels add up, since the branch ends in weights of its own.

    Attributes:
        branch: Steps, the last of them Dense or Conv.
    """

    branch: tuple["Step", ...]

    def __post_init__(self) -> None:
        if not self.branch or not isinstance(self.branch[-1], Dense | Conv):
            raise InfoplaneError(
                "The branch of a residual sum ends in Dense or Conv: without fresh weights it is "
                "not independent of what it is added to, and kernels do not add up."
            )

    def __call__(self, pairs: Pairs) -> Pairs:
        """The sum of both."""
        return pairs.plus(run(self.branch, pairs))


Step = Dense | Conv | Flatten | GlobalAverage | Residual | Activation
"""What a network is made of."""


def residual(*branch: Step) -> Residual:
    """The sum x + branch(x).

    Raises:
        InfoplaneError: The branch does not end in Dense or Conv.
    """
    return Residual(branch)


def run(steps: Sequence[Step], pairs: Pairs) -> Pairs:
    """The kernels after some steps, none of them ``GlobalAverage``."""
    for step in steps:
        if isinstance(step, GlobalAverage):
            raise InfoplaneError("GlobalAverage stands between layers, not within a residual sum.")
        pairs = step(pairs)
    return pairs


def trained(pairs: Pairs) -> Pairs:
    """With what the layer's own parameters add to Θ: K itself."""
    return replace(pairs, ntk=pairs.nngp.add_(pairs.ntk))


def require_variances(weights: float, biases: float) -> None:
    """Refuses variances that are none.

    Raises:
        InfoplaneError: One is negative or not finite, or that of the weights is 0.
    """
    if not (math.isfinite(weights) and weights > 0 and math.isfinite(biases) and biases >= 0):
        raise InfoplaneError(
            f"weight_variance={weights}, bias_variance={biases}: finite numbers are needed, the "
            "first positive, the second not negative."
        )


def _same_pixel(kernel: Tensor) -> Tensor:
    """K[p, p], shape (n, m, h, w)."""
    if kernel.ndim == 4:
        return kernel
    n, m, h, w = kernel.shape[:4]
    return kernel.reshape(n, m, h * w, h * w).diagonal(dim1=-2, dim2=-1).reshape(n, m, h, w)
