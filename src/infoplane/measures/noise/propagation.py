"""What a layer with noise of its own keeps, by propagating samples through the network's noise."""

import math
from dataclasses import dataclass
from typing import NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.measures.noise.layer import cancels, exponents
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.values.units import LN2

AT_ONCE = 1 << 21
"""Kernels that are held at once."""


class Kept(NamedTuple):
    """What a noisy layer tells, in bits.

    Attributes:
        of_input: Of n equally likely inputs, at most log2 n.
        of_class: Of the class, at most its entropy.
        stderr: Standard error of ``of_input`` over the draws that it is evaluated at.
    """

    of_input: float
    of_class: float
    stderr: float


@final
@dataclass(frozen=True)
class SamplePropagation:
    """I(X;T) of T = S + Z, where S itself is drawn given x because layers before it have noise.

    p(t|x) is taken for the mixture of normals about draws of S given x, and p(t) for the mean of
    these over the inputs. Both are evaluated at further draws of T: the mean of log2 p(t|x)/p(t)
    is h(T) − h(T|X) with the spread of both taken out. As the mixtures stand for p(t|x), the value
    is in the mean at most the true one (any p̂(t|x) gives a lower bound), and
    the more draws, the nearer; where S is a function of x, one draw is the truth.

    Attributes:
        deviation: Standard deviation β of the noise in every dimension, the same while training.
        evaluated: Draws of T of every input at which the densities are evaluated.
        seed: Seed of the noise.

    Source: goldfeld2019estimating; poole2019variational (lower bounds).
    """

    deviation: float
    evaluated: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.deviation > 0 and math.isfinite(self.deviation)):
            raise InfoplaneError(
                f"SamplePropagation(deviation={self.deviation}): it must be positive and finite; "
                "without noise a continuous layer shares infinitely many bits with its input."
            )
        if self.evaluated < 1:
            raise InfoplaneError(f"evaluated={self.evaluated}: one draw is the least.")

    def __call__(self, draws: Float[Tensor, "n m d"], p: Float[Tensor, "n k"]) -> Kept:
        """Of m draws of S for each of n inputs; ``evaluated`` of them are kept apart if m > 1.

        Args:
            draws: S of every input.
            p: Probability of every class at every input; labels are rows of 0 and 1.

        Raises:
            InfoplaneError: More than one draw, and not enough to keep some apart.
        """
        n, m, _ = draws.shape
        if 1 < m <= self.evaluated:
            raise InfoplaneError(
                f"{m} draws of every input, of which evaluated={self.evaluated} are kept apart: "
                "give more draws, or one alone where the layer is a function of its input."
            )
        s = draws.double()
        apart = s[:, -self.evaluated :] if m > 1 else s.expand(-1, self.evaluated, -1)
        centres = s[:, : -self.evaluated] if m > 1 else s
        noise = torch.randn(apart.shape, generator=stream(self.seed, "noise"), dtype=torch.float64)
        t = apart + self.deviation * noise.to(s.device)
        log_p = self._log_densities(t.flatten(0, 1), centres)  # (point, input)
        own = torch.arange(n, device=s.device).repeat_interleave(self.evaluated)
        return _kept(log_p, own, p.to(log_p), self.evaluated)

    def _log_densities(
        self, t: Float[Tensor, "q d"], centres: Float[Tensor, "n m d"]
    ) -> Float[Tensor, "q n"]:
        """Logarithm of p̂(t|x) of every point under every input, up to what all of them share."""
        n, m, _ = centres.shape
        unit = math.sqrt(2) * self.deviation
        middle = centres.flatten(0, 1).mean(0)
        flat, t = (centres.flatten(0, 1) - middle) / unit, (t - middle) / unit
        directly = cancels(flat) or cancels(t)
        rows = t.split(max(1, AT_ONCE // len(flat)))
        parts = [exponents(some, flat, directly).unflatten(1, (n, m)).logsumexp(2) for some in rows]
        return torch.cat(parts) - math.log(m)


def _kept(
    log_p: Float[Tensor, "q n"], own: Tensor, p: Float[Tensor, "n k"], evaluated: int
) -> Kept:
    """Both informations from the densities; a point is weighted by the classes of its input."""
    n = log_p.shape[1]
    whole = log_p.logsumexp(1) - math.log(n)
    density = (log_p.gather(1, own[:, None])[:, 0] - whole) / LN2
    of_class, present = p.sum(0), p.sum(0) > 0
    share = (p / of_class.where(present, 1.0)).log()  # ln p(x|class), −∞ where it is 0
    within = torch.stack([(log_p + one).logsumexp(1) for one in share.T], 1)
    told = torch.where(p[own] > 0, within - whole[:, None], 0.0)
    return Kept(
        of_input=float(density.mean()),
        of_class=float((p[own] * told).sum(1).mean()) / LN2,
        stderr=_error(density.unflatten(0, (n, evaluated))),
    )


def _error(density: Float[Tensor, "n evaluated"]) -> float:
    """Over the draws at every input; the inputs are all that there are."""
    n, evaluated = density.shape
    if evaluated < 2:
        return math.nan
    return math.sqrt(float(density.var(1).mean()) / (n * evaluated))
