"""Transfer entropy: all pairs of two layers, one long pair, and one pair of numbers.

Targets, 1000 × 1000 pairs of two states at 10 000 moments, in units of the floor, which is three
fused AND + population count sweeps of the same packed words: compiled at most 1.3 from packed words
and 3 from raw bytes, NumPy at most 20; NumPy at least 40 times as fast as a loop over pairs with
``np.bincount`` (from a sample), compiled at least 4 times as fast as matrix products; under
3 s, with less than 500 MB beside what was there; 100 surrogates less than 100 times one pass.

Targets against peers, in environments of their own: one pair of two states at 10⁶ moments at most
1.5 times PyInform (``PEER_PYTHON=…/bin/python``), nearest neighbours at 2000 moments no slower than
infomeasure. Without those environments they are left out.
"""

import json
import os
import subprocess
import tempfile
import time

import numpy as np
import torch
from timing import medians, peak_mb, table

from infoplane.measures.neighbours.ksg import KSG
from infoplane.measures.transfer.front import transfer_entropy
from infoplane.measures.transfer.history import History
from infoplane.measures.transfer.pairs import CountedPairs, null_of
from infoplane.measures.transfer.pairwise import pairwise_transfer_entropy
from infoplane.measures.transfer.populations import Words, populations, transfers, words_of
from infoplane.measures.transfer.surrogates import GivenPast, Permuted
from infoplane.numerics.coincidences import COUNTINGS, has_numba

N, UNITS, SAMPLE = 10_000, 1000, 300
LOOP = "loop over pairs, np.bincount (extrapolated)"
PEER = os.environ.get("PEER_PYTHON", "")
PYINFORM = """
import json, sys, time, numpy as np
from pyinform import transfer_entropy
x, y = np.load(sys.argv[1])
spent = []
for _ in range(9):
    start = time.perf_counter()
    value = transfer_entropy(x, y, k=1)
    spent.append(time.perf_counter() - start)
print(json.dumps([sorted(spent[1:])[4], value]))
"""
INFOMEASURE = """
import json, sys, time, numpy as np, infomeasure
x, y = np.load(sys.argv[1])
spent = []
for _ in range(9):
    start = time.perf_counter()
    value = infomeasure.transfer_entropy(x, y, approach="ksg", k=4)
    spent.append(time.perf_counter() - start)
print(json.dumps([sorted(spent[1:])[4], float(value)]))
"""


def floor(source: np.ndarray, target: np.ndarray, found: np.ndarray) -> None:
    """Three fused sweeps of the packed words, and nothing else."""
    from infoplane.numerics.compiled import _together

    _together(source, target, found, 768)


def by_bincount(x: np.ndarray, y: np.ndarray) -> float:
    """One pair the usual way."""
    code = x[:-1] * 4 + y[:-1] * 2 + y[1:]
    n = np.bincount(code, minlength=8).reshape(2, 2, 2).astype(float)
    sp, pq, p = n.sum(2, keepdims=True), n.sum(0, keepdims=True), n.sum((0, 2), keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(n > 0, n * np.log2(n * p / (sp * pq)), 0).sum() / n.sum())


def packed_words(x: torch.Tensor, y: torch.Tensor) -> Words:
    words = words_of(x, y, History(), 2)
    assert words.source.packed.size and words.target.packed.size  # packed once, and kept
    return words


def all_pairs() -> None:
    r = np.random.default_rng(0)
    x, y = (torch.from_numpy(r.integers(0, 2, (N, UNITS), dtype=np.uint8)) for _ in range(2))
    words, memory = packed_words(x, y), peak_mb()
    found = np.empty((UNITS, 3 * UNITS), dtype=np.int64)
    methods = {
        "floor: three fused AND + popcount sweeps": lambda: floor(
            words.source.packed, words.target.packed, found
        ),
    }
    ways = [way for way in COUNTINGS if way != "compiled" or has_numba()]
    for way in ways:
        counting = COUNTINGS[way]
        if way != "product":
            methods[f"{way}, from packed words"] = lambda c=counting: transfers(
                populations(words, c), c
            )
        methods[f"{way}, from raw bytes"] = lambda c=counting: CountedPairs(
            words_of(x, y, History(), 2), c
        ).measured()
    rows = medians(methods, 3)
    columns = x.numpy().T.astype(np.int64), y.numpy().T.astype(np.int64)
    start = time.perf_counter()
    for place in range(SAMPLE):
        by_bincount(columns[0][place], columns[1][place])
    rows[LOOP] = (time.perf_counter() - start) * UNITS**2 / SAMPLE
    first = next(iter(methods))
    table(f"{UNITS} × {UNITS} pairs, {N} moments", rows, ours=first)
    print(f"  memory beside what was there: {peak_mb() - memory:.0f} MB")
    packed = rows["packed, from raw bytes"]
    print(f"  the loop / packed: {rows[LOOP] / packed:.0f}")
    if has_numba():
        ratio = rows["product, from raw bytes"] / rows["compiled, from raw bytes"]
        print(f"  product / compiled: {ratio:.1f}")
    quickest = COUNTINGS["compiled" if has_numba() else "packed"]
    start = time.perf_counter()
    pairs = CountedPairs(words_of(x, y, History(), 2), quickest)
    once = pairs.measured()
    one = time.perf_counter() - start
    for surrogates in (Permuted(), GivenPast()):
        start = time.perf_counter()
        null_of(pairs, once, surrogates, 10, 0)
        ratio = (time.perf_counter() - start) / 10 / one
        print(f"  a surrogate / one pass: {ratio:.2f} (of 10, {surrogates.words})")
    start = time.perf_counter()
    pairwise_transfer_entropy(source=x, target=y)
    print(f"  pairwise_transfer_entropy with its evidence: {time.perf_counter() - start:.2f} s")


def peer(script: str, series: np.ndarray) -> list[float] | None:
    """Median seconds and value of a peer, in its own environment; None if it is not there."""
    if not PEER:
        print("  (no peer: set PEER_PYTHON to an environment that has it)")
        return None
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/series.npy", series)
        asked = [PEER, "-c", script, f"{folder}/series.npy"]
        found = subprocess.run(asked, capture_output=True, text=True, check=False)
    if found.returncode:
        print(f"  (no peer: {found.stderr.splitlines()[-1:]})")
        return None
    return json.loads(found.stdout.splitlines()[-1])


def one_pair() -> None:
    r = np.random.default_rng(0)
    x = r.integers(0, 2, 1_000_000)
    y = np.concatenate([[0], x[:-1]]) ^ (r.random(len(x)) < 0.1)
    methods = {
        "infoplane": lambda: transfer_entropy(source=x, target=y),
        "infoplane, check=False": lambda: transfer_entropy(source=x, target=y, check=False),
    }
    rows = medians(methods, 9)
    theirs = peer(PYINFORM, np.stack([x, y]))
    rows |= {"PyInform": theirs[0]} if theirs else {}
    table("one pair of two states, 10⁶ moments", rows, ours="infoplane")
    print(
        f"  bits: {transfer_entropy(source=x, target=y).value:.7f}, theirs {theirs and theirs[1]}"
    )


def neighbours() -> None:
    r = np.random.default_rng(0)
    noise = r.standard_normal((2, 2000))
    x = noise[0]
    y = np.concatenate([[0], x[:-1]]) + noise[1]
    methods = {
        "infoplane": lambda: transfer_entropy(source=x, target=y, estimator=KSG()),
        "infoplane, check=False": lambda: transfer_entropy(
            source=x, target=y, estimator=KSG(), check=False
        ),
    }
    rows = medians(methods, 9)
    theirs = peer(INFOMEASURE, np.stack([x, y]))
    rows |= {"infomeasure": theirs[0]} if theirs else {}
    table("nearest neighbours, 2000 moments, k = 4", rows, ours="infoplane")
    nats = transfer_entropy(source=x, target=y, estimator=KSG()).value * np.log(2)
    print(f"  nats: {nats:.4f} (truth 0.3466), theirs {theirs and theirs[1]}")


if __name__ == "__main__":
    all_pairs()
    one_pair()
    neighbours()
