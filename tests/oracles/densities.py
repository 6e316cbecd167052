"""Gaussian and mixture information written as the papers define it: loops, no shortcuts."""

import math

import numpy as np


def normal_entropy(covariance: np.ndarray) -> float:
    """½ log2 det(2πe Σ) by the determinant itself."""
    return 0.5 * math.log2(np.linalg.det(2 * math.pi * math.e * np.atleast_2d(covariance)))


def normal_information(covariance: np.ndarray, x: list[int], y: list[int], z: list[int]) -> float:
    """I(x; y | z) = H(xz) + H(yz) − H(xyz) − H(z) over lists of columns, in bits."""

    def entropy(columns: list[int]) -> float:
        return normal_entropy(covariance[np.ix_(columns, columns)]) if columns else 0.0

    return entropy(x + z) + entropy(y + z) - entropy(x + y + z) - entropy(z)


def drawn_log_determinants(n: int, d: int, draws: int, seed: int) -> list[np.ndarray]:
    """½ ln det of the ML covariance of the first 1, …, d columns of n standard normal samples."""
    generator = np.random.default_rng(seed)
    samples = generator.standard_normal((draws, n, d))
    centred = samples - samples.mean(1, keepdims=True)
    covariances = centred.transpose(0, 2, 1) @ centred / n
    return [np.linalg.slogdet(covariances[:, :k, :k])[1] / 2 for k in range(1, d + 1)]


def drawn_informations(n: int, d_x: int, d_y: int, draws: int, seed: int) -> np.ndarray:
    """Information of the ML covariance of independent normal samples, in nats."""
    generator = np.random.default_rng(seed)
    samples = generator.standard_normal((draws, n, d_x + d_y))
    centred = samples - samples.mean(1, keepdims=True)
    covariances = centred.transpose(0, 2, 1) @ centred / n

    def half(block: np.ndarray) -> np.ndarray:
        return np.linalg.slogdet(block)[1] / 2

    apart = half(covariances[:, :d_x, :d_x]) + half(covariances[:, d_x:, d_x:])
    return apart - half(covariances)


def upper_entropy(points: np.ndarray, variance: float) -> float:
    """Kolchinsky and Tracey's upper bound of a mixture's entropy in nats, one pair at a time."""
    n, d = points.shape
    total = 0.0
    for a in points:
        terms = [math.exp(-float(((a - b) ** 2).sum()) / (2 * variance)) for b in points]
        total += math.log(sum(terms)) - math.log(n)
    return d / 2 + d / 2 * math.log(2 * math.pi * variance) - total / n


def lower_entropy(points: np.ndarray, variance: float) -> float:
    """Their lower bound: the upper one at four times the variance, plus (d/2) ln(1/4)."""
    return upper_entropy(points, 4 * variance) + points.shape[1] / 2 * math.log(1 / 4)


BOUNDS = {"upper": upper_entropy, "lower": lower_entropy}


def noise_entropy(d: int, variance: float) -> float:
    """H(T | X) of normal noise in nats."""
    return d / 2 * (math.log(2 * math.pi * variance) + 1)


def pairwise_information(points: np.ndarray, variance: float, bound: str) -> float:
    """H(T) − H(T|X) in bits, every sample an input of its own."""
    entropy = BOUNDS[bound](points, variance)
    return (entropy - noise_entropy(points.shape[1], variance)) / math.log(2)


def pairwise_label_information(
    points: np.ndarray, labels: np.ndarray, variance: float, bound: str
) -> float:
    """H(T) − Σ_y p_y H(T | y) in bits."""
    entropy = BOUNDS[bound]
    within = [
        np.mean(labels == one) * entropy(points[labels == one], variance)
        for one in set(labels.tolist())
    ]
    return (entropy(points, variance) - sum(within)) / math.log(2)


def mixture_information(
    centres: np.ndarray, labels: np.ndarray | None, deviation: float, cells: int = 20001
) -> float:
    """I(centre or label; centre + noise) of scalar centres in bits, by an integral over a grid."""
    low, high = centres.min() - 9 * deviation, centres.max() + 9 * deviation
    grid = np.linspace(low, high, cells)
    kernels = np.exp(-((grid[:, None] - centres) ** 2) / (2 * deviation**2))
    kernels /= deviation * math.sqrt(2 * math.pi)

    def entropy(density: np.ndarray) -> float:
        inside = density > 0
        return float(-(density[inside] * np.log2(density[inside])).sum() * (grid[1] - grid[0]))

    if labels is None:
        return entropy(kernels.mean(1)) - 0.5 * math.log2(2 * math.pi * math.e * deviation**2)
    within = [
        np.mean(labels == one) * entropy(kernels[:, labels == one].mean(1))
        for one in set(labels.tolist())
    ]
    return entropy(kernels.mean(1)) - sum(within)


def average_ranks(column: np.ndarray) -> np.ndarray:
    """Rank of every value: how many are smaller, and the middle of those that are equal."""
    return np.array([(column < v).sum() + ((column == v).sum() + 1) / 2 for v in column])
