"""KSG against the bare searches in a KD-tree that it needs, and against NPEET where it is there.

Target, on one core: at most 1.1 times the searches alone, no slower than NPEET (``pip install
npeet_plus``); on all cores n = 50 000 in less than 2 GB.
"""

import numpy as np
from sklearn.neighbors import KDTree
from timing import medians, peak_mb, table

from infoplane.measures.geometry.two_nn import TwoNN
from infoplane.measures.neighbours.ksg import KSG
from infoplane.measures.neighbours.mixed_ksg import MixedKSG
from infoplane.numerics.workers import pinned
from infoplane.values.units import LN2

try:
    from npeet_plus import mi as npeet
except ImportError:
    npeet = None

K = 5
EXPECTED = 0.83087
"""Nats at n = 5000, 5 + 5 columns, k = 5."""


def correlated(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    r = np.random.default_rng(0)
    x = r.standard_normal((n, d))
    return x, 0.6 * x + 0.8 * r.standard_normal((n, d))


def searches(x: np.ndarray, y: np.ndarray) -> None:
    """Joint neighbours, and how many lie within their distance in either variable."""
    joint = np.hstack([x, y])
    distances, _ = KDTree(joint, metric="chebyshev").query(joint, K + 1)
    for one in (x, y):
        tree = KDTree(one, metric="chebyshev")
        tree.query_radius(one, np.nextafter(distances[:, -1], 0), count_only=True)


def main() -> None:
    for n, d in ((5000, 5), (5000, 1), (2000, 20)):
        x, y = correlated(n, d)
        methods = {
            "the searches alone": lambda x=x, y=y: searches(x, y),
            "KSG": lambda x=x, y=y: KSG(K)(x, y),
            "KSG, variant 2": lambda x=x, y=y: KSG(K, variant=2)(x, y),
            "MixedKSG": lambda x=x, y=y: MixedKSG(K)(x, y),
        }
        if npeet is not None:
            methods["NPEET (npeet_plus)"] = lambda x=x, y=y: npeet(x, y, k=K)
        with pinned(1):
            seconds = medians(methods, 5)
        table(f"n = {n}, {d} + {d} columns, k = {K}", seconds, ours="the searches alone")
    print(f"  npeet_plus: {'measured' if npeet else 'not installed, not measured'}")
    print(f"  nats: {KSG(K)(*correlated(5000, 5)).value * LN2:.5f} (expected {EXPECTED})")
    x, y = correlated(50_000, 5)
    before = peak_mb()
    KSG(K)(x, y)
    TwoNN()(np.random.default_rng(0).standard_normal((50_000, 100)))
    print(f"n = 50 000, KSG and TwoNN: peak {peak_mb():.0f} MB, +{peak_mb() - before:.0f} MB")


if __name__ == "__main__":
    main()
