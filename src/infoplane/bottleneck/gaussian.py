"""The bottleneck of jointly normal variables, in closed form; bits outside."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from infoplane.bottleneck.joint import as_array
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2

MOST_BITS = 300.0
"""The largest rate whose β is asked for: one of 500 bits more would be no number."""
SINGULAR = 1e-12
"""A smallest eigenvalue below so much of the largest makes a correlation matrix singular."""


@final
@dataclass(frozen=True, eq=False)
class GaussianBottleneck:
    """Normal X and Y: T = A X + noise of unit covariance is optimal at every β.

    With the squared canonical correlations ρ_i² the component i is active from β_i = 1/ρ_i² on,
    where I(X;T) = ½ Σ log2[(β − 1) ρ_i²/(1 − ρ_i²)] and I(T;Y) = I(X;T) − ½ Σ log2[β ρ_i²], the
    sums over the active ones.

    Args:
        covariance: Of (X, Y) together, shape (d, d), NumPy or torch.
        inputs: How many of its first variables are X.

    Raises:
        InfoplaneError: No symmetric positive definite matrix, or no variable left for X or Y.

    Source: chechik2005gaussian.
    """

    covariance: Float[ndarray, "d e"] | Float[Tensor, "d e"]
    inputs: int

    def __post_init__(self) -> None:
        found = self._table
        if found.ndim != 2 or found.shape[0] != found.shape[1] or not np.isfinite(found).all():
            raise InfoplaneError(f"A covariance is square and finite; this has {found.shape}.")
        if not 1 <= self.inputs < len(found):
            raise InfoplaneError(
                f"inputs={self.inputs} of {len(found)} variables: X and Y need one at least each."
            )
        scale = np.sqrt(np.maximum(np.diag(found), 0.0))
        if not np.allclose(found, found.T, rtol=0, atol=1e-10 * max(1e-300, scale.max() ** 2)):
            raise InfoplaneError("The covariance is not symmetric: take (S + S.T)/2 if it should.")
        spread = np.outer(scale, scale)
        values = np.linalg.eigvalsh(found / spread) if (scale > 0).all() else np.zeros(1)
        if values[0] <= SINGULAR * values[-1]:
            raise InfoplaneError(
                "The covariance is singular (its correlations have the eigenvalue "
                f"{values[0]:.3g}): a variable is constant or a combination of others, and "
                "information may be infinite. Leave it out, or add noise to the diagonal."
            )

    @cached_property
    def _table(self) -> Float[ndarray, "d e"]:
        return as_array(self.covariance).astype(np.float64)

    @cached_property
    def _components(self) -> tuple[Float[ndarray, " n"], Float[ndarray, "n x"]]:
        """Squared canonical correlations, falling, and rows a with a Σ_x aᵀ = 1."""
        table, d = self._table, self.inputs
        within, cross, other = table[:d, :d], table[:d, d:], table[d:, d:]
        left, right = np.linalg.cholesky(within), np.linalg.cholesky(other)
        mixed = np.linalg.solve(right, np.linalg.solve(left, cross).T).T
        u, values, _ = np.linalg.svd(mixed, full_matrices=False)
        return values**2, np.linalg.solve(left.T, u).T

    @property
    def correlations(self) -> Float[ndarray, " n"]:
        """Squared canonical correlations ρ_i², falling, shape (min(x, y),)."""
        return self._components[0]

    @property
    def critical(self) -> Float[ndarray, " n"]:
        """β_i = 1/ρ_i² from which on a component is active, rising; ∞ where ρ_i = 0."""
        with np.errstate(divide="ignore"):
            return 1 / self.correlations

    @property
    def information(self) -> float:
        """I(X;Y) in bits, the limit of I(T;Y) for β → ∞."""
        return float(-0.5 * np.log1p(-self.correlations).sum() / LN2)

    def projection(self, beta: float) -> Float[ndarray, "n x"]:
        """A of T = A X + noise with the unit covariance, one row an active component.

        Its rows are α_i a_i, where a_i X are the canonical variables of unit variance and
        α_i² = (β ρ_i² − 1)/(1 − ρ_i²).
        """
        squared, rows = self._components
        on = self._active(beta)
        gain = np.sqrt((beta * squared[on] - 1) / (1 - squared[on]))
        return gain[:, None] * rows[on]

    def rate(self, beta: float) -> float:
        """I(X;T) in bits.

        Raises:
            InfoplaneError: β is negative or not finite.
        """
        squared = self.correlations[self._active(beta)]
        return float(0.5 * np.log((beta - 1) * squared / (1 - squared)).sum() / LN2) + 0.0

    def relevance(self, beta: float) -> float:
        """I(T;Y) in bits.

        Raises:
            InfoplaneError: β is negative or not finite.
        """
        squared = self.correlations[self._active(beta)]
        return self.rate(beta) - float(0.5 * np.log(beta * squared).sum() / LN2)

    def beta(self, rate: float) -> float:
        """The β of a rate in bits; for 0 the largest that has it, 1/ρ₁².

        Raises:
            InfoplaneError: A rate that is negative or whose β is no number, or X and Y are
                independent.
        """
        squared = self.correlations[self.correlations > 0]
        if not 0 <= rate <= MOST_BITS or len(squared) == 0:
            raise InfoplaneError(
                f"No β gives a rate of {rate} bit of {len(squared)} components; rates are at least "
                f"0 and at most {MOST_BITS:g}."
            )
        for n in range(1, len(squared) + 1):
            odds = np.log(squared[:n] / (1 - squared[:n]))
            found = 1 + math.exp((2 * rate * LN2 - float(odds.sum())) / n)
            if n == len(squared) or found <= 1 / squared[n]:
                return found
        raise AssertionError("the last component is always active")

    def curve(self, rates: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
        """I(T;Y) in bits at given rates I(X;T) in bits."""
        return np.array([self.relevance(self.beta(float(rate))) for rate in rates])

    def _active(self, beta: float) -> ndarray:
        if not (math.isfinite(beta) and beta >= 0):
            raise InfoplaneError(f"beta={beta}: it is a finite number of at least 0.")
        return beta * self.correlations > 1
