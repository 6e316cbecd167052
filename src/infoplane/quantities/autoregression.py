"""Exact transfer of a given linear autoregressive process with normal noise, in bits."""

import math

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from scipy.linalg import solve_discrete_lyapunov

from infoplane.quantities import normal
from infoplane.values.errors import InfoplaneError


def transfer_entropy(
    coefficients: Float[ndarray, "2 2"],
    noise: Float[ndarray, "2 2"] | None = None,
    *,
    k: int = 1,
    l: int = 1,
) -> float:
    """I(x_past; y_next | y_past) of z' = A z + noise, z = (x, y), in bits.

    Args:
        coefficients: A; A[1, 0] is what y takes from x.
        noise: Its covariance; None for two independent ones of variance 1.
        k: How many states of the target's own past are known.
        l: How many states of the source's past are asked about.

    Source: barnett2009granger.

    Raises:
        InfoplaneError: The process is not stationary.

    >>> round(transfer_entropy(np.array([[0.5, 0.0], [0.6, 0.4]])) * math.log(2), 6)  # nats
    0.180947
    """
    a = np.asarray(coefficients, dtype=np.float64)
    radius = float(np.abs(np.linalg.eigvals(a)).max())
    if a.shape != (2, 2) or radius >= 1:
        raise InfoplaneError(
            f"Coefficients of shape {a.shape} with spectral radius {radius:.3g}: a stationary "
            "process of two variables has shape (2, 2) and a radius below 1."
        )
    covariance = solve_discrete_lyapunov(a, np.eye(2) if noise is None else np.asarray(noise))
    lags = max(k, l)
    blocks = [covariance]
    for _ in range(lags):
        blocks.append(a @ blocks[-1])

    def between(i: tuple[int, int], j: tuple[int, int]) -> float:
        """Covariance of two variables, each (which, steps back)."""
        (one, back), (other, later) = i, j
        if back <= later:
            return float(blocks[later - back][one, other])
        return float(blocks[back - later][other, one])

    columns = [(0, i + 1) for i in range(l)] + [(1, 0)] + [(1, i + 1) for i in range(k)]
    table = torch.tensor([[between(i, j) for j in columns] for i in columns], dtype=torch.float64)
    return float(normal.conditional_mutual_information(table, l, 1))


def one_way_limit(a: float, c: float) -> float:
    """The same of x' = ax + ξ, y' = by + cx + η under unit noise, for an endless past, in bits.

    ½ log2 of the innovation variance of y alone, the larger root of v² − (1 + a² + c²) v + a²; b
    drops out, since y's own past takes it off in both regressions.

    Source: geweke1982measurement.

    >>> round(one_way_limit(0.5, 0.6) * math.log(2), 6)
    0.180893
    """
    b = 1 + a**2 + c**2
    return 0.5 * math.log2((b + math.sqrt(b**2 - 4 * a**2)) / 2)
