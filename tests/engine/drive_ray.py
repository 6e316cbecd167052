"""A driver in a process of its own: every word about its jobs is a line of JSON.

Arguments: the cluster's address, the folder of all runs, how many jobs, and their updates.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from two_nodes import small

from infoplane.engine.cluster import RayCluster
from infoplane.engine.driver import jobs_of, swept
from infoplane.engine.job import Terms


def say(what):
    sys.stdout.write(json.dumps(asdict(what)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    address, root, jobs, steps = sys.argv[1:]
    experiments = small(int(jobs), int(steps))
    for outcome in swept(jobs_of(experiments), RayCluster(address), Terms(Path(root)), tell=say):
        say(outcome)
