"""Matrix-based Rényi information written as the papers define it: loops, no shortcuts."""

import math

import numpy as np


def squared_distances(x: np.ndarray) -> np.ndarray:
    """‖x_i − x_j‖² one pair at a time, from the differences."""
    rows = np.asarray(x, dtype=np.float64)
    return np.array([[((a - b) ** 2).sum() for b in rows] for a in rows])


def gaussian_kernel(x: np.ndarray, sigma: float) -> np.ndarray:
    """exp(−d²/(2σ²))."""
    return np.exp(-squared_distances(x) / (2 * sigma**2))


def label_kernel(labels: np.ndarray) -> np.ndarray:
    """1 for two samples of one class, 0 otherwise."""
    return np.array([[float(a == b) for b in labels] for a in labels])


def entropy_by_power(kernel: np.ndarray, alpha: int) -> float:
    """log2 tr(A^α)/(1−α) for an integer order, without eigenvalues."""
    power = np.linalg.matrix_power(kernel / np.trace(kernel), alpha)
    return math.log2(np.trace(power)) / (1 - alpha)


def information_by_power(k: np.ndarray, other: np.ndarray, alpha: int) -> float:
    """S(K) + S(L) − S(K∘L)."""
    marginals = entropy_by_power(k, alpha) + entropy_by_power(other, alpha)
    return marginals - entropy_by_power(k * other, alpha)


def classical_entropy(probabilities: np.ndarray, alpha: float) -> float:
    """Rényi's own entropy of a distribution, in bits."""
    p = np.asarray(probabilities, dtype=np.float64)
    if alpha == 1:
        return -sum(q * math.log2(q) for q in p.flat if q > 0)
    if math.isinf(alpha):
        return -math.log2(p.max())
    return math.log2(sum(q**alpha for q in p.flat if q > 0)) / (1 - alpha)


def equicorrelated_entropy(n: int, c: float, alpha: float) -> float:
    """S of the kernel with 1 on and c off the diagonal: (1+(n−1)c)/n once, (1−c)/n else."""
    return classical_entropy(np.array([1 + (n - 1) * c] + [1 - c] * (n - 1)) / n, alpha)


def preferred_width(x: np.ndarray, labels: np.ndarray, grid: np.ndarray) -> float:
    """The width of the grid whose kernel has the largest cosine with the label kernel."""
    ideal = label_kernel(labels)

    def cosine(sigma: float) -> float:
        kernel = gaussian_kernel(x, sigma)
        return (kernel * ideal).sum() / math.sqrt((kernel**2).sum() * (ideal**2).sum())

    return max(grid, key=cosine)


def published_entropy(entropy: float, alpha: float = 1.01) -> float:
    """The entropy as Lee and Jo's and Tapia's code prints it: with 1e-8 added inside log2."""
    return math.log2(2 ** ((1 - alpha) * entropy) + 1e-8) / (1 - alpha)


def published_samples(n: int, d: int, offset: int) -> np.ndarray:
    """Reproducible numbers in [0, 1): frac(sin(12.9898(i+o) + 78.233j)·43758.5453), i, j ≥ 1."""
    i, j = np.arange(1, n + 1)[:, None], np.arange(1, d + 1)[None, :]
    value = np.sin(12.9898 * (i + offset) + 78.233 * j) * 43758.5453
    return value - np.floor(value)
