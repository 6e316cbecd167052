"""Transfer written as the books define it: words, dictionaries, loops, and processes to ask."""

import math
from collections import Counter

import numpy as np

from oracles.discrete import conditional_information, entropy


def windows(x, y, k, l, lag, z=None, given=1):
    """Source word, future, past of every moment that has them."""
    reach = max(k, lag + l - 1, lag + given - 1 if z is not None else 0)
    moments = range(reach, len(y))
    source = [tuple(x[t - lag - i] for i in range(l)) for t in moments]
    future = [y[t] for t in moments]
    past = [tuple(y[t - 1 - i] for i in range(k)) for t in moments]
    if z is not None:
        past = [
            (*p, *(z[t - lag - i] for i in range(given)))
            for p, t in zip(past, moments, strict=True)
        ]
    return source, future, past


def transfer(x, y, k=1, l=1, lag=1, z=None, given=1) -> float:
    """In bits, one state at a time."""
    source, future, past = windows(x.tolist(), y.tolist(), k, l, lag, z, given)
    return conditional_information(source, future, past)


def bincount_transfer(x, y, k, l, lag, base) -> float:
    """A per-pair table by np.bincount, the usual way."""
    source, future, past = (np.array(one) for one in windows(x, y, k, l, lag))
    s, p = (one @ base ** np.arange(one.shape[1]) for one in (source, past))
    shape = base**l, base**k, base
    code = np.ravel_multi_index((s, p, future), shape)
    n = np.bincount(code, minlength=math.prod(shape)).reshape(shape).astype(float)
    sp, pq, of_p = n.sum(2, keepdims=True), n.sum(0, keepdims=True), n.sum((0, 2), keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(n > 0, n * np.log2(n * of_p / (sp * pq)), 0)
    return float(terms.sum() / n.sum())


def energy(x, y) -> float:
    """Σ p(y', y, x) (p(y' | y, x) − p(y' | y)), k = l = 1."""
    source, future, past = windows(x.tolist(), y.tolist(), 1, 1, 1)
    n = len(future)
    cells, sp = (
        Counter(zip(source, future, past, strict=True)),
        Counter(zip(source, past, strict=True)),
    )
    fp, p = Counter(zip(future, past, strict=True)), Counter(past)
    return sum(c / n * (c / sp[a, z] - fp[f, z] / p[z]) for (a, f, z), c in cells.items())


def directed(x, y, length) -> float:
    """H(y^n) − H(y^n ‖ x^n) over all windows of n steps."""
    places = range(len(y) - length + 1)
    xs = [[tuple(x[t : t + i]) for t in places] for i in range(length + 1)]
    ys = [[tuple(y[t : t + i]) for t in places] for i in range(length + 1)]
    total = entropy(ys[length])
    for i in range(1, length + 1):
        with_now, before = (
            list(zip(ys[i], xs[i], strict=True)),
            list(zip(ys[i - 1], xs[i], strict=True)),
        )
        total -= entropy(with_now) - entropy(before)
    return total


def flips(r, n, p=0.5):
    """Independent coins that show 1 with probability p."""
    return (r.random(n) < p).astype(np.int64)


def later(x, steps=1):
    """The series as it was so many steps before; zeros before its beginning."""
    return np.concatenate([np.zeros(steps, x.dtype), x[:-steps]])


def mixture_chain(q, c, b):
    """x flips with q; y becomes x with c, stays with b, else is a coin: p(x', y' | x, y)."""
    p = np.zeros((2, 2, 2, 2))
    for x, y, nx, ny in np.ndindex(2, 2, 2, 2):
        of_y = c * (ny == x) + b * (ny == y) + (1 - c - b) / 2
        p[x, y, nx, ny] = (q if nx != x else 1 - q) * of_y
    return p


def autoregression(r, n, a=0.5, b=0.4, c=0.6):
    """x' = ax + ξ, y' = by + cx + η."""
    from scipy.signal import lfilter

    noise = r.standard_normal((2, n))
    x = lfilter([1], [1, -a], noise[0])
    return x, lfilter([1], [1, -b], noise[1] + c * later(x))


def logistic_maps(r, n, coupling, drop=500):
    """x' = f(x), y' = f((1 − ε) y + ε x) with f(v) = 4 v (1 − v)."""
    x, y = r.random(2)
    found = []
    for _ in range(n + drop):
        mixed = (1 - coupling) * y + coupling * x
        x, y = 4 * x * (1 - x), 4 * mixed * (1 - mixed)
        found.append((x, y))
    return np.array(found[drop:]).T


def henon_maps(r, n, coupling, drop=500):
    """x' = 1.4 − x² + 0.3 x₋; y' = 1.4 − (C x y + (1 − C) y²) + 0.3 y₋."""
    x, y = r.random((2, 2)) * 0.1
    found = []
    for _ in range(n + drop):
        nx = 1.4 - x[0] ** 2 + 0.3 * x[1]
        ny = 1.4 - (coupling * x[0] * y[0] + (1 - coupling) * y[0] ** 2) + 0.3 * y[1]
        x, y = (nx, x[0]), (ny, y[0])
        found.append((nx, ny))
    return np.array(found[drop:]).T
