import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from tiny import Tiny

import fresh
from infoplane.engine import driver
from infoplane.engine.driver import jobs_of, swept
from infoplane.engine.folder import SweepFolder
from infoplane.engine.grid import grid
from infoplane.engine.job import Job, Outcome, Terms
from infoplane.engine.local import Local
from infoplane.experiments.catalogue import EXPERIMENTS
from infoplane.runs import Run, is_whole, run
from infoplane.store.files import write_json
from infoplane.values.errors import InfoplaneError


def done(experiments, root, **options):
    """Outcomes by size."""
    jobs = jobs_of(experiments)
    sizes = {job.address: job.experiment.size for job in jobs}
    ended = swept(jobs, Local(jobs=2), Terms(root), **options)
    return {sizes[one.address]: one for one in ended}


def statuses(ended):
    return {size: one.status for size, one in sorted(ended.items())}


def test_a_finished_job_is_never_repeated_and_a_new_one_is_added(tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    first = done(grid(Tiny(marks=marks), size=[1, 2]), tmp_path)
    again = done(grid(Tiny(marks=marks), size=[1, 2, 3]), tmp_path)
    assert statuses(first) == {1: "computed", 2: "computed"}
    assert statuses(again) == {1: "found", 2: "found", 3: "computed"}
    assert len(list(marks.iterdir())) == 3


def test_a_failure_is_kept_with_its_log_until_the_job_is_computed(tmp_path):
    jobs = jobs_of([Tiny(fate="raises"), Tiny()])
    bad, good = jobs
    list(swept(jobs, Local(jobs=1), Terms(tmp_path)))
    folder = SweepFolder.begun(jobs, tmp_path)
    (failure,) = folder.failures()
    assert failure.address == bad.address and failure.error == "ZeroDivisionError: of all things"
    assert "Traceback" in folder.log(bad.address).read_text()
    assert [run.folder.name for run in folder.complete()] == [good.address]
    assert Run(tmp_path / good.place).manifest.threads == 1
    folder.note(Outcome(bad.address, "computed"))
    assert not folder.failures() and not folder.log(bad.address).exists()


def test_a_failure_is_forgotten_once_anybody_has_computed_the_job(tmp_path):
    (job,) = jobs_of([Tiny()])
    folder = SweepFolder.begun([job], tmp_path)
    folder.note(Outcome(job.address, "failed", error="of all things"))
    assert [one.error for one in folder.failures()] == ["of all things"]
    run(Tiny(), tmp_path)
    assert not folder.failures()


def test_a_job_that_another_process_computes_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "PATIENCE", 0.1)
    (job,) = jobs_of([Tiny()])
    (tmp_path / job.place).mkdir(parents=True)
    lock = FileLock(tmp_path / job.place / ".lock")
    lock.acquire()
    waited = []

    def waiting(count):
        waited.append(count)
        lock.release()

    assert statuses(done([Tiny()], tmp_path, waiting=waiting)) == {1: "computed"}
    assert waited == [1]


def drive(root, told):
    jobs = jobs_of(grid(Tiny(marks=root / "marks", seconds=0.3), size=range(6)))
    told.send([one.status for one in swept(jobs, Local(jobs=2), Terms(root / "runs"))])


def test_two_drivers_at_once_do_every_job_exactly_once(tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    pipes = [multiprocessing.Pipe(duplex=False) for _ in range(2)]
    drivers = [fresh.process(drive, tmp_path, told) for _, told in pipes]
    for one, (_, told) in zip(drivers, pipes, strict=True):
        one.start()
        told.close()  # so that the death of a driver is heard
    told = [heard.recv() for heard, _ in pipes]
    for one in drivers:
        one.join()
    assert [one.exitcode for one in drivers] == [0, 0]
    assert [len(statuses) for statuses in told] == [6, 6]
    everything = [*told[0], *told[1]]
    assert everything.count("computed") == len(list(marks.iterdir())) == 6
    assert everything.count("found") == 6
    jobs = jobs_of(grid(Tiny(), size=range(6)))
    assert len(SweepFolder.begun(jobs, tmp_path / "runs").complete()) == 6


def garbage_manifest(folder):
    (folder / "manifest.json").write_bytes(b"\0garbage")


def garbage_journal(folder):
    (folder / "journal.jsonl").write_bytes(b"garbage\n")


def garbage_trace(folder):
    (folder / "trace.zarr").write_bytes(b"garbage")


def a_full_disk(folder):
    (folder / "manifest.json.partial").symlink_to("/dev/full")


def a_folder_that_cannot_be_written(folder):
    folder.rmdir()
    folder.symlink_to("/sys/kernel")


def a_file_in_its_place(folder):
    folder.rmdir()
    folder.write_bytes(b"")


def a_folder_where_a_file_should_be(folder):
    (folder / "journal.jsonl").mkdir()


MENDED = [garbage_manifest, garbage_journal, garbage_trace]
REFUSED = {
    a_full_disk: "disk is full",
    a_folder_that_cannot_be_written: "annot write",
    a_file_in_its_place: "annot write",
    a_folder_where_a_file_should_be: "IsADirectoryError",
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
@pytest.mark.parametrize("wrong", [*MENDED, *REFUSED], ids=lambda one: one.__name__)
def test_what_is_wrong_with_one_folder_is_said_and_the_other_jobs_end(tmp_path, wrong):
    bad = Job.of(Tiny(size=2))
    (tmp_path / bad.place).mkdir(parents=True)
    wrong(tmp_path / bad.place)
    ended = done(grid(Tiny(), size=[1, 2, 3]), tmp_path)
    assert ended[1].status == ended[3].status == "computed"
    if wrong in MENDED:
        assert ended[2].status == "computed" and is_whole(tmp_path / bad.place)
        assert ended[2].notes or wrong is garbage_trace
    else:
        assert ended[2].status == "failed" and REFUSED[wrong] in ended[2].error


def test_a_folder_of_all_runs_that_cannot_be_written_is_one_error(tmp_path):
    (tmp_path / "runs").write_bytes(b"")
    with pytest.raises(InfoplaneError, match="Cannot write"):
        done([Tiny()], tmp_path / "runs")


def test_the_same_jobs_have_the_same_folder_in_any_order(tmp_path):
    jobs = jobs_of(grid(Tiny(), size=[1, 2], seed=[0, 1]))
    folder = SweepFolder.begun(jobs, tmp_path)
    assert SweepFolder.begun(jobs[::-1], tmp_path).path == folder.path
    assert SweepFolder.begun(jobs[1:], tmp_path).path != folder.path
    assert folder.root == tmp_path and folder.experiment == "tiny"
    assert set(SweepFolder(folder.path).labels.values()) == {
        f"size={size}, seed={seed}" for size in (1, 2) for seed in (0, 1)
    }


def test_a_record_that_is_none_is_refused(tmp_path):
    folder = SweepFolder.begun(jobs_of([Tiny()]), tmp_path)
    write_json(folder.path / "sweep.json", ["tiny"])
    with pytest.raises(InfoplaneError, match="no list of jobs"):
        _ = SweepFolder(folder.path).jobs


@pytest.mark.parametrize(
    ("experiments", "words"), [([], "at least one"), ([Tiny(), None], "one experiment")]
)
def test_what_makes_no_sweep_is_refused(experiments, words):
    experiments = [one or EXPERIMENTS["autoencoder"]() for one in experiments]
    with pytest.raises(InfoplaneError, match=words):
        jobs_of(experiments)


def test_a_job_whose_address_is_another_here_is_refused(tmp_path):
    """As on a node with other data, or another version of the program."""
    job = Job(Tiny(), "0123456789ab")
    (outcome,) = swept([job], Local(jobs=1), Terms(tmp_path))
    assert outcome.status == "failed" and "has the address" in outcome.error


PIN = """
import os, sys
from pathlib import Path
from infoplane.numerics.workers import cores, pinned
import torch, threadpoolctl
with pinned(1):
    assert cores() == torch.get_num_threads() == 1
    assert {one["num_threads"] for one in threadpoolctl.threadpool_info()} == {1}
print(os.environ.get("INFOPLANE_WORKERS"))
"""


def test_threads_are_pinned_of_every_library_and_given_back():
    told = subprocess.run(
        [sys.executable, "-c", PIN],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "INFOPLANE_WORKERS": "2"},
    )
    assert told.stdout.strip() == "2"
