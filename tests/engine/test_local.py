import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tiny import Tiny

from infoplane.engine import local
from infoplane.engine.attempt import attempt
from infoplane.engine.driver import jobs_of
from infoplane.engine.grid import grid
from infoplane.engine.job import Terms
from infoplane.engine.local import Local
from infoplane.runs import Run
from infoplane.values.errors import InfoplaneError


def outcomes(experiments, root, engine=None, tell=lambda _: None):
    """What became of every experiment, by its size."""
    jobs = jobs_of(experiments)
    sizes = {job.address: job.experiment.size for job in jobs}
    engine = engine or Local(jobs=2)
    return {sizes[one.address]: one for one in engine.outcomes(jobs, Terms(root), tell)}


def test_every_job_is_computed_once_and_told_of(tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    told = []
    ended = outcomes(grid(Tiny(marks=marks), size=range(9)), tmp_path / "runs", tell=told.append)
    assert {size: one.status for size, one in ended.items()} == dict.fromkeys(range(9), "computed")
    assert len(list(marks.iterdir())) == 9
    assert {one.address for one in told} == {one.address for one in ended.values()}
    assert all(one.where and one.memory > 1 << 20 and one.seconds > 0 for one in ended.values())


def test_a_job_that_fails_is_an_outcome_and_the_others_go_on(tmp_path):
    experiments = grid(Tiny(), size=[1, 2], fate=["fine", "raises"])
    jobs = jobs_of(experiments)
    ended = {one.address: one for one in Local(jobs=2).outcomes(jobs, Terms(tmp_path), print)}
    for job in jobs:
        one = ended[job.address]
        if job.experiment.fate == "fine":
            assert one.status == "computed"
        else:
            assert (one.status, one.error) == ("failed", "ZeroDivisionError: of all things")
            assert "half of size" in one.log and "Traceback" in one.log


def test_a_job_whose_process_dies_is_begun_again(tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    experiments = [*grid(Tiny(marks=marks), size=[1, 2], fate=["is killed once"]), Tiny(size=3)]
    ended = outcomes(experiments, tmp_path / "runs")
    assert {one.status for one in ended.values()} == {"computed"}
    assert len(list(marks.glob("1-*"))) == len(list(marks.glob("2-*"))) == 2


def test_a_job_whose_process_always_dies_fails_in_the_end_and_says_how(tmp_path):
    experiments = [Tiny(size=1, fate="is always killed"), Tiny(size=2), Tiny(size=3)]
    ended = outcomes(experiments, tmp_path, Local(jobs=2, retries=1))
    assert ended[1].status == "failed"
    assert "SIGKILL" in ended[1].error
    assert "half of size 1" in ended[1].log
    assert ended[2].status == ended[3].status == "computed"


def test_engines_change_no_number(tmp_path):
    """One process or several, or the caller's own: the Traces are identical."""
    experiments = grid(Tiny(), size=range(4))
    for name, engine in (("one", Local(jobs=1)), ("two", Local(jobs=2))):
        outcomes(experiments, tmp_path / name, engine)
    for job in jobs_of(experiments):
        assert attempt(job, Terms(tmp_path / "here"), print).status == "computed"
        traces = [Run(tmp_path / where / job.place).trace for where in ("one", "two", "here")]
        assert traces[0].identical(traces[1]) and traces[0].identical(traces[2])


def test_a_job_waits_for_memory_unless_it_is_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "available", lambda: 10)
    running, most = set(), 0

    def tell(progress):
        nonlocal most
        running.add(progress.address)
        most = max(most, len(running))

    jobs = jobs_of(grid(Tiny(seconds=0.2), size=range(4)))
    for one in Local(jobs=2, memory=20).outcomes(jobs, Terms(tmp_path), tell):
        assert one.status == "computed"
        running.discard(one.address)
    assert most == 1


def test_what_one_job_needs_is_learnt_from_those_that_were_computed(tmp_path, monkeypatch):
    """One that fails at once needed little, and says nothing of the others."""
    asked = []
    real = local._may_begin
    monkeypatch.setattr(local, "_may_begin", lambda *a: asked.append(a[2]) or real(*a))
    list(Local(jobs=1).outcomes(jobs_of([Tiny(fate="raises"), Tiny()]), Terms(tmp_path), print))
    assert set(asked) == {local.FIRST_GUESS}
    asked.clear()
    list(Local(jobs=1).outcomes(jobs_of(grid(Tiny(), size=[2, 3])), Terms(tmp_path), print))
    assert asked[0] == local.FIRST_GUESS and 1 << 20 < asked[-1] < local.FIRST_GUESS


def test_a_job_whose_process_died_runs_alone_when_it_is_begun_again(tmp_path):
    begun = []
    marks = tmp_path / "marks"
    marks.mkdir()
    experiments = [Tiny(size=1, fate="is killed once", marks=marks, seconds=0.2)]
    experiments += grid(Tiny(seconds=0.4), size=[2, 3, 4])
    jobs = jobs_of(experiments)
    running = set()
    for one in Local(jobs=2).outcomes(
        jobs,
        Terms(tmp_path / "runs"),
        lambda p: (running.add(p.address), begun.append(set(running))),
    ):
        assert one.status == "computed"
        running.discard(one.address)
        if one.address == jobs[0].address:
            last = max(i for i, now in enumerate(begun) if jobs[0].address in now)
            assert begun[last] == {jobs[0].address}


def test_a_script_needs_no_guard_and_is_not_run_again(tmp_path):
    script = tmp_path / "sweep.py"
    script.write_text(
        f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
print("once")
from pathlib import Path
from tiny import Tiny
from infoplane.engine.driver import jobs_of
from infoplane.engine.grid import grid
from infoplane.engine.job import Terms
from infoplane.engine.local import Local
terms = Terms(Path({str(tmp_path)!r}))
for one in Local(jobs=2).outcomes(jobs_of(grid(Tiny(), size=[1, 2])), terms, lambda _: None):
    print(one.status)
"""
    )
    told = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["once", "computed", "computed"] and not told.stderr


def test_an_experiment_that_other_processes_cannot_import_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Tiny, "__module__", "__main__")
    with pytest.raises(InfoplaneError, match="Tiny is defined in the script"):
        next(Local().outcomes(jobs_of([Tiny()]), Terms(tmp_path), print))


def test_closing_it_stops_what_runs_and_leaves_no_process(tmp_path):
    before = set(psutil.Process().children(recursive=True))
    jobs = jobs_of([Tiny(size=1), *grid(Tiny(seconds=60), size=[2, 3])])
    ended = Local(jobs=2).outcomes(jobs, Terms(tmp_path), lambda _: None)
    assert next(ended).status == "computed"
    ended.close()
    left = set(psutil.Process().children(recursive=True)) - before
    assert not [one for one in left if _lives(one) and not _helps(one)]


def _helps(process):
    """Whether it is one of the two that Python keeps for all processes it begins."""
    names = ("from multiprocessing.forkserver", "from multiprocessing.resource_tracker")
    helps = any(name in " ".join(process.cmdline()) for name in names)
    return helps and process.parent() == psutil.Process()


DRIVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tiny import Tiny
from infoplane.engine.attempt import attempt
from infoplane.engine.driver import jobs_of
from infoplane.engine.grid import grid
from infoplane.engine.job import Terms
from infoplane.engine.local import Local
if __name__ == "__main__":
    jobs = jobs_of(grid(Tiny(seconds=60), size=[1, 2]))
    for _ in Local(jobs=2).outcomes(jobs, Terms(Path(sys.argv[1])), lambda p: print(p, flush=True)):
        pass
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_driver_leaves_no_process_behind(tmp_path):
    script = tmp_path / "driver.py"
    script.write_text(DRIVER)
    command = [sys.executable, str(script), str(tmp_path / "runs"), str(Path(__file__).parent)]
    driver = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert "Progress" in driver.stdout.readline()
    family = psutil.Process(driver.pid).children(recursive=True)
    assert len(family) >= 3
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    driver.stdout.close()
    deadline = time.monotonic() + 20
    while any(_lives(one) for one in family) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [one for one in family if _lives(one)]


def _lives(process):
    """Whether it does anything; a zombie waits for a parent that may never ask."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"jobs": 0}, "jobs=0"), ({"memory": 0}, "memory=0"), ({"retries": -1}, "retries=-1")],
)
def test_an_engine_that_makes_no_sense_is_refused(settings, words):
    with pytest.raises(InfoplaneError, match=words):
        Local(**settings)
