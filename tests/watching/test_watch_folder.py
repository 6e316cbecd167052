"""A folder that loses nothing: killed, gone on with, read while it is written."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from torch import nn

import infoplane as ip
from infoplane.runs import Run, opened

X = torch.rand(24, 6, generator=torch.Generator().manual_seed(0))
Y = torch.arange(24) % 3

ENDLESS = """
import sys, time, torch
from torch import nn
import infoplane as ip
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3))
x, y = torch.rand(24, 6), torch.arange(24) % 3
with ip.watch(model, (x, y), batches=2, folder=sys.argv[1]) as w:
    while True:
        w.step()
        time.sleep(0.01)
"""


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3))


def watched(folder, steps, model=None, **options):
    with ip.watch(model or network(), (X, Y), batches=2, folder=folder, **options) as w:
        for _ in range(steps):
            w.step(loss=1.0)
    return w


def test_a_folder_holds_what_the_watch_saw(tmp_path):
    w = watched(tmp_path / "mine", 12, permutations=2)
    run = Run(tmp_path / "mine")
    assert run.trace.identical(w.trace[list(run.trace)])
    assert [finding.key for finding in run.findings]
    report = run.report(figures=True)
    assert report.exists() and list((tmp_path / "mine" / "figures").glob("*.pdf"))
    assert opened([tmp_path / "mine"])[0].manifest.experiment == "watch"


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_training_that_is_killed_leaves_all_its_rows(tmp_path, kill):
    folder = tmp_path / "mine"
    process = subprocess.Popen([sys.executable, "-c", ENDLESS, str(folder)])
    journal = folder / "journal.jsonl"
    deadline = time.monotonic() + 120
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= 4):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    so_far = Run(folder).trace  # read while it is written
    process.send_signal(kill)
    process.wait(60)
    trace = Run(folder).trace
    assert trace.sizes["snapshot"] >= so_far.sizes["snapshot"] >= 4
    assert np.array_equal(trace["I_XT"][: so_far.sizes["snapshot"]], so_far["I_XT"])
    assert Run(folder).report().exists()


def test_reading_an_unfinished_folder_changes_nothing_in_it(tmp_path):
    folder = tmp_path / "mine"
    w = ip.watch(network(), (X, Y), batches=2, folder=folder)
    w.__enter__()
    with (folder / "journal.jsonl").open("ab") as file:
        file.write(b"half a li")  # somebody is writing at this moment
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert Run(folder).trace["step"].values.tolist() == [0]
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_going_on_keeps_what_was_seen_and_repeats_what_was_rolled_back(tmp_path):
    folder, model = tmp_path / "mine", network()
    first = watched(folder, 10, model)
    with pytest.raises(ip.InfoplaneError, match="holds 8 moments up to step 10.*start="):
        watched(folder, 3, model)
    going_on = watched(folder, 4, model, start=6)  # from a checkpoint of step 6
    steps = going_on.trace["step"].values.tolist()
    assert steps == [0, 1, 2, 3, 4, 6, 9, 10]
    before = first.trace["I_XT"].sel(snapshot=first.trace["step"].values <= 6)
    assert np.array_equal(going_on.trace["I_XT"][:6], before)
    assert list(folder.glob("journal.jsonl.superseded-*"))  # the repeated rows are kept aside
    assert Run(folder).trace["step"].values.tolist() == steps


def test_going_on_otherwise_is_refused(tmp_path):
    folder = tmp_path / "mine"
    watched(folder, 3)
    with pytest.raises(ip.InfoplaneError, match="measured otherwise .*permutations: 0 then, 2 now"):
        watched(folder, 3, start=3, permutations=2)
    other = {"batches": 2, "folder": folder, "start": 3}
    with pytest.raises(ip.InfoplaneError, match="measured otherwise .*probe digest"):
        ip.watch(network(), (X + 1, Y), **other)
    with pytest.raises(ip.InfoplaneError, match="measured otherwise .*estimators"):
        ip.watch(network(), (X, Y), estimators=ip.Renyi(), **other)
    assert watched(folder, 2, start=3).trace["step"].values.tolist() == [0, 1, 2, 3, 4, 5]
    assert Run(folder).manifest.sessions == 2


def test_one_writer_per_folder(tmp_path):
    folder = tmp_path / "mine"
    first = ip.watch(network(), (X, Y), batches=2, folder=folder)
    with pytest.raises(ip.InfoplaneError, match="Another process is writing"):
        ip.watch(network(), (X, Y), batches=2, folder=folder, start=1)
    with first:
        first.step()
    watched(folder, 1, start=1)


def test_a_training_that_fails_keeps_its_moments_and_says_so(tmp_path):
    with pytest.raises(ZeroDivisionError):
        with ip.watch(network(), (X, Y), batches=2, folder=tmp_path / "mine") as w:
            w.step()
            1 / 0  # noqa: B018
    run = Run(tmp_path / "mine")
    assert run.manifest.status == run.trace.attrs["status"] == "stopped"
    assert run.trace["step"].values.tolist() == [0, 1]


def test_damage_in_the_middle_is_told(tmp_path):
    folder = tmp_path / "mine"
    w = ip.watch(network(), (X, Y), batches=2, folder=folder)
    w.__enter__()
    for _ in range(3):
        w.step()
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0], b"x" + lines[1][1:], *lines[2:]]))
    trace = Run(folder).trace
    assert trace["step"].values.tolist() == [0] and "damaged (line 2" in trace.attrs["notes"]


def test_a_disk_that_refuses_for_a_while_loses_nothing(tmp_path):
    folder = tmp_path / "mine"
    w = ip.watch(network(), (X, Y), batches=2, folder=folder)
    with w:
        append = w.flow._folder.append
        w.flow._folder.append = _refuse
        with pytest.warns(ip.InfoplaneWarning, match="Until then it is in memory"):
            w.step()
        w.flow._folder.append = append
        w.step()
    assert Run(folder).trace["step"].values.tolist() == [0, 1, 2]


def _refuse(row):
    raise ip.InfoplaneError("Cannot write: the disk is full.")
