"""Kernels of infinitely wide networks, and ensembles at many times, against their floors.

Kernels: n = 2000 inputs of 30 dimensions, ReLU, depth 3, against what the recursion cannot avoid:
of every pair and layer one arc cosine, one root and a handful of products and sums, on a matrix of
cosines that is there already. Target: at most 3 times that.

Ensembles: mean and variance at 100 new inputs and 100 times after training on 2000, against one
``eigh`` and the matrix products alone. Target: at most 1.5 times that.

neural-tangents 0.6.5 no longer imports with today's JAX; its times, measured once with JAX 0.4.30
on another day (CPU seconds of one thread, without 0.75 s of compilation), stand for it.
"""

import sys

import torch
from timing import medians, table
from torch import Tensor

import infoplane as ip

NEURAL_TANGENTS = {200: 0.033, 500: 0.068, 1000: 0.119}
"""Seconds of an analytic tangent kernel of 3 ReLU layers, by n."""
TIMES = torch.logspace(-2, 10, 100, dtype=torch.float64).tolist()
DEPTH, NEW = 3, 100


def points(n: int, seed: int = 0) -> Tensor:
    return torch.randn(n, 30, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(biases: float) -> ip.wide.Architecture:
    layer = ip.wide.Dense(2.0, biases)
    return ip.wide.serial(*[layer, ip.wide.Relu()] * DEPTH, layer)


def bare(cosine: Tensor, kernel: Tensor) -> None:
    """Arc cosine, root, and six products and sums of every pair, layer by layer."""
    for _ in range(DEPTH):
        angle = cosine.acos()
        sine = (1 - cosine * cosine).sqrt_()
        cosine = sine.add_((3.14159 - angle) * cosine).mul_(0.3183)
        kernel.mul_(angle).add_(cosine)


def textbook(x: Tensor) -> Tensor:
    """The recursion as it is usually written, on whole matrices."""
    kernel = 2 * x @ x.T / x.shape[1]
    tangent = kernel.clone()
    for _ in range(DEPTH):
        scale = kernel.diagonal().sqrt()
        whole = torch.outer(scale, scale)
        cosine = (kernel / whole).clamp(-1, 1)
        angle = cosine.acos()
        kernel = whole * (angle.sin() + (torch.pi - angle) * cosine) / torch.pi
        tangent = kernel + tangent * (torch.pi - angle) / torch.pi
    return tangent


def kernels(n: int = 2000) -> None:
    x = points(n)
    cosine = torch.rand(n, n, dtype=torch.float64) - 0.5
    methods = {
        "bare element-wise operations": lambda: bare(cosine.clone(), torch.ones_like(cosine)),
        "textbook recursion on whole matrices": lambda: textbook(x),
        "infoplane, without biases": lambda: network(0.0).kernels(x),
        "infoplane, with biases": lambda: network(0.01).kernels(x),
    }
    seconds = medians(methods, rounds=3)
    table(f"K and Θ, n = {n}, depth {DEPTH}", seconds, ours="bare element-wise operations")


def beside_neural_tangents() -> None:
    net = network(0.0)
    for n, theirs in NEURAL_TANGENTS.items():
        x = points(n)
        (ours,) = medians({"ours": lambda x=x: net.kernels(x)}, rounds=5).values()
        rows = {"infoplane": ours, "neural-tangents (published, warm)": theirs}
        table(f"Θ of 3 ReLU layers, n = {n}", rows, ours="infoplane")


def times(n: int = 2000) -> None:
    net, x, new = network(0.01), points(n), points(NEW, 1)
    k, across, own = net.kernels(x), net.kernels(new, x), net.kernels(new).nngp
    y = torch.randn(n, 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    many = torch.rand(len(TIMES) * NEW, n, dtype=torch.float64)

    def floor() -> None:
        _, modes = torch.linalg.eigh(k.ntk)
        prior = modes.T @ k.nngp @ modes
        for one in (across.ntk, across.nngp):
            one @ modes
        many @ prior

    def ours() -> None:
        flow = ip.wide.GradientFlow(k, y)
        modes = flow.spectrum[1]
        there = ip.wide.Predictor(flow, across.ntk @ modes, across.nngp @ modes, own)
        there.mean(TIMES), there.variance(TIMES)

    methods = {"one eigh and the matrix products": floor, "infoplane": ours}
    seconds = medians(methods, rounds=3)
    title = f"Mean and variance at {len(TIMES)} times, {NEW} new inputs, n = {n}"
    table(title, seconds, ours="one eigh and the matrix products")


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    kernels(n)
    beside_neural_tangents()
    times(n)


if __name__ == "__main__":
    main()
