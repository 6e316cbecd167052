"""E[φ(u)φ(v)] and E[φ′(u)φ′(v)] of jointly normal u and v: one activation, infinitely wide.

In closed form for rectifiers (cho2009kernel) and erf (williams1997computing). For other functions
as a series in the correlation, Σ a_k(σ) a_k(σ′) ρ^k, where a_k(σ) is the k-th Hermite coefficient
of φ(σz) by Gauss–Hermite quadrature.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.values.errors import InfoplaneError
from infoplane.wide.pairs import Pairs, orthogonal_where_zero

NODES, TERMS = 256, 160
"""Of the quadrature, and at most of the series."""
NEGLIGIBLE = 1e-15
"""Share of E[φ²] at which the series ends sooner."""
UNTOLD = 1e-4
"""Share of E[φ²] that the series may leave to its last term."""
SLOPE = "′"


@runtime_checkable
class Activation(Protocol):
    """A function applied to every unit."""

    def __call__(self, pairs: Pairs) -> Pairs:
        """What it makes of the kernels of an infinitely wide layer."""
        ...

    def function(self, z: Tensor) -> Tensor:
        """The function itself."""
        ...


@final
@dataclass(frozen=True)
class LeakyRelu:
    """max(z, slope·z): a sum of a linear function and |z|, whose products have closed forms.

    With p = ((1 + slope)/2)², q = ((1 − slope)/2)² and the angle t,
    E[φφ′]/√(kk′) = p cos t + (2q/π)(sin t + (π/2 − t) cos t), and E of the derivatives is
    p + q − (2q/π) t. Source: cho2009kernel, of degree 1 and 0.

    Attributes:
        slope: Below 0; 0 is ``Relu``, −1 is |z|.
    """

    slope: float = 0.01

    def __post_init__(self) -> None:
        if not -1 <= self.slope <= 1:
            raise InfoplaneError(f"slope={self.slope}: it lies between −1 and 1.")

    def __call__(self, pairs: Pairs) -> Pairs:
        """Gap and angle are enough, so that equal and opposite inputs are met exactly."""
        odd, even = ((1 + self.slope) / 2) ** 2, ((1 - self.slope) / 2) ** 2
        whole = odd + even
        gap = pairs.gap.clamp(0.0, 2.0)
        angle = (0.5 * gap).sqrt_().asin_().mul_(2.0)
        beyond = (gap * (2 - gap)).sqrt_().sub_(angle * (1 - gap))  # sin t − t cos t
        return Pairs(
            whole * pairs.left,
            whole * pairs.right,
            gap.sub_(beyond.mul_(2 * even / (math.pi * whole))),
            angle.mul_(-2 * even / math.pi).add_(whole).mul_(pairs.ntk),
        )

    def function(self, z: Tensor) -> Tensor:
        """max(z, slope·z)."""
        return torch.nn.functional.leaky_relu(z, self.slope)


@final
@dataclass(frozen=True)
class Relu:
    """max(z, 0)."""

    def __call__(self, pairs: Pairs) -> Pairs:
        """As ``LeakyRelu`` of slope 0."""
        return LeakyRelu(0.0)(pairs)

    def function(self, z: Tensor) -> Tensor:
        """max(z, 0)."""
        return z.relu()


@final
@dataclass(frozen=True)
class Erf:
    """erf(z): E[φφ′] = (2/π) asin(2k/√((1 + 2k₁₁)(1 + 2k₂₂))).

    Source: williams1997computing.
    """

    def __call__(self, pairs: Pairs) -> Pairs:
        """In closed form; smooth at equal inputs."""
        left, right = (_erf_variance(one) for one in (pairs.left, pairs.right))
        l1, r1 = pairs.facing(1 + 2 * pairs.left, 1 + 2 * pairs.right)
        whole, twice = l1 * r1, 2 * pairs.nngp
        slopes = (4 / math.pi) / (whole - twice.square()).sqrt()
        nngp = (2 / math.pi) * (twice / whole.sqrt()).asin()
        moved = Pairs(left, right, pairs.gap, slopes * pairs.ntk)
        return replace(moved, gap=orthogonal_where_zero(1 - nngp / moved.scale))

    def function(self, z: Tensor) -> Tensor:
        """erf(z)."""
        return z.erf()


def _erf_variance(variance: Tensor) -> Tensor:
    return (2 / math.pi) * (2 * variance / (1 + 2 * variance)).asin()


@final
@dataclass(frozen=True)
class Elementwise:
    """Any other function, by quadrature: tanh, GELU, or one of your own.

    The series ends after ``TERMS`` terms; what it leaves of E[φ²] is put into a last one, so that
    variances are exact, kernels stay positive, and a covariance errs by no more than that rest.

    Attributes:
        name: What it is called.
        of: The function, differentiable by torch, elementwise.
    """

    name: str
    of: Callable[[Tensor], Tensor]

    def __call__(self, pairs: Pairs) -> Pairs:
        """By the series in the correlation.

        Raises:
            InfoplaneError: The function is too steep or has kinks, so that the series is too short.
        """
        n = len(pairs.left)
        both = torch.cat([pairs.left, pairs.right])
        values, slopes = (
            self._coefficients(both, which).tensor_split([n]) for which in ("", SLOPE)
        )
        variances = [one.square().sum(-1) for one in values]
        ntk = _series(pairs, *slopes).mul_(pairs.ntk)
        moved = Pairs(variances[0], variances[1], pairs.gap, ntk)
        gap = orthogonal_where_zero(1 - _series(pairs, *values) / moved.scale)
        left, right = moved.facing(*variances)
        same = torch.logical_and(pairs.gap == 0, left == right)
        return replace(moved, gap=gap.masked_fill(same, 0.0))

    def function(self, z: Tensor) -> Tensor:
        """The function itself."""
        return self.of(z)

    def _coefficients(self, variance: Tensor, which: str) -> Float[Tensor, "*n k"]:
        """a_k of φ, or φ′, at every variance; last what is left of E[φ²], as its root."""
        nodes, weights, hermite = _quadrature(variance.device)
        at = variance.sqrt()[..., None] * nodes
        values = _slope(self.of, at) if which == SLOPE else self.of(at)
        found = (values * weights) @ hermite
        whole = (values.square() * weights).sum(-1, keepdim=True)
        rest = whole - found.square().cumsum(-1)
        shares = (rest / whole.clamp_min(torch.finfo(whole.dtype).tiny)).flatten(0, -2).amax(0)
        if not float(shares[-1]) <= UNTOLD:
            raise InfoplaneError(
                f"{self.name}{which}: its Hermite series of {TERMS} terms leaves "
                f"{float(shares[-1]):.1e} of its variance, more than {UNTOLD:g}, at an input "
                f"variance of up to {float(variance.max()):.3g}. Take smaller weight variances or "
                "a smoother function; Relu, LeakyRelu and Erf have closed forms."
            )
        terms = min(TERMS - 1, int((shares > NEGLIGIBLE).sum()))
        last = rest[..., terms : terms + 1].clamp_min(0.0).sqrt()  # below 0 it is rounding
        return torch.cat([found[..., : terms + 1], last], -1)


def Tanh() -> Elementwise:
    """tanh(z), by quadrature."""
    return Elementwise("tanh", torch.tanh)


def Gelu() -> Elementwise:
    """The function z Φ(z), by quadrature."""
    return Elementwise("gelu", torch.nn.functional.gelu)


def _series(pairs: Pairs, left: Tensor, right: Tensor) -> Tensor:
    """Σ_k a_k a′_k ρ^k, by Horner's rule."""
    cosine = pairs.cosine
    total = torch.zeros_like(cosine)
    for k in reversed(range(left.shape[-1])):
        l1, r1 = pairs.facing(left[..., k], right[..., k])
        total.mul_(cosine).addcmul_(l1, r1)
    return total


def _slope(of: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """φ′, by differentiation."""
    with torch.enable_grad():
        at = at.detach().requires_grad_()
        (found,) = torch.autograd.grad(of(at).sum(), at)
    return found


@cache
def _quadrature(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Nodes (q,) and weights (q,) of E over a standard normal, and Hermite polynomials (q, k)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    rows = [np.ones_like(nodes), nodes]
    for k in range(1, TERMS - 1):  # normalised: h_{k+1} √(k+1) = z h_k − √k h_{k−1}
        rows.append((nodes * rows[k] - math.sqrt(k) * rows[k - 1]) / math.sqrt(k + 1))
    told = (nodes, weights / weights.sum(), np.stack(rows, 1))
    first, second, third = (torch.from_numpy(one).to(device) for one in told)
    return first, second, third
