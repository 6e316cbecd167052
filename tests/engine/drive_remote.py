"""A driver with a remote folder, which computes its jobs itself: a line for every outcome.

Arguments: the folder of all runs, the remote folder's URL, the folder for marks, how many jobs,
and the seconds of each.
"""

import sys
from pathlib import Path

from tiny import Tiny

from infoplane.engine import driver
from infoplane.engine.attempt import attempt
from infoplane.engine.job import Engine, Terms


class Here(Engine):
    def outcomes(self, jobs, terms, tell):
        for job in jobs:
            yield attempt(job, terms, tell)


if __name__ == "__main__":
    root, remote, marks, jobs, seconds = sys.argv[1:]
    driver.PATIENCE = 0.1
    experiments = [
        Tiny(size=size, seconds=float(seconds), marks=Path(marks))
        for size in range(1, int(jobs) + 1)
    ]
    sys.stdin.readline()  # both drivers begin at the same moment
    planned = driver.jobs_of(experiments)
    for outcome in driver.swept(planned, Here(), Terms(Path(root), remote=remote)):
        print(outcome.address, outcome.status, outcome.error, flush=True)
