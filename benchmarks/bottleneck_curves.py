"""The exact bottleneck against its floor: the matrix products of as many evaluations of the map.

60 β of the 12-bit problem (64 distinct rows), and with --wide, which takes minutes, 20 β of a
random joint of 1000 × 100.
Evaluations count all descents, refused candidates, Jacobian products and the search for clusters.

Where embo (GPL, so that nothing of ours depends on it) or dit can be imported, 20 β of a problem by
it as it comes, in equal steps from 1.05 to 20; embo's β is ours times ln 2. embo leaves out points
at which its curve would not rise, and the points of both may lie below the curve: by how much is
told. A peer that takes more than five minutes is stopped.
"""

import multiprocessing
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from timing import medians, table

from infoplane.bottleneck import Curve, Joint, curve
from infoplane.datasets.known import icosahedron
from infoplane.values.units import LN2

ONE = np.array([0.12, 0.23, 0.4, 0.6, 0.76])
FIVE = np.stack([1 - ONE, ONE], 1) / 5
Points = tuple[np.ndarray, np.ndarray]
"""Rates I(X;T) and relevances I(T;Y) in bits."""
LONGEST, QUICK = 300.0, 10.0
"""Seconds after which a peer is stopped, and up to which it is asked several times."""


def floor(found: Curve) -> float:
    """Seconds of the two products p(x|t) p(y|x) and p(y|x) ln p(y|t), once an evaluation."""
    w = found.joint.reduced.w
    total = 0.0
    for one in found.solutions:
        inverse = np.full((one.clusters, len(w)), 0.1)
        logs = np.full((w.shape[1], one.clusters), 0.1)
        few = min(one.iterations, 50)
        start = time.perf_counter()
        for _ in range(few):
            inverse @ w
            w @ logs
        total += (time.perf_counter() - start) * one.iterations / few
    return total


def timed(name: str, joint: Joint, betas: np.ndarray) -> None:
    start = time.perf_counter()
    found = curve(joint, betas=betas, tolerance=1e-9)
    seconds = time.perf_counter() - start
    products = "its matrix products alone"
    table(name, {"infoplane": seconds, products: floor(found)}, ours=products)
    used = sum(one.iterations for one in found.solutions)
    gap = max(one.gap for one in found.solutions if one.gap is not None)
    print(f"  {used} evaluations, clusters up to {found.solutions[-1].clusters}, gap {gap:.1e} bit")


def beside(name: str, joint: np.ndarray, betas: np.ndarray, peer: str) -> None:
    """A peer's points in our time, and how far they lie below the curve at their own rates."""
    title, methods = f"{name}, {len(betas)} β", {"infoplane": lambda: curve(joint, betas=betas)}
    found = in_time(PEERS[peer], joint, betas)
    if found is None:
        table(f"{title}: {peer} stopped after {LONGEST:g} s", medians(methods, 3), "infoplane")
        return
    seconds, (rates, relevances) = found
    if seconds < QUICK:
        methods[peer] = lambda: PEERS[peer](joint, betas)
    table(title, {peer: seconds, **medians(methods, 3)}, "infoplane")
    best = curve(joint, rates=rates[rates > 0]).relevances
    below = (best - relevances[rates > 0]).max(initial=0.0)
    print(
        f"  {peer} kept {len(rates)} of {len(betas)} points, up to {below:.1e} bit below the curve"
    )


def in_time(
    method: Callable[[np.ndarray, np.ndarray], Points], joint: np.ndarray, betas: np.ndarray
) -> tuple[float, Points] | None:
    """Seconds and points of a peer in a process of its own; None where it takes too long."""
    ours, theirs = multiprocessing.Pipe(duplex=False)

    def work() -> None:
        start = time.perf_counter()
        points = method(joint, betas)
        theirs.send((time.perf_counter() - start, points))

    trial = multiprocessing.get_context("fork").Process(target=work)
    trial.start()
    found = ours.recv() if ours.poll(LONGEST) else None
    trial.kill()
    return found


def embo_points(joint: np.ndarray, betas: np.ndarray) -> Points:
    from embo import InformationBottleneck

    limits = {"minbeta": betas[0] * LN2, "maxbeta": betas[-1] * LN2, "numbeta": len(betas)}
    return InformationBottleneck(pxy=joint.copy(), **limits).get_bottleneck()[:2]


def dit_points(joint: np.ndarray, betas: np.ndarray) -> Points:
    from dit import Distribution
    from dit.rate_distortion import IBCurve

    given = Distribution.from_ndarray(joint)
    limits = {"beta_min": betas[0], "beta_max": betas[-1], "beta_num": len(betas)}
    found = IBCurve(given, **limits)
    return found.complexities, found.relevances


PEERS = {"embo": embo_points, "dit": dit_points}


def main() -> None:
    soft = Joint.of_table(icosahedron.joint(icosahedron.soft_rule(), lumped=True))
    timed("12-bit problem, 60 β", soft, np.geomspace(1.05, 20, 60))
    if "--wide" in sys.argv:
        rng = np.random.default_rng(0)
        wide = rng.gamma(0.1, size=(1000, 100)) + 1e-6
        timed("1000 × 100, 20 β", Joint.of_counts(wide), np.geomspace(1.02, 3, 20))
    even = np.linspace(1.05, 20, 20)
    if find_spec("embo") is not None:
        beside("5 × 2 states", FIVE, even, "embo")
        beside("12-bit problem", soft.table, even, "embo")
    if find_spec("dit") is not None:
        beside("5 × 2 states", FIVE, even, "dit")


if __name__ == "__main__":
    main()
