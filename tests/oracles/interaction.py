"""What several discrete variables share, by counting tuples; everything about pairs by loops."""

import math
from collections import Counter
from itertools import combinations


def entropy(*columns):
    """H of the tuples of some columns, in bits."""
    counts = Counter(zip(*columns, strict=True))
    n = sum(counts.values())
    return -sum(k / n * math.log2(k / n) for k in counts.values())


def information(target, *columns):
    """I(target; columns)."""
    return entropy(target) + entropy(*columns) - entropy(target, *columns)


def total_correlation(*columns):
    """Step by step: every variable with all that came before it."""
    return sum(information(columns[i], *columns[:i]) for i in range(1, len(columns)))


def dual_total_correlation(*columns):
    """H of all less what each alone has given the others."""
    others = [[*columns[:i], *columns[i + 1 :]] for i in range(len(columns))]
    own = [entropy(*columns) - entropy(*rest) for rest in others]
    return entropy(*columns) - sum(own)


def interaction_information(a, b, c):
    """I(a; b) − I(a; b | c), which Ω of three variables is."""
    given = information(a, *[b, c]) - information(a, c)
    return information(a, b) - given


def pairs_of(columns, target):
    """(I_1 + I_2 − I_12, 2·I_12 − I_1 − I_2, I_12) of every pair."""
    found = []
    for a, b in combinations(columns, 2):
        one, two, both = information(target, a), information(target, b), information(target, a, b)
        found.append((one + two - both, 2 * both - one - two, both))
    return found


def mean(values):
    """Σ/n."""
    return sum(values) / len(values)


def jackknife(columns, target, which):
    """Standard error of a mean over pairs: the trio is measured anew without each variable."""
    c = len(columns)
    left = [
        mean([p[which] for p in pairs_of([*columns[:i], *columns[i + 1 :]], target)])
        for i in range(c)
    ]
    return math.sqrt((c - 1) / c * sum((m - mean(left)) ** 2 for m in left))
