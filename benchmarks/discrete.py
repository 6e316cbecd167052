"""Plug-in information of labels against the floor, one bincount of the pairs, and a peer.

Target: at most 3 times the floor at n = 100 000 on 16 × 10 states.
"""

import numpy as np
from sklearn.metrics import mutual_info_score
from timing import medians, table

from infoplane.measures.counting.binned import Binned
from infoplane.measures.counting.plugin import PlugIn
from infoplane.numerics.binning import FixedWidth
from infoplane.values.units import LN2

EXPECTED = 1.10866
"""Nats of these samples."""


def labels(n: int) -> tuple[np.ndarray, np.ndarray]:
    r = np.random.default_rng(0)
    x = r.integers(0, 16, n)
    return x, np.where(r.random(n) < 0.7, x % 10, r.integers(0, 10, n))


def rows_by_sorting(t: np.ndarray, y: np.ndarray, width: float) -> float:
    """The published way: unique rows of bins, then one entropy for every class; bits."""

    def entropy(rows: np.ndarray) -> float:
        p = np.unique(rows, axis=0, return_counts=True)[1] / len(rows)
        return float(-(p * np.log2(p)).sum())

    rows = np.floor(t / width).astype(int)
    return entropy(rows) - sum((y == c).mean() * entropy(rows[y == c]) for c in np.unique(y))


def main() -> None:
    x, y = labels(100_000)
    floor = "np.bincount of the pairs"
    methods = {
        "infoplane, with spread and notes": lambda: PlugIn()(x, y),
        floor: lambda: np.bincount(x * 10 + y, minlength=160),
    }
    table("I(x; y), n = 100 000, 16 × 10: the floor", medians(methods, 301), ours=floor)
    methods["sklearn mutual_info_score"] = lambda: mutual_info_score(x, y)
    table("the same with a peer", medians(methods, 21), ours=floor)
    value = PlugIn()(x, y).value * LN2
    print(f"  nats: {value:.5f} (expected {EXPECTED}), sklearn {mutual_info_score(x, y):.5f}")
    r = np.random.default_rng(0)
    t, classes = np.tanh(r.standard_normal((4096, 10))), r.integers(0, 2, 4096)
    binned = Binned(FixedWidth(0.07))
    methods = {
        "infoplane": lambda: binned(t, classes),
        "np.unique of rows, class by class": lambda: rows_by_sorting(t, classes, 0.07),
    }
    table("binned I(t; y), n = 4096, d = 10", medians(methods), ours="infoplane")
    print(f"  bits: {binned(t, classes).value:.6f}, theirs {rows_by_sorting(t, classes, 0.07):.6f}")


if __name__ == "__main__":
    main()
