"""What the local engine costs per job, and what a second process gains.

Usage: python benchmarks/sweep.py   (about half an hour on an otherwise idle machine with two cores)
Targets: under 50 ms per job beside the job itself; two processes at least 1.8 times as fast as
one, with everything that starting them takes. The floor is what the machine itself gains: two
bare processes that do nothing but compute.
"""

import multiprocessing as mp
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import timing  # noqa: F401 — pins threads before torch loads
import torch

from infoplane.engine.driver import jobs_of, swept
from infoplane.engine.grid import grid
from infoplane.engine.job import Terms
from infoplane.engine.local import Local
from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.experiments.settings import Probing, Training

TINY = Autoencoder(
    training=Training(steps=1),
    probing=Probing(
        snapshots=2,
        probe_batches=1,
        probe_size=2,
        permutations=0,
        null_snapshots=0,
        evaluation=2,
    ),
)
TINY_JOBS, JOBS, ROUNDS = 500, 12, 5
COMMAND = [
    *(sys.executable, "-m", "infoplane.cli", "sweep", "autoencoder", "--no-report"),
    *("--seeds", str(JOBS), "--steps", "800", "--snapshots", "12", "--permutations", "9"),
]
SQUARINGS = 4000


def overhead() -> None:
    """Five hundred tiny jobs: what they take beside themselves."""
    jobs = jobs_of(grid(TINY, seed=range(TINY_JOBS)))
    with tempfile.TemporaryDirectory() as root:
        start = time.perf_counter()
        ended = list(swept(jobs, Local(jobs=2), Terms(Path(root))))
        wall = time.perf_counter() - start
    assert {one.status for one in ended} == {"computed"}, "a job was not computed"
    own = sum(one.seconds for one in ended)
    print(f"\n{TINY_JOBS} tiny jobs on two processes")
    median = statistics.median(one.seconds for one in ended)
    print(f"  a job itself, median        {1000 * median:8.1f} ms")
    print(f"  besides it, start-up spread {1000 * (2 * wall - own) / TINY_JOBS:8.1f} ms per job")


def speedup() -> None:
    """The same sweep with one process and with two, rounds interleaved, start-up included."""
    seconds: dict[str, list[float]] = {"1": [], "2": []}
    bare: dict[str, list[float]] = {"1": [], "2": []}
    for _ in range(ROUNDS):
        for processes in seconds:
            with tempfile.TemporaryDirectory() as root:
                seconds[processes].append(_timed(processes, root))
            bare[processes].append(_bare(int(processes)))
    gains = [one / two for one, two in zip(seconds["1"], seconds["2"], strict=True)]
    floors = [one / two for one, two in zip(bare["1"], bare["2"], strict=True)]
    print(f"\n{JOBS} jobs of one thread each, start-up included, {ROUNDS} rounds")
    for processes, spent in seconds.items():
        print(f"  {processes} process(es)              {statistics.median(spent):8.1f} s")
    print(f"  gain, median               {statistics.median(gains):9.2f}   ({_listed(gains)})")
    print(f"  gain of bare processes     {statistics.median(floors):9.2f}   ({_listed(floors)})")


def _timed(processes: str, root: str) -> float:
    start = time.perf_counter()
    command = [*COMMAND, "--jobs", processes, "--runs-dir", root]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def _bare(processes: int) -> float:
    """Seconds that so many processes take for two shares of pure arithmetic."""
    context = mp.get_context("forkserver")
    start = time.perf_counter()
    with context.Pool(processes) as pool:
        pool.map(_squared, [SQUARINGS] * 2, chunksize=1)
    return time.perf_counter() - start


def _squared(times: int) -> None:
    torch.set_num_threads(1)
    matrix = torch.eye(256, dtype=torch.float64)
    for _ in range(times):
        matrix = matrix @ matrix


def _listed(values: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values)


if __name__ == "__main__":
    overhead()
    speedup()
