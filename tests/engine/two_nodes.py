"""A real Ray cluster of two nodes on one machine, a driver beside it, and what kills either."""

import json
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
from keep_node import members

from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.experiments.settings import Probing, Training
from infoplane.runs import Run

HERE = Path(__file__).parent
ELSEWHERE = "--node-ip-address=127.0.0.2"
"""Of the second node, so that no driver takes it for its own: who dies with it is its workers."""
NEEDLESS = ("--include-dashboard=false", "--no-monitor")
"""Processes of a head that take seconds to start, and that no sweep needs."""
STORE = 80_000_000
"""Bytes of each node's object store: almost the least that Ray takes."""


def small(jobs, steps):
    """So many experiments of a few seconds each."""
    probing = Probing(
        snapshots=8,
        probe_batches=2,
        probe_size=20,
        null_snapshots=2,
        permutations=2,
        evaluation=50,
    )
    one = Autoencoder(training=Training(steps=steps), probing=probing)
    return [replace(one, seed=seed) for seed in range(jobs)]


class TwoNodes:
    """A head and a second node, each with one CPU and in a session of its own.

    They end with the block, and with this process.
    """

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ip-", dir="/tmp"))  # sockets' paths are short
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_TMPDIR": str(self.folder),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "PYTHONPATH": str(HERE),
        }
        self.sessions, self.watchdogs = [], []
        try:
            head = self._begun("--head", "--port=0", *NEEDLESS)
            self._await(head)
            self.address = (self.folder / "ray" / "ray_current_cluster").read_text().strip()
            self.second = self._begun(f"--address={self.address}", ELSEWHERE)
            self._await(self.second)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for watchdog in self.watchdogs:
            watchdog.stdin.close()
        for watchdog in self.watchdogs:
            watchdog.wait()

    def replace_second(self):
        """Kills the second node's Ray, whose worker must notice on its own; begins another node."""
        (raylet,) = [one for one in members(self.second) if one.name() == "raylet"]
        raylet.kill()
        self.second = self._begun(f"--address={self.address}", ELSEWHERE)

    def worker(self, address):
        """The process that computes a job; None if there is none just now."""
        processes = [one for session in self.sessions for one in members(session)]
        return next((one for one in processes if title(one).endswith(address)), None)

    def second_is_busy(self):
        """Whether a job runs on the second node."""
        return any(title(one).startswith("ray::autoencoder") for one in members(self.second))

    def _begun(self, *options):
        log = self.folder / f"{len(self.sessions)}.log"
        command = [Path(sys.executable).with_name("ray"), "start", "--block", "--num-cpus=1"]
        command += [f"--object-store-memory={STORE}", "--include-log-monitor=false", *options]
        with log.open("wb") as told:
            watchdog = subprocess.Popen(
                [sys.executable, HERE / "keep_node.py", self.folder, *command],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=told,
                start_new_session=True,
            )
        self.watchdogs.append(watchdog)
        with watchdog.stdout:
            self.sessions.append(int(watchdog.stdout.readline()))
        return self.sessions[-1]

    def _await(self, session):
        """Waits until a node is up."""
        log = self.folder / f"{self.sessions.index(session)}.log"
        deadline = time.monotonic() + 60
        while "block forever" not in log.read_text():
            if time.monotonic() > deadline or not members(session):
                raise RuntimeError(f"ray start failed:\n{log.read_text()}")
            time.sleep(0.1)


class Driver:
    """A sweep in a process of its own, whose words can be waited for."""

    def __init__(self, cluster, root, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "drive_ray.py", cluster.address, root, *map(str, arguments)],
            env=cluster.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.words = queue.Queue()
        self.errors = []
        for target in (self._listen, self._note):
            threading.Thread(target=target, daemon=True).start()

    def events(self, seconds=180.0):
        """What it says, as JSON, until it ends."""
        deadline = time.monotonic() + seconds
        while True:
            line = self.words.get(timeout=max(0.1, deadline - time.monotonic()))
            if line is None:
                self.process.wait()
                return
            if line.startswith("{"):  # Ray says on the same stream that a node is gone
                yield json.loads(line)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _listen(self):
        for line in self.process.stdout:
            self.words.put(line)
        self.words.put(None)
        self.process.stdout.close()

    def _note(self):
        self.errors.extend(self.process.stderr)
        self.process.stderr.close()


def title(process):
    """What a process calls itself: Ray's workers do it by their task."""
    try:
        return (process.cmdline() or [""])[0]
    except psutil.Error:
        return ""


def runs_below(root):
    """The folders of all runs."""
    return sorted(path.parent for path in root.glob("*/*/manifest.json"))


def figures(planned, root, told, faults):
    """What became of a sweep, in numbers.

    Args:
        planned: Its jobs.
        root: Folder of all runs.
        told: Every outcome that drivers told, by address.
        faults: What was killed.
    """
    expected = {job.address for job in planned}
    found = {folder.name: Run(folder) for folder in runs_below(root)}
    complete = {address for address, one in found.items() if one.manifest.status == "complete"}
    ends = [[one["status"] for one in ends].count("computed") for ends in told.values()]
    journals = [(one.folder / "journal.jsonl").read_bytes() for one in found.values()]
    return {
        "jobs": len(expected),
        "faults": ", ".join(f"{faults.count(kind)} {kind}" for kind in sorted(set(faults))),
        "lost": len(expected - complete),
        "duplicated": sum(times > 1 for times in ends),
        "strange": len(found.keys() - expected),
        "sessions gone on with": sum(one.manifest.sessions - 1 for one in found.values()),
        "rows measured": sum(journal.count(b"\n") for journal in journals),
        "rows in traces": sum(found[address].trace.sizes["snapshot"] for address in complete),
    }


def survive(cluster, root, jobs, steps, faults):
    """Drives a sweep to its end through faults, each in the middle of a job.

    Args:
        cluster: Two nodes.
        root: Folder of all runs.
        jobs: How many.
        steps: Updates of each.
        faults: A sequence of "worker", "node" and "driver": what is killed, in this order; a job
            has ended since the fault before when a driver is, so that the next one finds it.

    Returns:
        Every outcome by address as the drivers told it, a list for each, and the faults that
        were done.
    """
    told, done, left = {}, [], list(faults)
    ended = before = 0
    driver = Driver(cluster, root, jobs, steps)
    while True:
        for event in driver.events():
            if "status" in event:
                told.setdefault(event["address"], []).append(event)
                ended += event["status"] == "computed"
            elif left and 0 < event["step"] < event["total"]:
                if left[0] == "driver" and ended == before:
                    continue
                if strike(left[0], cluster, driver, event["address"]):
                    done.append(left.pop(0))
                    before = ended
                    if done[-1] == "driver":
                        break
        else:
            break
        driver = Driver(cluster, root, jobs, steps)
    assert driver.process.returncode == 0, "".join(driver.errors)
    return told, done


def strike(fault, cluster, driver, address):
    """Does a fault while the job of an address runs; False if it cannot be done just now."""
    process = cluster.worker(address)
    if process is None or (fault == "node" and not cluster.second_is_busy()):
        return False
    {"worker": process.kill, "node": cluster.replace_second, "driver": driver.kill}[fault]()
    return True
