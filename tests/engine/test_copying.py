"""What a job's run in a remote folder goes through: failures, drivers side by side, deaths."""

import multiprocessing
import os
import tempfile
import time
from collections import Counter
from dataclasses import replace
from uuid import uuid4

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from tiny import Tiny

import fresh
from infoplane.engine import claim as claims
from infoplane.engine import copying, driver
from infoplane.engine.attempt import attempt
from infoplane.engine.job import Engine, Job, Terms
from infoplane.engine.mirror import Mirror
from infoplane.engine.remote import Place
from infoplane.runs import Run, is_whole, run
from infoplane.store.lock import Taken
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row, Tick

JOBS = 3


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "SETTLED", 0.0)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def terms(tmp_path):
    return Terms(tmp_path / "unused", remote=f"memory://{uuid4().hex}/runs")


@pytest.fixture
def pauses(monkeypatch):
    """Those that would have been made."""
    made = []
    monkeypatch.setattr(copying.time, "sleep", lambda seconds: seconds and made.append(seconds))
    return made


def there(terms, job):
    files, root = fsspec.core.url_to_fs(f"{terms.remote}/{job.place}")
    return {path.removeprefix(root + "/") for path in files.find(root)}


def failing(monkeypatch, which):
    """Lets copies fail for which ``which(their number)`` is true; returns their count."""
    push, count = Mirror.push, []

    def unsure(self):
        count.append(1)
        if which(len(count)):
            raise InfoplaneError("The remote folder memory://x cannot be used: TimeoutError.")
        push(self)

    monkeypatch.setattr(Mirror, "push", unsure)
    return count


def test_a_copy_that_fails_on_the_way_is_a_note_and_is_made_later(terms, monkeypatch, pauses):
    monkeypatch.setattr(copying, "PUSHED_EVERY", 0.0)
    failing(monkeypatch, lambda number: number == 2)
    job = Job.of(Tiny())
    outcome = attempt(job, terms, lambda _: None)
    assert outcome.status == "computed" and pauses == []
    (note,) = outcome.notes
    assert "failed once on the way" in note and "TimeoutError" in note
    assert {"manifest.json", "journal.jsonl"} <= there(terms, job)
    assert claims.CLAIM not in there(terms, job)


def test_the_last_copy_is_tried_again_with_growing_pauses(terms, monkeypatch, pauses, tmp_path):
    failing(monkeypatch, lambda number: number <= 3)
    job = Job.of(Tiny())
    outcome = attempt(job, terms, lambda _: None)
    assert outcome.status == "computed" and "failed 3 times" in outcome.notes[0]
    assert pauses == list(copying.PAUSES[:3]) == sorted(pauses)
    assert terms.mirror(job, tmp_path / "mine").fetch()


def test_a_finished_run_that_cannot_be_copied_is_kept(terms, monkeypatch, pauses, temporary):
    tries = failing(monkeypatch, lambda _: True)
    job = Job.of(Tiny())
    outcome = attempt(job, terms, lambda _: None)
    assert outcome.status == "failed" and "TimeoutError" in outcome.error
    assert len(tries) == len(copying.PAUSES) + 1 and tuple(pauses) == copying.PAUSES
    (folder,) = temporary.iterdir()  # the scratch folder is gone
    assert str(folder / job.place) in outcome.error and str(job.place) in outcome.error
    assert is_whole(folder / job.place)
    monkeypatch.undo()
    Mirror(f"{terms.remote}/{job.place}", folder / job.place).push()  # as the error says
    assert attempt(job, terms, lambda _: None).status == "found"


class Flaky(MemoryFileSystem):
    """Refuses to write a run's files, as often as it is told to."""

    protocol = "flaky"
    refusals = 0
    store = {}
    pseudo_dirs = [""]

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).replace("flaky://", "memory://"))

    def pipe(self, path, value=None, **options):
        if Flaky.refusals and any("journal" in name for name in path):
            Flaky.refusals -= 1
            raise OSError(5, "Input/output error")
        super().pipe(path, value, **options)


@pytest.mark.parametrize("refusals", [1, 1000])
def test_a_file_system_that_fails_costs_no_finished_job(refusals, tmp_path, temporary, pauses):
    fsspec.register_implementation("flaky", Flaky, clobber=True)
    terms = Terms(tmp_path / "unused", remote=f"flaky://{uuid4().hex}/runs")
    job, Flaky.refusals = Job.of(Tiny()), refusals
    outcome = attempt(job, terms, lambda _: None)
    Flaky.refusals = 0
    truth = run(Tiny(), tmp_path / "truth").trace
    if refusals == 1:
        assert outcome.status == "computed" and "Input/output error" in outcome.notes[0]
        assert terms.mirror(job, tmp_path / "mine").fetch()
        assert Run(tmp_path / "mine" / job.place).trace.identical(truth)
    else:
        assert outcome.status == "failed" and "Input/output error" in outcome.error
        (folder,) = temporary.iterdir()
        assert Run(folder / job.place).trace.identical(truth)


def test_a_run_is_copied_between_two_rows_when_it_is_time(terms, monkeypatch):
    """Rows lie far apart at the end of training, and a checkpoint follows its row."""
    now = [0.0]
    monkeypatch.setattr(copying.time, "monotonic", lambda: now[0])
    pushes = failing(monkeypatch, lambda _: False)
    job = Job.of(Tiny())
    copy = copying.Copying(job, terms.mirror(job, terms.root), terms.claim(job))
    made = []
    for time_of, event in [
        (1.0, Row(0, 0.0, {})),
        (29.0, Tick(1, 9)),
        (31.0, Tick(2, 9)),  # between two rows
        (32.0, Row(1, 3.0, {})),
        (61.0, Tick(4, 9)),
    ]:
        now[0] = time_of
        copy.watch(event)
        made.append(len(pushes))
    assert made == [0, 0, 1, 1, 2]


def test_a_claim_is_refreshed_however_long_an_update_takes(terms, monkeypatch):
    monkeypatch.setattr(copying, "REFRESHED_EVERY", 0.01)
    refreshed, refresh = [], claims.Claim.refresh

    def counted(self):
        refreshed.append(1)
        refresh(self)

    monkeypatch.setattr(claims.Claim, "refresh", counted)
    job = Job.of(Tiny())
    with copying.copying(job, terms, terms.root):
        while len(refreshed) < 3:
            time.sleep(0.01)
        assert there(terms, job) == {claims.CLAIM}
    assert there(terms, job) == set()


@pytest.mark.parametrize("seen", ["by the next copy", "between two copies"])
def test_who_has_lost_a_job_leaves_it_to_the_other(terms, monkeypatch, seen):
    job, other = Job.of(Tiny()), replace(terms, owner="other")
    if seen == "by the next copy":
        monkeypatch.setattr(copying, "PUSHED_EVERY", 0.0)
    else:
        monkeypatch.setattr(copying, "REFRESHED_EVERY", 0.01)
    taken = []

    def lose(progress):
        if not taken:
            other.claim(job)._write(Place(f"{terms.remote}/{job.place}"))
            taken.append(1)
            time.sleep(0.2)

    assert attempt(job, terms, lose).status == "busy"
    assert not terms.mirror(job, terms.root).fetch()  # nothing of ours went there as whole
    with pytest.raises(Taken):
        terms.claim(job).take()


def test_a_job_of_another_driver_is_busy_and_a_failed_one_is_given_back(terms):
    job = Job.of(Tiny())
    other = replace(terms, owner="other")
    theirs = other.claim(job)
    theirs.take()
    assert attempt(job, terms, lambda _: None).status == "busy"
    theirs.release()
    assert attempt(job, terms, lambda _: None).status == "computed"
    fails = Job.of(Tiny(fate="raises"))
    assert attempt(fails, terms, lambda _: None).status == "failed"
    assert claims.CLAIM not in there(terms, fails)


class Here(Engine):
    def outcomes(self, jobs, terms, tell):
        for job in jobs:
            yield attempt(job, terms, tell)


def drive(folder, name, pipe, seconds=0.4):
    """A driver that computes its jobs itself, once it is told to begin."""
    driver.PATIENCE = 0.1
    marks, remote = folder / "marks", f"file://{folder}/remote"
    sizes = range(1, JOBS + 1)
    planned = driver.jobs_of([Tiny(size=size, seconds=seconds, marks=marks) for size in sizes])
    pipe.send("ready")
    pipe.recv()
    ended = driver.swept(planned, Here(), Terms(folder / name, remote=remote))
    pipe.send([(one.address, one.status, one.error) for one in ended])


def test_two_drivers_compute_every_job_once_and_both_have_all_runs(tmp_path):
    (tmp_path / "marks").mkdir()
    pipes, drivers = [], []
    for name in "ab":
        ours, theirs = multiprocessing.Pipe()
        drivers.append(fresh.process(drive, tmp_path, name, theirs))
        drivers[-1].start()
        theirs.close()  # so that the death of a driver is heard
        pipes.append(ours)
    assert [pipe.recv() for pipe in pipes] == ["ready", "ready"]
    for pipe in pipes:
        pipe.send("begin")
    told = [pipe.recv() for pipe in pipes]
    for one in drivers:
        one.join()
    assert [one.exitcode for one in drivers] == [0, 0]
    statuses = Counter(status for ended in told for _, status, _ in ended)
    assert statuses == {"computed": JOBS, "found": JOBS}, told
    assert len(list((tmp_path / "marks").iterdir())) == JOBS  # each was begun once
    for size in range(1, JOBS + 1):
        job = Job.of(Tiny(size=size))
        truth = run(Tiny(size=size), tmp_path / "truth").trace
        for name in "ab":
            assert Run(tmp_path / name / job.place).trace.identical(truth)
    assert not list((tmp_path / "remote").rglob(claims.CLAIM))


def test_the_job_of_a_driver_that_was_killed_is_taken_over_when_its_claim_is_stale(tmp_path):
    job, terms = Job.of(Tiny()), Terms(tmp_path / "unused", remote=f"file://{tmp_path}/remote")
    replace(terms, owner="killed").claim(job).take()
    claim = tmp_path / "remote" / job.place / claims.CLAIM
    assert attempt(job, terms, lambda _: None).status == "busy"
    os.utime(claim, (time.time() - claims.CLAIM_LASTS - 1,) * 2)
    assert attempt(job, terms, lambda _: None).status == "computed"
    assert not claim.exists()
