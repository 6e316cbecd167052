"""Pairwise bounds against the floor, one distance matrix and its exponentials; and their memory.

Target: no more than 1.2 times the floor at n = 4096, and n = 50 000 in less than 2 GB.
"""

import sys
import time

import torch
from timing import medians, peak_mb, table
from torch import Tensor

from infoplane.measures.noise.channel import NoisyChannel
from infoplane.measures.noise.kde import PairwiseKDE
from infoplane.numerics.kernels import squared_distances


def by_cdist(t: Tensor) -> Tensor:
    """Distances from matrix products, as torch computes them."""
    return torch.cdist(t, t).square_().mul_(-5).exp_()


def by_published_code(t: Tensor) -> Tensor:
    """The published way, re-expressed: ‖a‖² + ‖b‖² − 2ab, logarithms of sums of exponentials."""
    norms = t.square().sum(1)
    return (-(norms[:, None] + norms - 2 * t @ t.T) / 0.2).logsumexp(1).mean()


def memory(n: int) -> None:
    """Seconds and growth of resident memory for one large layer."""
    layer = torch.randn(n, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for name, estimator in (("PairwiseKDE", PairwiseKDE(0.1)), ("NoisyChannel", NoisyChannel(0.3))):
        estimator(layer[:100], layer[:100])
        before, start = peak_mb(), time.perf_counter()
        found = estimator(layer, layer)
        spent = time.perf_counter() - start
        grown = peak_mb() - before
        print(f"{name}, n = {n}: {found.value:.4f} bit in {spent:.0f} s, +{grown:.0f} MB")
    print(f"peak of the process: {peak_mb():.0f} MB")


def main(n: int = 50_000) -> None:
    memory(n)
    layer = torch.randn(4096, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.arange(4096) % 10
    methods = {
        "squared distances and exp": lambda: squared_distances(layer).mul_(-5).exp_(),
        "torch.cdist and exp": lambda: by_cdist(layer),
        "published code": lambda: by_published_code(layer),
        "PairwiseKDE, I(x; t)": lambda: PairwiseKDE(0.1)(layer, layer),
        "PairwiseKDE, I(labels; t)": lambda: PairwiseKDE(0.1)(labels, layer),
        "NoisyChannel, 4 draws, I(x; t)": lambda: NoisyChannel(0.3)(layer, layer),
        "NoisyChannel, 4 draws, I(labels; t)": lambda: NoisyChannel(0.3)(labels, layer),
    }
    table("n = 4096, d = 10", medians(methods), ours="squared distances and exp")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
