"""The Ray engine on a real cluster of two nodes, whose workers, nodes and drivers are killed."""

import logging
import os
import sys
from dataclasses import replace

import pytest
import ray
from keep_node import members
from ray._raylet import AuthenticationTokenLoader, Config
from tiny import Tiny
from two_nodes import TwoNodes, figures, runs_below, small, survive

from infoplane.engine import cluster as clusters
from infoplane.engine import connection
from infoplane.engine.cluster import RayCluster
from infoplane.engine.driver import jobs_of, swept
from infoplane.engine.job import Outcome, Terms
from infoplane.engine.local import Local
from infoplane.runs import Run, run
from infoplane.values.errors import InfoplaneError, InfoplaneWarning

pytestmark = pytest.mark.ray
JOBS, STEPS = 4, 200
FAULTS = ("worker", "driver", "node")


@pytest.fixture(scope="module")
def cluster():
    with TwoNodes() as nodes:
        yield nodes
    assert not [one for session in nodes.sessions for one in members(session)]


@pytest.fixture(scope="module")
def survived(cluster, tmp_path_factory):
    """A sweep through all faults: its runs, what drivers told, and the faults."""
    root = tmp_path_factory.mktemp("ray")
    return root, *survive(cluster, root, JOBS, STEPS, FAULTS)


def test_every_job_is_done_exactly_once_whatever_is_killed(survived):
    root, told, faults = survived
    assert tuple(faults) == FAULTS
    planned = jobs_of(small(JOBS, STEPS))
    found = figures(planned, root, told, faults)
    sys.stdout.write("\n" + ", ".join(f"{name} {figure}" for name, figure in found.items()) + "\n")
    assert not found["lost"] and not found["duplicated"] and not found["strange"]
    assert found["rows measured"] == found["rows in traces"]  # none was measured twice
    assert 1 <= found["sessions gone on with"] <= 2 * len(faults)
    assert {end["status"] for ends in told.values() for end in ends} <= {"computed", "found"}
    assert told.keys() == {job.address for job in planned}


def test_the_same_sweep_is_the_same_to_the_last_bit_on_ray_locally_and_in_turn(survived, tmp_path):
    root, *_ = survived
    jobs = jobs_of(small(JOBS, STEPS))
    for experiment in small(JOBS, STEPS):
        run(experiment, tmp_path / "serial", threads=1)
    ended = list(swept(jobs[:2], Local(jobs=2), Terms(tmp_path / "local")))
    assert [one.status for one in ended] == ["computed"] * 2
    for place, job in enumerate(jobs):
        truth = Run(tmp_path / "serial" / job.place).trace
        assert Run(root / job.place).trace.identical(truth)
        assert place >= 2 or Run(tmp_path / "local" / job.place).trace.identical(truth)


@pytest.fixture(scope="module")
def connected(cluster):
    """This process as a driver, by a connection of the user's own; Ray's environment is undone."""
    with pytest.MonkeyPatch.context() as patched:
        for name in [name for name in os.environ if name.startswith("RAY_")]:
            patched.delenv(name)
        for name, value in cluster.environment.items():
            if name.startswith("RAY_"):
                patched.setenv(name, value)
        read_environment_again()
        ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
        yield
        assert ray.is_initialized()  # it is not ours to end
        ray.shutdown()
    read_environment_again()


def read_environment_again():
    """Ray reads how to authenticate once, when it is imported."""
    Config.initialize("")
    AuthenticationTokenLoader.instance().reset_cache()


def statuses(engine, experiments, root, **terms):
    jobs = jobs_of(experiments)
    sizes = {job.address: job.experiment.size for job in jobs}
    return {sizes[one.address]: one for one in swept(jobs, engine, Terms(root, **terms))}


def test_a_job_that_fails_is_a_failure_with_its_words_and_the_others_end(connected, tmp_path):
    (tmp_path / "marks").mkdir()
    fates = ["fine", "raises", "is always killed"]
    experiments = [
        Tiny(size=size, fate=fate, marks=tmp_path / "marks")
        for size, fate in enumerate(fates, start=1)
    ]
    ended = statuses(RayCluster(retries=0), experiments, tmp_path / "runs")
    assert {size: one.status for size, one in ended.items()} == {
        1: "computed",
        2: "failed",
        3: "failed",
    }
    assert ended[2].error == "ZeroDivisionError: of all things"
    assert "half of size 2" in ended[2].log and "Traceback" in ended[2].log
    assert "its process died" in ended[3].error and "\x1b" not in ended[3].log
    starts = [len(list((tmp_path / "marks").glob(f"{size}-*"))) for size in (1, 2, 3)]
    assert starts == [1, 1, 1]


def test_jobs_tell_of_their_progress_and_are_placed_where_there_is_room(connected, tmp_path):
    told = []
    engine = RayCluster(jobs=1, memory=1_000_000)
    jobs = jobs_of([Tiny(seconds=4.0)])
    (outcome,) = swept(jobs, engine, Terms(tmp_path), tell=told.append)
    assert outcome.status == "computed"
    assert {one.address for one in told} == {jobs[0].address}
    assert all(0 < one.step <= one.total for one in told)


def test_a_job_that_no_node_can_hold_is_said_and_given_up(connected, tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "PULSE", 0.1)
    engine = RayCluster(gpus=1.0, memory=2_000_000_000, patience=0.5)
    with pytest.warns(InfoplaneWarning, match="1 GPU"):
        ended = statuses(engine, [Tiny()], tmp_path)
    assert ended[1].status == "failed"
    assert "needs 1 CPU, 1 GPU, 2 GB of memory" in ended[1].error
    assert "1 CPU, 0 GPU" in ended[1].error


def test_closing_the_iterator_ends_what_runs_and_it_can_go_on(connected, tmp_path, monkeypatch):
    monkeypatch.setattr(clusters, "GRACE", 1.0)
    experiments = [Tiny(size=size, seconds=0.1 if size == 1 else 600.0) for size in (1, 2)]
    outcomes = swept(jobs_of(experiments), RayCluster(), Terms(tmp_path))
    assert next(outcomes).status == "computed"
    outcomes.close()
    ended = statuses(RayCluster(), [replace(experiments[1], seconds=0.0)], tmp_path)
    assert ended[2].status == "computed"  # its folder was free at once


def test_runs_travel_through_a_remote_folder(connected, tmp_path):
    remote = f"file://{tmp_path}/remote"
    ended = statuses(RayCluster(), [Tiny()], tmp_path / "here", remote=remote)
    assert ended[1].status == "computed"
    (folder,) = runs_below(tmp_path / "here")
    assert Run(folder).trace.identical(run(Tiny(), tmp_path / "truth").trace)


def test_another_cluster_than_the_one_that_is_connected_is_refused(connected, cluster, tmp_path):
    for address in ("192.0.2.1:6379", "local"):
        with pytest.raises(InfoplaneError, match=f"{cluster.address} already"):
            statuses(RayCluster(address), [Tiny()], tmp_path)


def test_a_folder_that_is_not_the_same_everywhere_is_said(tmp_path):
    outcome = Outcome("0123456789ab", "computed", where="elsewhere, process 1")
    seen = clusters._seen_here(outcome, tmp_path / "runs" / "a")
    assert seen.status == "failed" and "elsewhere" in seen.error and "--remote" in seen.error
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "manifest.json").write_text("{}")
    assert clusters._seen_here(outcome, tmp_path / "runs" / "a") == outcome


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"jobs": 0}, "jobs=0"),
        ({"gpus": -1.0}, "gpus=-1"),
        ({"gpus": 1.5}, "whole number"),
        ({"memory": 0}, "memory=0"),
        ({"retries": -1}, "retries=-1"),
        ({"patience": -1.0}, "patience=-1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, words):
    with pytest.raises(InfoplaneError, match=words):
        RayCluster(**wrong)
