"""The bounds as loops over samples, in nats, and what a bound is worth on a known density."""

import math


def donsker_varadhan(f):
    """Mean over pairs minus the logarithm of the mean of e^f over strangers."""
    return _pairs(f) - math.log(_strangers(f, math.exp))


def nguyen_wainwright_jordan(f):
    return _pairs(f) - _strangers(f, math.exp) + 1


def info_nce(f):
    n, total = len(f), 0.0
    for i in range(n):
        mean = sum(math.exp(f[i][j]) for j in range(n)) / n
        total += math.log(math.exp(f[i][i]) / mean)
    return total / n


def smile(f, clip):
    low, high = math.exp(-clip), math.exp(clip)
    return _pairs(f) - math.log(_strangers(f, lambda s: min(max(math.exp(s), low), high)))


def jensen_shannon(f):
    of_pairs = sum(math.log(1 / (1 + math.exp(-f[i][i]))) for i in range(len(f))) / len(f)
    return of_pairs + _strangers(f, lambda s: math.log(1 - 1 / (1 + math.exp(-s))))


def effective_strangers(f):
    n = len(f)
    weights = [math.exp(f[i][j]) for i in range(n) for j in range(n) if i != j]
    return sum(weights) ** 2 / sum(w * w for w in weights)


def jackknife(bound, f, groups):
    """Every group of samples left out in turn, row and column."""
    values = []
    for group in range(groups):
        kept = [i for i in range(len(f)) if i % groups != group]
        values.append(bound([[f[i][j] for j in kept] for i in kept]))
    mean = sum(values) / groups
    return math.sqrt((groups - 1) / groups * sum((v - mean) ** 2 for v in values))


def log_ratio(x, y, rho):
    """ln p(x, y)/(p(x) p(y)) of a bivariate normal with unit variances; broadcasts."""
    quadratic = rho * (2 * x * y - rho * (x**2 + y**2)) / (2 * (1 - rho**2))
    return quadratic - 0.5 * math.log(1 - rho**2)


def _pairs(f):
    return sum(f[i][i] for i in range(len(f))) / len(f)


def _strangers(f, told):
    n = len(f)
    return sum(told(f[i][j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
