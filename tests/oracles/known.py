"""Slow, obvious truths for the suite of known information: all in bits, none by its formulas."""

import math

import numpy as np
from scipy import integrate, stats

from infoplane.datasets.known.normal import Normal, Student


def normal_by_determinants(task: Normal) -> float:
    """½ log₂(det Σ_x det Σ_y / det Σ) of the covariance that is sampled from."""
    whole = task.covariance.numpy()
    d = task.d

    def logdet(matrix):
        return np.linalg.slogdet(matrix)[1]

    nats = 0.5 * (logdet(whole[:d, :d]) + logdet(whole[d:, d:]) - logdet(whole))
    return float(nats) / math.log(2)


def student_by_ratios(task: Student, n: int, seed: int) -> tuple[float, float]:
    """Mean of log p(x, y)/(p(x) p(y)) over samples of scipy's own, and its standard error."""
    whole, d = task.normal.covariance.numpy(), task.normal.d
    drawn = stats.multivariate_t(shape=whole, df=task.df, seed=seed).rvs(n).reshape(n, 2 * d)
    joint = stats.multivariate_t(shape=whole, df=task.df).logpdf(drawn)
    x = stats.multivariate_t(shape=whole[:d, :d], df=task.df).logpdf(drawn[:, :d])
    y = stats.multivariate_t(shape=whole[d:, d:], df=task.df).logpdf(drawn[:, d:])
    ratios = (joint - x - y) / math.log(2)
    return float(ratios.mean()), float(ratios.std(ddof=1)) / math.sqrt(n)


def entropy_by_quadrature(density, low: float, high: float, breaks=()) -> float:
    """−∫ f log₂ f."""

    def integrand(at):
        f = density(at)
        return 0.0 if f <= 0 else -f * math.log2(f)

    edges = [low, *sorted(one for one in breaks if low < one < high), high]
    pieces = zip(edges, edges[1:], strict=False)
    return sum(integrate.quad(integrand, a, b, limit=400)[0] for a, b in pieces)


def uniform_noise(epsilon: float) -> float:
    """h(Y) − h(N), the density of Y being the overlap of two intervals."""

    def density(y):
        overlap = min(1.0, y + epsilon) - max(0.0, y - epsilon)
        return max(0.0, overlap) / (2 * epsilon)

    breaks = (epsilon, 1 - epsilon, -epsilon, 1 + epsilon, 0.0, 1.0)
    return entropy_by_quadrature(density, -epsilon, 1 + epsilon, breaks) - math.log2(2 * epsilon)


def steps(m: int) -> float:
    """h(Y) − log₂ 2, the density of Y being a mean of boxes."""

    def density(y):
        return sum(0.5 for j in range(m) if j <= y < j + 2) / m

    return entropy_by_quadrature(density, 0.0, m + 1.0, range(1, m + 1)) - 1.0


def counts(inflation: float, most: int = 120) -> float:
    """H(Y) − ∫ e^(−x) H(Y | x) dx, every probability by scipy's Poisson."""
    ks = np.arange(most)

    def chances(x):
        p = (1 - inflation) * stats.poisson.pmf(ks, x)
        p[0] += inflation
        return p

    def entropy(p):
        p = p[p > 0]
        return float(-(p * np.log2(p)).sum())

    conditional = integrate.quad(lambda x: math.exp(-x) * entropy(chances(x)), 0, 60, limit=400)[0]
    marginal = (1 - inflation) * 0.5 ** (ks + 1.0)
    marginal[0] += inflation
    return entropy(marginal) - conditional


def classes(m: int, spacing: float) -> float:
    """log₂ m − H(Y | X), the posterior by Bayes; by adaptive quadrature."""
    means = spacing * np.arange(m)

    def integrand(x):
        p = stats.norm.pdf(x, means) / m
        total = p.sum()
        posterior = p / total
        posterior = posterior[posterior > 0]
        return float(-total * (posterior * np.log2(posterior)).sum())

    low, high = means[0] - 9, means[-1] + 9
    return math.log2(m) - integrate.quad(integrand, low, high, limit=400, points=means.tolist())[0]


def channel(m: int, error: float) -> float:
    """Σ p(x, y) log₂ p(x, y)/(p(x) p(y)) over the whole table."""
    table = np.full((m, m), error / (m - 1) / m)
    np.fill_diagonal(table, (1 - error) / m)
    product = table.sum(1, keepdims=True) * table.sum(0, keepdims=True)
    known = table > 0
    return float((table[known] * np.log2(table[known] / product[known])).sum())


def rows(m: int, error: float, d: int) -> float:
    """The same over the whole table of rows, letter by letter beside each other."""
    letter = np.full((m, m), error / (m - 1) / m)
    np.fill_diagonal(letter, (1 - error) / m)
    table = np.ones((1, 1))
    for _ in range(d):
        table = np.kron(table, letter)
    product = table.sum(1, keepdims=True) * table.sum(0, keepdims=True)
    known = table > 0
    return float((table[known] * np.log2(table[known] / product[known])).sum())


def histogram_information(x, y, cells: int) -> float:
    """Plug-in information of one-dimensional samples cut into cells of equal counts.

    Never more than the information itself, but for a bias of about (cells − 1)²/(2 n ln 2).
    """
    n = len(x)
    places = [np.argsort(np.argsort(one, kind="stable")) * cells // n for one in (x, y)]
    table = np.zeros((cells, cells))
    np.add.at(table, tuple(places), 1.0 / n)
    known = table > 0
    product = table.sum(1, keepdims=True) * table.sum(0, keepdims=True)
    return float((table[known] * np.log2(table[known] / product[known])).sum())
