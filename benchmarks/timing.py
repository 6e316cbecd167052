"""One thread, medians, a small table of ratios: shared by the scripts beside this file."""

# ruff: noqa: E402 — thread counts are read when the libraries load

import os

for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[library] = "1"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import statistics
import time
from collections.abc import Callable, Mapping

import threadpoolctl
import torch

from infoplane.engine.memory import peak

torch.set_num_threads(1)
threadpoolctl.threadpool_limits(1)  # NumPy's BLAS too, where a script had loaded it before


def medians(methods: Mapping[str, Callable[[], object]], rounds: int = 7) -> dict[str, float]:
    """Median seconds of each method; rounds are interleaved, so a busy moment hits them all."""
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for _ in range(rounds + 1):
        for name, method in methods.items():
            start = time.perf_counter()
            method()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(spent[1:]) for name, spent in seconds.items()}


def table(title: str, rows: Mapping[str, float], ours: str) -> None:
    """Milliseconds, and each method's time in units of ours."""
    print(f"\n{title}")
    for name, seconds in rows.items():
        print(f"  {name:<44}{1000 * seconds:9.1f} ms{seconds / rows[ours]:9.2f}")


def peak_mb() -> float:
    """Largest resident memory of this process so far, in MB."""
    return peak() / 1e6
