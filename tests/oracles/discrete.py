"""Information of counts written as the books define it: dictionaries, loops, no shortcuts."""

import math
from collections import Counter

import numpy as np


def entropy(states) -> float:
    """−Σ p log2 p of the relative frequencies of hashable states."""
    counts = Counter(states)
    n = sum(counts.values())
    return -sum(c / n * math.log2(c / n) for c in counts.values())


def information(x, y) -> float:
    """Σ p(x, y) log2 p(x, y)/(p(x) p(y))."""
    n, xs, ys, pairs = len(x), Counter(x), Counter(y), Counter(zip(x, y, strict=True))
    return sum(c / n * math.log2(c * n / (xs[a] * ys[b])) for (a, b), c in pairs.items())


def conditional_information(x, y, z) -> float:
    """Σ_z p(z) I(X; Y | Z = z)."""
    total = 0.0
    for value in set(z):
        chosen = [i for i in range(len(z)) if z[i] == value]
        total += len(chosen) / len(z) * information([x[i] for i in chosen], [y[i] for i in chosen])
    return total


def miller_madow_entropy(states) -> float:
    """Plug-in plus (K − 1)/(2n) nat."""
    counts = Counter(states)
    return entropy(states) + (len(counts) - 1) / (2 * len(states)) / math.log(2)


def miller_madow_information(x, y) -> float:
    """From three corrected entropies."""
    joint = miller_madow_entropy(list(zip(x, y, strict=True)))
    return miller_madow_entropy(x) + miller_madow_entropy(y) - joint


def shrunk(table: np.ndarray) -> np.ndarray:
    """James-Stein frequencies of a full table of counts, empty cells and all."""
    n, k = table.sum(), table.size
    p, uniform = table / n, 1 / k
    below = (n - 1) * ((uniform - p) ** 2).sum()
    intensity = 1.0 if below == 0 else min(1.0, (1 - (p**2).sum()) / below)
    return intensity * uniform + (1 - intensity) * p


def table_entropy(p: np.ndarray) -> float:
    """−Σ p log2 p."""
    return -sum(q * math.log2(q) for q in np.ravel(p) if q > 0)


def table_information(p: np.ndarray) -> float:
    """Of a table p(x, y)."""
    return table_entropy(p.sum(1)) + table_entropy(p.sum(0)) - table_entropy(p)


def count_table(*variables) -> np.ndarray:
    """Full contingency table over the states that occur."""
    codes = [np.unique(v, return_inverse=True)[1] for v in variables]
    table = np.zeros([c.max() + 1 for c in codes])
    for cell in zip(*codes, strict=True):
        table[cell] += 1
    return table


def shrunk_information(x, y) -> float:
    """Of the shrunk full table."""
    return table_information(shrunk(count_table(x, y)))


def edges30(t: np.ndarray) -> np.ndarray:
    """The published loop of bins, value by value: a negative index is one from the end."""
    edges = np.linspace(-1, 1, 30)
    binned = np.empty_like(t, dtype=np.float64)
    for place, value in np.ndenumerate(t):
        index = sum(value >= edge for edge in edges)  # np.digitize
        binned[place] = edges[index - 1]
    return binned


def least_information(p: np.ndarray, rounds: int = 3000) -> float:
    """min I_Q(X1, X2; T) with the pairs (X1, T) and (X2, T) of p(x1, x2, t), from above.

    Alternating: for given R(x1, x2) the Q(x1, x2 | t) nearest to it with the right marginals, by
    scaling rows and columns; then R is the mean of Q over t. Slow, and convergent.
    """
    target = p.sum((0, 1))
    left, right = p.sum(1) / target, p.sum(0) / target
    pairs = np.einsum("at,bt,t->ab", left, right, target)
    scale = np.ones_like(right)
    for _ in range(rounds):
        for _ in range(5):
            rows = _ratio(left, np.einsum("ab,bt->at", pairs, scale))
            scale = _ratio(right, np.einsum("ab,at->bt", pairs, rows))
        q = np.einsum("ab,at,bt,t->abt", pairs, rows, scale, target)
        pairs = q.sum(2)
    return table_information(q.reshape(-1, p.shape[2]) / q.sum())


def _ratio(above, below):
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
