"""Matrix-based Rényi information as its peers compute it, re-expressed here, against ours."""

import math
from collections.abc import Callable

import numpy as np
import torch
from timing import medians, peak_mb, table
from torch import Tensor

from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import Fixed
from infoplane.values.units import LN2

EXPECTED = {500: 1.35923, 1000: 1.15016, 2000: 1.01999}
"""Nats at d = 10, σ = 3, α = 1.01."""
ALPHA, SIGMA = 1.01, 3.0


def correlated(n: int, d: int) -> tuple[Tensor, Tensor]:
    r = np.random.default_rng(0)
    x = r.standard_normal((n, d))
    return torch.from_numpy(x), torch.from_numpy(0.6 * x + 0.8 * r.standard_normal((n, d)))


def expanded_gram(x: Tensor) -> Tensor:
    """The authors' way: ‖a‖² + ‖b‖² − 2ab of the samples as they are."""
    norms = x.square().sum(1)
    return torch.exp((2 * x @ x.T - norms[:, None] - norms) / (2 * SIGMA**2))


def tiled_gram(x: Tensor) -> Tensor:
    """repitl's default way: all differences at once, an (n, n, d) array."""
    n, d = x.shape
    tiled = x[:, None, :].expand(n, n, d) - x[None, :, :].expand(n, n, d)
    return torch.exp(-tiled.square().sum(2) / (2 * SIGMA**2))


def full_eigh(gram: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], float]:
    """Information in nats by eigenvalues *and* eigenvectors, as the peers compute it."""

    def entropy(kernel: Tensor) -> float:
        weights = torch.linalg.eigh(kernel / kernel.trace())[0].abs()
        return math.log(weights.pow(ALPHA).sum()) / (1 - ALPHA)

    def information(x: Tensor, y: Tensor) -> float:
        k, other = gram(x), gram(y)
        return entropy(k) + entropy(other) - entropy(k * other)

    return information


def main() -> None:
    estimator = Renyi(ALPHA, bandwidth=Fixed(SIGMA))
    for n, expected in EXPECTED.items():
        x, y = correlated(n, 10)
        methods = {
            "infoplane": lambda x=x, y=y: estimator(x, y),
            "the authors' formula (eigh, f64)": lambda x=x, y=y: full_eigh(expanded_gram)(x, y),
            "the same, f32": lambda x=x, y=y: full_eigh(expanded_gram)(x.float(), y.float()),
        }
        table(f"n = {n}, d = 10", medians(methods, rounds=3 if n > 1000 else 5), ours="infoplane")
        values = estimator(x, y).value * LN2, full_eigh(expanded_gram)(x.float(), y.float())
        print(f"  nats: {values[0]:.5f} (expected {expected}), in f32 theirs {values[1]:.5f}")
    x, y = correlated(500, 784)
    methods = {
        "infoplane": lambda: estimator(x, y),
        "tiled differences (eigh, f32)": lambda: full_eigh(tiled_gram)(x.float(), y.float()),
    }
    before = peak_mb()
    estimator(x, y)
    between = peak_mb()
    table("n = 500, d = 784", medians(methods, rounds=3), ours="infoplane")
    print(f"  memory: ours +{between - before:.0f} MB, tiled +{peak_mb() - between:.0f} MB")


if __name__ == "__main__":
    main()
