"""What an ensemble's output tells of the target: a lower bound on I(Z;Y|D), in bits.

H(Y) + E log2 q(y|z) = E log2 q(y|z)/p(y) ≤ I(Z;Y) for every q (barber2003im). The quotient is what
is averaged, so that both logarithms are of the same samples and their scatter cancels. Here q comes
from normal distributions whose moments are taken from the other batches, so that in expectation
nothing is too high. What Z contributes to moments is exact: only the inputs are sampled.
"""

import math
from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.quantities.tables import entropy
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2

NODES = 40
"""Of the integral over one output."""


@runtime_checkable
class Target(Protocol):
    """What is known of Y, and hence of H(Y) and the best q."""

    def told(
        self, mean: Float[Tensor, "t b n o"], variance: Float[Tensor, "t b n"], y: Tensor
    ) -> Float[Tensor, "t b"]:
        """The bound in bits for every time and batch.

        Args:
            mean: Of Z at every input.
            variance: Of Z, the same for every output.
            y: Targets, shape (b, n, o).
        """
        ...


@final
@dataclass(frozen=True)
class NormalTarget:
    """One normal target of mean 0 and known variance; q(y|z) is normal around a line in z.

    The exact information if Z and Y were jointly normal.

    Attributes:
        variance: Var(Y).
    """

    variance: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.variance) and self.variance > 0):
            raise InfoplaneError(f"variance={self.variance}: that of a target is positive.")

    def told(self, mean: Tensor, variance: Tensor, y: Tensor) -> Tensor:
        """E log2 q(y|z)/p(y).

        Raises:
            InfoplaneError: There are several outputs, or fewer than two batches.
        """
        require_batches(mean)
        if mean.shape[-1] != 1:
            raise InfoplaneError(f"A normal target has one output, this ensemble {mean.shape[-1]}.")
        z, targets = mean[..., 0], y[..., 0]
        moments = torch.stack(
            [
                one.mean(-1).expand(z.shape[:2])
                for one in (z, targets, z.square() + variance, z * targets, targets.square())
            ]
        )
        m_z, m_y, zz, zy, yy = _of_others(moments)
        spread = zz - m_z.square()
        slope = torch.where(spread > 0, (zy - m_z * m_y) / spread, 0.0)
        rest = yy - m_y.square() - slope * (zy - m_z * m_y)
        off = targets - m_y[..., None] - slope[..., None] * (z - m_z[..., None])
        lost = off.square().mean(-1) + slope.square() * variance.mean(-1)
        apart = targets.square().mean(-1) / self.variance - lost / rest
        return 0.5 * (torch.log(self.variance / rest) + apart) / LN2


@final
@dataclass(frozen=True)
class ClassTarget:
    """Classes, coded as one number each: q(y|z) is Bayes' rule for one normal per class.

    Z has one output. H(Y) is that of the samples' own classes.
    """

    def told(self, mean: Tensor, variance: Tensor, y: Tensor) -> Tensor:
        """H(Y) + E log2 q(y|z), the mean over z by Gauss–Hermite quadrature.

        Raises:
            InfoplaneError: There are several outputs, fewer than two batches, or batches without
                some class.
        """
        require_batches(mean)
        if mean.shape[-1] != 1:
            raise InfoplaneError(f"Classes need one output, this ensemble has {mean.shape[-1]}.")
        _, classes = torch.unique(y[..., 0], return_inverse=True)
        given = torch.nn.functional.one_hot(classes).to(mean)  # (b, n, k)
        shares = given.mean((0, 1))
        if bool((given.mean(1) == 0).any()):
            raise InfoplaneError("A batch holds nothing of some class: take larger batches.")
        z = mean[..., 0]
        sums = torch.stack([z.new_ones(z.shape), z, z.square() + variance])
        counted = _of_others(torch.einsum("stbn,bnk->stbk", sums, given))
        centre = counted[1] / counted[0]
        width = counted[2] / counted[0] - centre.square()
        nodes, weights = (torch.from_numpy(one).to(z) for one in _normal_nodes())
        at = z[..., None] + variance.clamp_min(0).sqrt()[..., None] * nodes  # (t, b, n, q)
        centre, width = (one[:, :, None, None, :] for one in (centre, width))
        scores = shares.log() - 0.5 * (width.log() + (at[..., None] - centre).square() / width)
        right = torch.log_softmax(scores, -1)  # (t, b, n, q, k)
        inner = torch.einsum("tbnqk,bnk,q->tb", right, given, weights) / z.shape[-1]
        return float(entropy(shares)) + inner / LN2


def require_batches(mean: Tensor) -> None:
    """Refuses a single batch, of which q would be told and asked.

    Raises:
        InfoplaneError: There is one.
    """
    if mean.shape[1] < 2:
        raise InfoplaneError(
            "A bound on I(Z;Y) needs two batches at least: q is fitted to the others."
        )


def _of_others(values: Float[Tensor, "s t b *rest"]) -> Float[Tensor, "s t b *rest"]:
    """The mean over all batches but the own."""
    return (values.sum(2, keepdim=True) - values) / (values.shape[2] - 1)


def _normal_nodes() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return nodes, weights / weights.sum()
