import json
import multiprocessing
import random
import signal
import time
from contextlib import suppress
from dataclasses import replace

import pytest
from filelock import FileLock

import fresh
from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.experiments.settings import Probing, Training
from infoplane.runs import Run, opened, run
from infoplane.store.checkpoints import Checkpoints
from infoplane.store.files import write_json
from infoplane.store.traces import write_trace
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Tick

SMALL = Autoencoder(
    training=Training(steps=120),
    probing=Probing(
        snapshots=12,
        probe_batches=3,
        probe_size=20,
        null_snapshots=3,
        permutations=3,
        evaluation=50,
    ),
)
STEPS = SMALL.training.steps


def compute(root, told):
    run(SMALL, root, watch=lambda event: told.send(event.step))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run(SMALL, tmp_path_factory.mktemp("runs"))


def forbidden(_):
    raise AssertionError("computed again")


def test_a_run_leaves_everything_a_reader_needs(finished):
    names = {path.name for path in finished.folder.iterdir()}
    assert {"manifest.json", "journal.jsonl", "trace.zarr", "findings.json"} <= names
    assert finished.manifest.status == "complete"
    assert {
        "forward",
        "gram",
        "spectrum",
        "null",
        "loss",
        "store",
    } <= finished.manifest.seconds.keys()
    assert finished.manifest.settings["type"] == "Autoencoder"
    found = json.loads((finished.folder / "findings.json").read_text())
    assert [one["key"] for one in found] == [one.key for one in finished.findings]
    assert not list((finished.folder / "checkpoints").iterdir())


def test_the_trace_holds_the_plane_with_its_evidence(finished):
    trace = finished.trace
    assert trace["I_XT"].dims == ("snapshot", "estimator", "batch", "layer")
    assert trace["step"].values[0] == 0 and trace["step"].values[-1] == STEPS
    assert trace["I_XT_null"].notnull().any("layer").all(("estimator", "batch")).sum() == 3
    assert float(trace["loss_test"][-1]) < float(trace["loss_test"][0])
    assert list(trace["layer"].values)[3] == "code"


def test_the_report_is_written_from_the_trace_alone(finished):
    path = finished.report(figures=True)
    text = path.read_text()
    assert "Information plane" in text and "dpi" not in text.partition("<h2")[0]
    figures = list((finished.folder / "figures").glob("*.svg"))
    assert len(figures) == len(finished.shown.panels(finished.trace))


def test_the_same_settings_are_never_computed_twice(finished):
    root = finished.folder.parents[1]
    again = run(SMALL, root, watch=forbidden)
    assert again.folder == finished.folder


def test_a_damaged_trace_is_refused_and_then_rebuilt_from_the_journal(tmp_path):
    first = run(SMALL, tmp_path)
    before = first.trace
    chunks = (first.folder / "trace.zarr" / "I_XT" / "c").rglob("*")
    next(chunk for chunk in chunks if chunk.is_file()).unlink()
    with pytest.raises(InfoplaneError, match="lacks.*run the same command again"):
        _ = Run(first.folder).trace
    rows = []
    again = run(
        SMALL, tmp_path, watch=lambda event: rows.append(event) if isinstance(event, Row) else None
    )
    assert again.trace.identical(before)


def test_a_journal_cut_in_the_middle_costs_time_and_no_result(tmp_path):
    whole = run(SMALL, tmp_path / "whole")

    class Stop(Exception):
        pass

    def stop_at(event):
        if isinstance(event, Tick) and event.step == 100:
            raise Stop

    with pytest.raises(Stop):
        run(SMALL, tmp_path / "cut", watch=stop_at)
    (journal,) = (tmp_path / "cut").rglob("journal.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:3]) + lines[3][:50] + b"".join(lines[4:]))
    repaired = run(SMALL, tmp_path / "cut")
    assert repaired.trace.identical(whole.trace)
    assert "line 4" in repaired.manifest.repairs[0]
    assert list(journal.parent.glob("journal.jsonl.damaged-*"))


def test_killed_at_ten_random_moments_the_trace_is_the_same_to_the_last_bit(finished, tmp_path):
    """kill -9 a fresh process again and again; every start goes on where the last one died."""
    chance = random.Random(0)
    kills = 0
    for _ in range(10):
        stop = chance.randrange(1, STEPS)
        heard, told = multiprocessing.Pipe(duplex=False)
        child = fresh.process(compute, tmp_path, told)
        child.start()
        told.close()
        with suppress(EOFError):  # it came to its end before
            while heard.recv() < stop:
                pass
            time.sleep(chance.random() * 0.02)
            child.kill()
        child.join()
        heard.close()
        kills += child.exitcode == -signal.SIGKILL
    assert kills >= 5
    resumed = run(SMALL, tmp_path)
    assert resumed.trace.identical(finished.trace)


@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("write_trace", write_trace),
        ("write_json", write_json),
        ("Checkpoints.clear", Checkpoints.clear),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_cut_off_while_finishing_nothing_is_computed_again(
    place, target, when, finished, tmp_path, monkeypatch
):
    """All rows are measured; whatever is derived from them may be written again."""

    def cut_off(*arguments):
        if when == "after":
            target(*arguments)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(f"infoplane.runs.{place}", cut_off)
        run(SMALL, tmp_path)
    assert run(SMALL, tmp_path, watch=forbidden).trace.identical(finished.trace)


class Killed(Exception):
    pass


def test_two_processes_do_not_compute_the_same_run(tmp_path, finished):
    folder = tmp_path / "autoencoder" / finished.folder.name
    folder.mkdir(parents=True)
    with FileLock(folder / ".lock"), pytest.raises(InfoplaneError, match="Another process"):
        run(SMALL, tmp_path)


def test_only_seeds_of_the_same_settings_are_judged_together(tmp_path, finished):
    other_seed = run(replace(SMALL, seed=1), tmp_path)
    other_code = run(replace(SMALL, code_size=3, seed=2), tmp_path)
    together = opened([finished.folder, other_seed.folder])
    found = together[0].shown.findings([one.trace for one in together])
    assert found[0].spread == "2 seeds"
    with pytest.raises(InfoplaneError, match="more than their seed: code_size"):
        opened([finished.folder, other_code.folder])
    with pytest.raises(InfoplaneError, match=r"must differ; got \[0, 0\]"):
        opened([finished.folder, finished.folder])


def test_a_folder_that_is_no_run_is_named(tmp_path):
    with pytest.raises(InfoplaneError, match="manifest.json is missing"):
        opened([tmp_path])


def test_an_unfinished_run_says_how_to_go_on(tmp_path):
    class Stop(Exception):
        pass

    def stop(event):
        raise Stop

    with pytest.raises(Stop):
        run(SMALL, tmp_path, watch=stop)
    (manifest,) = tmp_path.rglob("manifest.json")
    with pytest.raises(InfoplaneError, match="not finished; continue it with the same command"):
        _ = Run(manifest.parent).trace
