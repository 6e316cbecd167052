"""The bottleneck by brute force: every restart a few hundred steps of the textbook's map."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import rel_entr

_ONE = np.array([0.12, 0.23, 0.4, 0.6, 0.76])
FIVE = np.stack([1 - _ONE, _ONE], 1) / 5
"""Five states alike in mass, two outcomes."""
LATE = np.array([[0.09, 0.01], [0.45, 0.45]])
"""A joint of which one cluster is a local minimum long after its global one has two."""


SHALLOW = np.array([0.418242, 0.318043, 0.024179, 0.239536])[:, None] * np.array(
    [
        [0.305345, 0.011386, 0.553374, 0.041251, 0.088643],
        [0.106444, 0.50353, 0.050087, 0.055571, 0.284368],
        [0.115148, 0.395476, 0.040579, 0.192771, 0.256026],
        [0.307945, 0.102595, 0.080562, 0.022631, 0.486268],
    ]
)
"""A joint just above whose onset a second cluster gains next to nothing, 2e-6 bit at 1.001."""


def problem(seed, most_x=6, most_y=5):
    """A random joint table without zeros."""
    rng = np.random.default_rng(seed)
    shape = rng.integers(2, most_x + 1), rng.integers(2, most_y + 1)
    return rng.dirichlet(np.full(shape[0] * shape[1], rng.choice([0.3, 1.0]))).reshape(shape)


def information(joint):
    """In nats, by the definition."""
    return rel_entr(joint, np.outer(joint.sum(1), joint.sum(0))).sum()


def objective(joint, beta, encoder, dual=False):
    """I(X;T) + β E d in nats, cell by cell."""
    p, w = joint.sum(1), joint / joint.sum(1, keepdims=True)
    mass = p @ encoder
    total = information(p[:, None] * encoder)
    for t in np.flatnonzero(mass > 0):
        inverse = p * encoder[:, t] / mass[t]
        m = np.exp(inverse @ np.log(w)) if dual else inverse @ w
        m = m / m.sum()
        for x in range(len(p)):
            pair = (m, w[x]) if dual else (w[x], m)
            total += beta * p[x] * encoder[x, t] * rel_entr(*pair).sum()
    return total


def restarts(joint, beta, count, dual=False, steps=300, seed=0):
    """The least F, or F of the dual, in nats of many random encoders, all at once, |T| = |X|."""
    rng = np.random.default_rng(seed)
    p, w = joint.sum(1), joint / joint.sum(1, keepdims=True)
    sharp = rng.choice([0.1, 1.0], size=(count, 1, 1))
    q = rng.gamma(sharp, size=(count, len(p), len(p))) + 1e-12
    q /= q.sum(2, keepdims=True)
    for _ in range(steps):
        weighted = p[:, None] * q
        r = weighted.sum(1)
        inverse = (weighted / np.maximum(r, 1e-300)[:, None]).transpose(0, 2, 1)
        d = distortions(w, decoders(w, inverse, dual), dual)
        scores = np.log(np.maximum(r, 1e-300))[:, None] - beta * d
        top = scores.max(2, keepdims=True)
        z = np.exp(scores - top).sum(2, keepdims=True)
        q = np.exp(scores - top) / z
    # −Σ p ln Z is an upper bound of the F that these decoders reach
    return float((-(p[:, None] * (top + np.log(z))).sum((1, 2))).min())


def decoders(w, inverse, dual):
    """p(y|t) of many p(x|t) of shape (n, t, x): means of rows, or geometric means."""
    if not dual:
        return inverse @ w
    m = np.exp(inverse @ np.log(w))
    return m / m.sum(2, keepdims=True)


def distortions(w, m, dual):
    """D[p(y|x) ‖ p(y|t)], or the reverse, shape (n, x, t)."""
    log_m = np.log(np.maximum(m, 1e-300))
    if dual:
        return (m * log_m).sum(2)[:, None] - np.log(w) @ m.transpose(0, 2, 1)
    return (w * np.log(w)).sum(1)[:, None] - w @ log_m.transpose(0, 2, 1)


def plain_counts(joint, beta, starts, tolerance, most, dual=False):
    """How many steps of the map each start takes to rest, and the objective in nats there."""
    p, w = joint.sum(1), joint / joint.sum(1, keepdims=True)
    q = starts.copy()
    counts = np.full(len(q), most)
    for step in range(most):
        weighted = p[:, None] * q
        r = weighted.sum(1)[:, None]
        m = decoders(w, (weighted / r).transpose(0, 2, 1), dual)
        scores = r * np.exp(-beta * distortions(w, m, dual))
        following = scores / scores.sum(2, keepdims=True)
        moved = np.abs(following - q).max((1, 2))
        counts = np.where((moved <= tolerance) & (counts == most), step + 1, counts)
        q = following
        if (counts < most).all():
            break
    return counts, -(p * np.log(scores.sum(2))).sum(1)


def dual_onset(p, w, starts=4, seed=0):
    """The least D(r‖p)/D(m_p‖m_r) by a simplex search over r; m_r ∝ Π p(y|x)^r(x)."""
    rng = np.random.default_rng(seed)

    def mixed(r):
        m = np.exp(r @ np.log(w))
        return m / m.sum()

    def ratio(raw):
        r = np.exp(raw - raw.max())
        r /= r.sum()
        cost = rel_entr(r, p).sum()
        return cost / rel_entr(mixed(p), mixed(r)).sum() if cost > 1e-6 else np.inf

    begun = (np.log(rng.dirichlet(np.ones(len(p)))) for _ in range(starts))
    tight = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 5_000, "adaptive": True}
    return min(minimize(ratio, one, method="Nelder-Mead", options=tight).fun for one in begun)


def binary_source(error):
    """A doubly symmetric binary source."""
    return np.array([[1 - error, error], [error, 1 - error]]) / 2


def binary_entropy(p):
    """In bits."""
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
