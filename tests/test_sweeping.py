import io
import os
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import pytest
from filelock import FileLock

from infoplane.cli.main import main
from infoplane.engine.driver import jobs_of
from infoplane.engine.grid import grid
from infoplane.engine.local import Local
from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.experiments.settings import Probing, Training
from infoplane.runs import run
from infoplane.sweeping import Sweep, sweep
from infoplane.values.errors import InfoplaneError

PROBING = Probing(
    snapshots=4, probe_batches=2, probe_size=10, null_snapshots=2, permutations=2, evaluation=20
)
SMALL = Autoencoder(training=Training(steps=40), probing=PROBING)
OPTIONS = [
    *("--steps", "40", "--snapshots", "4", "--probe-batches", "2", "--probe-size", "10"),
    *("--null-snapshots", "2", "--permutations", "2", "--evaluation", "20"),
    *("--probe-from", "test"),
]
GRID = ["sweep", "autoencoder", *OPTIONS, "--grid", "code_size=2,4", "--seeds", "2"]


def call(*arguments):
    """The exit code of a command."""
    try:
        main(arguments)
    except SystemExit as end:
        return end.code or 0
    return 0


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Two settings under two seeds, by the command line, and what it printed."""
    root = tmp_path_factory.mktemp("sweep")
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        assert call(*GRID, "--runs-dir", str(root)) == 0
    return root, out.getvalue(), err.getvalue()


def test_a_sweep_prints_verdicts_over_seeds_and_writes_its_page(swept):
    root, printed, progress = swept
    (folder,) = (root / "sweeps").iterdir()
    assert "code_size=2" in printed and "dpi-encoder" in printed
    assert "readings" in printed and str(folder) in printed
    assert (folder / "sweep.html").stat().st_size > 100_000
    assert not list(root.rglob("report.html")), "reports of single jobs are made on demand"
    assert "4 of 4 jobs" in progress


def test_a_sweep_and_its_runs_one_by_one_are_identical(swept, tmp_path):
    root, *_ = swept
    for one in Sweep.at(next((root / "sweeps").iterdir())).runs:
        settings = one.manifest.settings
        alone = Autoencoder(
            code_size=settings["code_size"],
            seed=settings["seed"],
            training=SMALL.training,
            probing=PROBING,
        )
        assert run(alone, tmp_path, threads=1).trace.identical(one.trace)


def test_typed_again_it_computes_nothing(swept, capsys):
    root, *_ = swept
    before = {path: path.stat().st_mtime_ns for path in root.rglob("journal.jsonl")}
    assert call(*GRID, "--runs-dir", str(root), "--no-report") == 0
    assert "dpi-encoder" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in root.rglob("journal.jsonl")} == before


def test_findings_and_report_take_a_sweep(swept, capsys):
    root, *_ = swept
    (folder,) = (root / "sweeps").iterdir()
    assert call("findings", str(folder)) == 0
    printed = capsys.readouterr().out
    assert "code_size=4:" in printed and "2 seeds" in printed and "±" in printed
    (folder / "sweep.html").unlink()
    assert call("report", str(folder)) == 0
    assert (folder / "sweep.html").exists()


def test_in_python_it_is_a_grid_and_an_engine(swept):
    root, *_ = swept
    told = []
    experiments = grid(SMALL, code_size=[2, 4], seed=range(2))
    done = sweep(experiments, root, engine=Local(jobs=1), watch=told.append)
    assert [one.status for one in told] == ["found"] * 4
    assert len(done.runs) == 4 and not done.failures and not done.missing
    assert set(done.findings) == {"code_size=2", "code_size=4"}
    assert {one.spread for found in done.findings.values() for one in found} == {"2 seeds"}


def test_what_is_missing_is_said_and_the_rest_is_judged(swept, tmp_path, capsys):
    root, *_ = swept
    victim = Sweep.at(next((root / "sweeps").iterdir())).runs[1].folder
    aside = tmp_path / "aside"
    victim.rename(aside)
    try:
        victim.write_bytes(b"")  # a file where the run's folder should be
        assert call(*GRID, "--runs-dir", str(root)) == 1
        printed = capsys.readouterr()
        assert "Failed" in printed.err and "code_size=2, seed=1" in printed.out
        (folder,) = (root / "sweeps").iterdir()
        page = (folder / "sweep.html").read_text()
        assert "1 of 4 runs are missing" in page and "Cannot write" in page
    finally:
        victim.unlink()
        aside.rename(victim)
    assert call(*GRID, "--runs-dir", str(root), "--no-report") == 0
    assert "missing" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--grid", "colour=1"], "no field colour"),
        (["--grid", "code_size"], "FIELD=VALUE"),
        (["--grid", "code_size=x"], "code_size=x: it must be of type int"),
        (["--grid", "code_size=0"], "code_size=0: it must be at least 1"),
        (["--grid", "seed=1,2", "--seeds", "2"], "names its seeds already"),
        (["--seeds", "0"], "seeds=0"),
        (["--runs-dir", "/dev/null"], "a file lies where a folder should be"),
        (["--file", "nowhere.toml"], "Cannot read"),
        (["--jobs", "0"], "jobs=0"),
        (["--threads", "0"], "threads=0"),
        (["--memory-gb", "-1"], "memory="),
        (["--retries", "-1"], "retries=-1"),
        (["--address", "auto"], "--address is for Ray; add --engine ray"),
        (["--engine", "dask"], "dask"),
        (["--remote", "nothing://bucket"], "nothing://bucket"),
    ],
)
def test_a_mistake_is_one_clear_message_before_anything_is_computed(
    arguments, words, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert call("sweep", "autoencoder", *arguments) == 2
    error = capsys.readouterr().err
    assert words in error and "Traceback" not in error
    assert not list(tmp_path.rglob("manifest.json"))


def test_a_sweep_of_which_nothing_is_there_says_what_failed(tmp_path, capsys):
    jobs = jobs_of(grid(SMALL, code_size=[2, 4], seed=range(2)))
    for job in jobs:  # a file where the folder of each run should be
        (tmp_path / job.place).parent.mkdir(exist_ok=True)
        (tmp_path / job.place).write_bytes(b"")
    options = [*GRID, "--runs-dir", str(tmp_path)]
    assert call(*options) == 1
    (folder,) = (tmp_path / "sweeps").iterdir()
    capsys.readouterr()
    assert call("findings", str(folder)) == 0
    printed = capsys.readouterr().out
    assert "code_size=4, seed=1" in printed and "annot write" in printed
    assert call("report", str(folder)) == 2
    assert "No run of the sweep" in capsys.readouterr().err


def test_a_folder_that_is_no_sweep_is_refused(tmp_path):
    with pytest.raises(InfoplaneError, match="is no sweep"):
        Sweep.at(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGKILL])
def test_stopped_in_the_middle_it_goes_on_when_typed_again(tmp_path, interruption, capsys):
    """Ctrl-C says how to go on; after kill -9 the same command finds every lock free."""
    options = [*GRID[:-2], "--steps", "400", "--jobs", "1", "--runs-dir", str(tmp_path)]
    options += ["--no-report"]
    command = [sys.executable, "-m", "infoplane.cli", *options]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in child.stderr:
        if "1 of 2 jobs" in line:
            child.send_signal(interruption)
            break
    rest = child.stderr.read()
    child.stdout.close()
    child.stderr.close()
    code = child.wait()
    assert len(list(tmp_path.glob("autoencoder/*/trace.zarr"))) < 2
    if interruption is signal.SIGKILL:
        assert code == -signal.SIGKILL
    else:
        assert code == 130
        assert "the same command goes on" in rest and "Traceback" not in rest
    assert call(*options) == 0
    assert "there already" in capsys.readouterr().err
    assert len(list(tmp_path.glob("autoencoder/*/trace.zarr"))) == 2
    for lock in tmp_path.glob("autoencoder/*/.lock"):
        FileLock(lock).acquire(timeout=0).lock.release()
