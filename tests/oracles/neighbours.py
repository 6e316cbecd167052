"""Estimators from nearest neighbours as their papers define them: all pairs, one at a time."""

import math

import numpy as np
from scipy.special import digamma


def max_distance(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of two points; 0 for points without numbers."""
    return float(np.abs(a - b).max(initial=0.0))


def max_distances(points: np.ndarray) -> list[list[float]]:
    """All pairs in the max norm."""
    return [[max_distance(a, b) for b in points] for a in points]


def equality_distances(states: np.ndarray) -> list[list[float]]:
    """All pairs of states: 0 or infinity."""
    rows = np.reshape(states, (len(states), -1))
    return [[0.0 if (a == b).all() else math.inf for b in rows] for a in rows]


def joint(*distances: list[list[float]]) -> list[list[float]]:
    """As far apart as in the variable where they are furthest."""
    n = len(distances[0])
    return [[max(one[i][j] for one in distances) for j in range(n)] for i in range(n)]


def others(row: list[float], i: int) -> list[float]:
    """Distances from i to everybody else, ascending."""
    return sorted(row[:i] + row[i + 1 :])


def nearer(row: list[float], i: int, radius: float) -> int:
    """How many others lie strictly inside."""
    return sum(one < radius for one in others(row, i))


def as_near(row: list[float], i: int, radius: float) -> int:
    """How many others lie inside or on the sphere."""
    return sum(one <= radius for one in others(row, i))


def kraskov_1(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """ψ(k) + ψ(n) − ⟨ψ(n_x + 1) + ψ(n_y + 1)⟩, in nats."""
    n, a, b = len(x), max_distances(x), max_distances(y)
    both, total = joint(a, b), 0.0
    for i in range(n):
        radius = others(both[i], i)[k - 1]
        for one in (a, b):
            total += digamma(nearer(one[i], i, radius) + 1)
    return float(digamma(k) + digamma(n) - total / n)


def kraskov_2(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """ψ(k) − 1/k + ψ(n) − ⟨ψ(n_x) + ψ(n_y)⟩ with a radius for each variable, in nats."""
    n, a, b = len(x), max_distances(x), max_distances(y)
    both, total = joint(a, b), 0.0
    for i in range(n):
        nearest = sorted((j for j in range(n) if j != i), key=lambda j: both[i][j])[:k]
        for one in (a, b):
            total += digamma(as_near(one[i], i, max(one[i][j] for j in nearest)))
    return float(digamma(k) - 1 / k + digamma(n) - total / n)


def frenzel_pompe(x: np.ndarray, y: np.ndarray, z: np.ndarray, k: int) -> float:
    """ψ(k) + ⟨ψ(n_z + 1) − ψ(n_xz + 1) − ψ(n_yz + 1)⟩, in nats."""
    a, b, c = max_distances(x), max_distances(y), max_distances(z)
    everything, total = joint(a, b, c), 0.0
    for i in range(len(x)):
        radius = others(everything[i], i)[k - 1]
        total += digamma(nearer(c[i], i, radius) + 1)
        for one in (joint(a, c), joint(b, c)):
            total -= digamma(nearer(one[i], i, radius) + 1)
    return float(digamma(k) + total / len(x))


def kozachenko_leonenko(x: np.ndarray, k: int) -> float:
    """ψ(n) − ψ(k) + d⟨ln 2ε⟩, in nats."""
    a = max_distances(x)
    logs = [math.log(2 * others(a[i], i)[k - 1]) for i in range(len(x))]
    return float(digamma(len(x)) - digamma(k) + x.shape[1] * np.mean(logs))


def ross(x: np.ndarray, labels: np.ndarray, k: int) -> float:
    """ψ(n) + ⟨ψ(k_i) − ψ(n_class) − ψ(n_x + 1)⟩; a class of one counts as nothing, in nats."""
    a, total = max_distances(x), 0.0
    for i, label in enumerate(labels):
        own = sorted(a[i][j] for j in range(len(x)) if j != i and labels[j] == label)
        if own:
            found = min(k, len(own))
            inside = nearer(a[i], i, own[found - 1]) + 1
            total += digamma(found) + digamma(len(x)) - digamma(len(own) + 1) - digamma(inside)
    return float(total / len(x))


def mixed(
    x: list[list[float]],
    y: list[list[float]],
    z: list[list[float]],
    k: int,
    numeric: bool,
) -> float:
    """Information of any two variables beyond a third, from their distances, in nats.

    Balls are open unless points other than the k-th lie on the sphere as well, or all at 0; a
    closed ball counts its own centre. A sample alone in its state counts as nothing, unless no
    variable has numbers.
    """
    everything, total = joint(x, y, z), 0.0
    for i in range(len(x)):
        row = [one for one in others(everything[i], i) if math.isfinite(one)]
        if not row and numeric:
            continue
        found = min(k, len(row))
        radius = row[found - 1] if row else 0.0
        closed = radius == 0 or row.count(radius) > 1
        count = as_near if closed else nearer
        total += digamma(count(everything[i], i, radius) + 1) if closed else digamma(found)
        total += digamma(count(z[i], i, radius) + 1)
        for one in (joint(x, z), joint(y, z)):
            total -= digamma(count(one[i], i, radius) + 1)
    return float(total / len(x))


def euclidean_distances(points: np.ndarray) -> list[list[float]]:
    """All pairs, from the differences."""
    return [[math.sqrt(((a - b) ** 2).sum()) for b in points] for a in points]


def ratios(points: np.ndarray, near: int, far: int) -> list[float]:
    """r_far / r_near of every point."""
    rows = [others(row, i) for i, row in enumerate(euclidean_distances(points))]
    return [row[far - 1] / row[near - 1] for row in rows]


def two_nn_slope(points: np.ndarray, fraction: float) -> float:
    """Slope through the origin of −ln(1 − i/n) against ln μ₍ᵢ₎ over the smallest μ."""
    mu = sorted(ratios(points, 1, 2))
    n = len(mu)
    pairs = [(math.log(mu[i - 1]), -math.log(1 - i / n)) for i in range(1, int(n * fraction) + 1)]
    return sum(a * b for a, b in pairs) / sum(a * a for a, _ in pairs)


def gride_likelihood(dimension: float, mu: list[float], near: int, far: int) -> float:
    """Log-likelihood of a dimension given the ratios, up to a constant."""
    total = 0.0
    for one in mu:
        total += math.log(dimension) - ((far - 1) * dimension + 1) * math.log(one)
        total += (far - near - 1) * math.log(one**dimension - 1) if far - near > 1 else 0.0
    return total


def levina_bickel(points: np.ndarray, k: int) -> list[float]:
    """⟨ln(r_k / r_j)⟩ over j < k, of every point."""
    rows = [others(row, i) for i, row in enumerate(euclidean_distances(points))]
    return [sum(math.log(row[k - 1] / row[j]) for j in range(k - 1)) / (k - 1) for row in rows]


def imbalance(a: np.ndarray, b: np.ndarray, k: int) -> float:
    """2/n times the mean rank in b of the k nearest in a; ties share their ranks and places."""
    here, there, n = euclidean_distances(a), euclidean_distances(b), len(a)
    total = 0.0
    for i in range(n):
        rest = [j for j in range(n) if j != i]
        reach = sorted(here[i][j] for j in rest)[k - 1]
        sure = [j for j in rest if here[i][j] < reach]
        tied = [j for j in rest if here[i][j] == reach]
        share = (k - len(sure)) / len(tied)
        for j in sure + tied:
            below = sum(there[i][m] < there[i][j] for m in rest)
            equal = sum(there[i][m] == there[i][j] for m in rest)
            total += (1.0 if j in sure else share) * (below + (equal + 1) / 2)
    return 2 * total / (n * n * k)
