"""A sweep on a real two-node Ray cluster whose workers, nodes and drivers are killed in turn.

What counts is that nothing is lost, nothing is done twice, and every Trace is what a serial run
gives, to the last bit. Arguments: jobs (24), faults (6), updates of each job (600).
"""

import itertools
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "engine"))

from keep_node import members  # noqa: E402
from two_nodes import TwoNodes, figures, small, survive  # noqa: E402

from infoplane.engine.driver import jobs_of
from infoplane.runs import Run, run

KINDS = ("worker", "driver", "node")


def main(jobs=24, faults=6, steps=600):
    asked = list(itertools.islice(itertools.cycle(KINDS), faults))
    with tempfile.TemporaryDirectory() as scratch:
        root, start = Path(scratch) / "ray", time.perf_counter()
        with TwoNodes() as cluster:
            told, done = survive(cluster, root, jobs, steps, asked)
        seconds = time.perf_counter() - start
        orphans = sum(len(members(session)) for session in cluster.sessions)
        planned = jobs_of(small(jobs, steps))
        found = figures(planned, root, told, done)
        truths = (run(one.experiment, Path(scratch) / "serial", threads=1) for one in planned)
        same = sum(
            Run(root / job.place).trace.identical(truth.trace)
            for job, truth in zip(planned, truths, strict=True)
        )
    for name, figure in found.items():
        print(f"{name:28} {figure}")
    print(f"{'same as in turn, to the bit':28} {same} of {jobs}")
    print(f"{'processes left behind':28} {orphans}")
    print(f"{'seconds':28} {seconds:.0f}")
    if found["lost"] or found["duplicated"] or same != jobs or orphans:
        raise SystemExit("jobs were lost, duplicated or changed, or processes left behind")
    if done != asked:
        raise SystemExit(f"only {len(done)} of {faults} faults could be done; ask for more jobs")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
