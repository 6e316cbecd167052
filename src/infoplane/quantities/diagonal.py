"""Normal distributions of independent coordinates: densities and divergences, in nats.

Everything keeps the graph that made it, so that it serves as a loss as well.
"""

import math
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor


@final
@dataclass(frozen=True, eq=False)
class Diagonal:
    """Normal distributions N(μ, diag σ²), one for every leading index.

    Attributes:
        mean: μ, shape (…, d).
        scale: σ > 0, of the same shape.
    """

    mean: Float[Tensor, "*n d"]
    scale: Float[Tensor, "*n d"]

    def drawn(self, noise: Float[Tensor, "... d"]) -> Float[Tensor, "... d"]:
        """μ + σ·noise, of standard normal noise, with the gradient of both."""
        return self.mean + self.scale * noise

    def detached(self) -> "Diagonal":
        """The same without the graph."""
        return Diagonal(self.mean.detach(), self.scale.detach())

    def divergence(self, other: "Diagonal") -> Float[Tensor, "..."]:
        """KL(self ‖ other), leading axes broadcast; 0 exactly where both are the same."""
        ratio = self.scale / other.scale
        apart = (self.mean - other.mean) / other.scale
        return 0.5 * (ratio.square() + apart.square() - 1 - 2 * ratio.log()).sum(-1)

    def from_standard(self) -> Float[Tensor, "*n"]:
        """KL(self ‖ N(0, 1))."""
        zero, one = torch.zeros_like(self.mean), torch.ones_like(self.scale)
        return self.divergence(Diagonal(zero, one))

    def log_density(self, z: Float[Tensor, "... d"]) -> Float[Tensor, "..."]:
        """The density ln N(z; μ, σ²), leading axes broadcast."""
        apart = (z - self.mean) / self.scale
        return (-0.5 * apart.square() - self.scale.log() - 0.5 * math.log(2 * math.pi)).sum(-1)


def log_densities(z: Float[Tensor, "m d"], each: Diagonal) -> Float[Tensor, "m n"]:
    """The densities ln N(z_i; μ_j, σ_j²) of every point under every one of n distributions.

    By products of matrices, so that no array of (m, n, d) is made. The centre of the means is taken
    off first, since what is left of the squares would drown in their rounding far from 0.

    Args:
        z: Points.
        each: Distributions of shape (n, d).
    """
    centre = each.mean.mean(0)
    z, mean = z - centre, each.mean - centre
    precision = each.scale.square().reciprocal()
    crossed = z.square() @ precision.T - 2 * z @ (mean * precision).T
    own = (mean.square() * precision).sum(1) + 2 * each.scale.log().sum(1)
    return -0.5 * (crossed + own + z.shape[1] * math.log(2 * math.pi))


def log_mixture(
    z: Float[Tensor, "m d"], each: Diagonal, weights: Float[Tensor, " n"]
) -> Float[Tensor, " m"]:
    """The density ln Σ_j w_j N(z_i; μ_j, σ_j²)."""
    return torch.logsumexp(log_densities(z, each) + weights.log(), 1)


def sandwich(
    own: Float[Tensor, "draws n"], each: Float[Tensor, "m n"]
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Lower and upper bound on the information of n inputs and their codes, in nats.

    E[ln p(z_i|x_i) − ln mean_j p(z_i|x_j)] over the n inputs, with and without x_i itself in the
    mean; the lower bound is at most ln n. In expectation over inputs and draws the truth lies
    between both.

    Args:
        own: ln p(z|x) of several draws of every input's code under its own input.
        each: The same of all draws (m = draws·n, in order) under every input.

    Source: poole2019variational.
    """
    draws, n = own.shape
    places = torch.arange(n, device=own.device).repeat(draws)
    others = each.clone()
    others[torch.arange(len(each), device=own.device), places] = -math.inf
    lower = own.flatten() - torch.logsumexp(each, 1) + math.log(n)
    upper = own.flatten() - torch.logsumexp(others, 1) + math.log(n - 1)
    return lower.mean(), upper.mean()
