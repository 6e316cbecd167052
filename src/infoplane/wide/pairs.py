"""What every pair of inputs has become on its way through an infinitely wide network.

The kernel of a pair is kept as two variances and a gap, 1 − cos of the angle between both. Near
cos = 1 the angle is √(2·gap), and a cosine in double precision has forgotten it below 1e-8: the
tangent kernel of a rectifier, whose slope is the angle, would be wrong in the eighth digit between
equal inputs, and not positive between inputs that are nearly equal.
"""

from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

NEAR = 1e-6
"""Gaps below this are taken from differences, because 1 − x·x′ has lost half of its digits."""
CHUNK = 1 << 20
"""So many numbers of differences at a time."""
ROUNDING = 4 * torch.finfo(torch.float64).eps
"""A gap found as 1 − K/√(kk′) is 0 below this: it is rounding."""


@final
@dataclass(frozen=True, eq=False)
class Pairs:
    """All pairs of n inputs with m others; images have a kernel for every pair of pixels.

    Attributes:
        left: K(x, x), shape (n,), or (n, h, w) for images.
        right: K(x′, x′), shape (m,) or (m, h, w).
        gap: 1 − K(x, x′)/√(K(x, x) K(x′, x′)); 1 where one of them is 0. Shape (n, m); for images
            (n, m, h, w) of the same pixel in both, or (n, m, h, w, h, w) of all pairs of pixels.
        ntk: The tangent kernel Θ(x, x′), shape as ``gap``.
    """

    left: Float[Tensor, "n *pixels"]
    right: Float[Tensor, "m *pixels"]
    gap: Float[Tensor, "n m *rest"]
    ntk: Float[Tensor, "n m *rest"]

    def facing(self, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        """One number of every input (and pixel) on each side, as views that broadcast to pairs."""
        apart = (1,) * (self.gap.ndim - 1 - left.ndim)
        n, *pixels = left.shape
        m = len(right)
        return left.reshape(n, 1, *pixels, *apart), right.reshape(1, m, *apart, *pixels)

    @property
    def scale(self) -> Float[Tensor, "n m *rest"]:
        """√(K(x, x) K(x′, x′)), exactly K(x, x) where both are the same."""
        left, right = self.facing(self.left, self.right)
        return (left * right).sqrt()

    @property
    def cosine(self) -> Float[Tensor, "n m *rest"]:
        """K(x, x′)/√(K(x, x) K(x′, x′))."""
        return 1 - self.gap

    @property
    def nngp(self) -> Float[Tensor, "n m *rest"]:
        """The covariance K(x, x′) at initialisation."""
        return self.scale.mul_(self.cosine)

    def scaled(self, factor: float) -> "Pairs":
        """Both kernels times a factor."""
        if factor == 1:
            return self
        return replace(
            self, left=factor * self.left, right=factor * self.right, ntk=factor * self.ntk
        )

    def plus(self, other: "Pairs") -> "Pairs":
        """Kernels of the sum of two independent functions."""
        return Pairs(
            self.left + other.left,
            self.right + other.right,
            self._gap_with(other.left, other.right, other.scale, other.gap),
            self.ntk + other.ntk,
        )

    def biased(self, variance: float) -> "Pairs":
        """Kernels of the function plus a constant of that variance; it adds nothing to Θ yet."""
        if variance == 0:
            return self
        left, right = (torch.full_like(one, variance) for one in (self.left, self.right))
        scale, gap = self.gap.new_tensor(variance), self.gap.new_zeros(())
        gap = self._gap_with(left, right, scale, gap)
        return replace(self, left=self.left + variance, right=self.right + variance, gap=gap)

    def _gap_with(self, left: Tensor, right: Tensor, scale: Tensor, gap: Tensor) -> Tensor:
        """The gap of a sum K₁ + K₂ without cancellation: both gaps, and what lengths add to them.

        √((l₁ + l₂)(r₁ + r₂)) exceeds √(l₁r₁) + √(l₂r₂) by (√(l₁r₂) − √(l₂r₁))² over the sum of
        both sides.
        """
        own = self.scale
        l1, r1 = self.facing(self.left, self.right)
        l2, r2 = self.facing(left, right)
        whole = ((l1 + l2) * (r1 + r2)).sqrt()
        crossed = (l1.sqrt() * r2.sqrt() - l2.sqrt() * r1.sqrt()).square()
        lengths = crossed / (whole + own + scale)
        return orthogonal_where_zero((own * self.gap + scale * gap + lengths) / whole)


def orthogonal_where_zero(gap: Tensor) -> Tensor:
    """A gap of 1, so that K is 0, where a variance is 0 and the quotient was 0/0."""
    return torch.where(gap.isnan(), 1.0, gap)


def of_kernels(left: Tensor, right: Tensor, nngp: Tensor, ntk: Tensor) -> Pairs:
    """Pairs of which K is known, such as where pixels were summed; the gap is what rounding left.

    Args:
        left: K(x, x).
        right: K(x′, x′).
        nngp: K(x, x′).
        ntk: Θ(x, x′).
    """
    empty = Pairs(left, right, nngp, ntk)
    gap = orthogonal_where_zero(1 - nngp / empty.scale)
    return replace(empty, gap=torch.where(gap.abs() <= ROUNDING, 0.0, gap))


def of_points(x: Float[Tensor, "n d"], other: Float[Tensor, "m d"]) -> Pairs:
    """Inputs as they come in: K = x·x′/d, and no tangent kernel yet."""
    left, right = (one.square().mean(1) for one in (x, other))
    gap = _gaps(_directions(x), _directions(other))
    zero = torch.logical_or((left == 0)[:, None], right == 0)
    gap = gap.masked_fill(zero, 1.0)
    return Pairs(left, right, gap, torch.zeros_like(gap))


def of_images(
    x: Float[Tensor, "n c h w"], other: Float[Tensor, "m c h w"], *, all_pixels: bool
) -> Pairs:
    """Images as they come in: the mean over the channels of x x′, pixel by pixel.

    Args:
        x: Images.
        other: Others of the same shape.
        all_pixels: Whether every pixel is paired with every other, or with itself alone.
    """
    left, right = (one.square().mean(1) for one in (x, other))
    form = "nchw,mcij->nmhwij" if all_pixels else "nchw,mchw->nmhw"
    nngp = torch.einsum(form, x, other) / x.shape[1]
    return of_kernels(left, right, nngp, torch.zeros_like(nngp))


def _directions(x: Tensor) -> Tensor:
    """x/‖x‖, and 0 for 0; without the largest entry first, so that no square underflows."""
    x = x / x.abs().amax(1, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny)
    return x / torch.linalg.vector_norm(x, dim=1, keepdim=True).clamp_min(1.0)


def _gaps(x: Float[Tensor, "n d"], other: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """1 − x·x′ of unit vectors; ½‖x − x′‖² where they are near, which is the same but exact."""
    gap = 1 - x @ other.T
    near = (gap < NEAR).nonzero()
    for some in near.split(max(1, CHUNK // x.shape[1])):
        i, j = some.unbind(1)
        gap[i, j] = 0.5 * (x[i] - other[j]).square().sum(1)
    return gap
