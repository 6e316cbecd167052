import os
import signal
import subprocess
import sys

import pytest

from infoplane.cli.main import main
from infoplane.experiments.catalogue import EXPERIMENTS

SMALL = [
    "run",
    "autoencoder",
    "--steps",
    "40",
    "--snapshots",
    "5",
    "--probe-batches",
    "2",
    "--probe-size",
    "10",
    "--null-snapshots",
    "2",
    "--permutations",
    "2",
]


def call(*arguments):
    """The exit code of a command."""
    try:
        main(arguments)
    except SystemExit as end:
        return end.code or 0
    return 0


def test_list_names_every_experiment(capsys):
    assert call("list") == 0
    assert "autoencoder" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_no_two_settings_of_an_experiment_have_one_name_on_the_command_line(name, capsys):
    assert call("run", name, "--help") == 0
    assert "--seed" in capsys.readouterr().out or name == "calibration"


def test_run_writes_a_report_and_findings_takes_seeds(tmp_path, capsys):
    assert call(*SMALL, "--figures", "--runs-dir", str(tmp_path)) == 0
    printed = capsys.readouterr().out
    assert "dpi-encoder" in printed and "report.html" in printed
    (folder,) = (tmp_path / "autoencoder").iterdir()
    assert (folder / "report.html").exists() and list((folder / "figures").iterdir())
    assert call(*SMALL, "--seed", "1", "--runs-dir", str(tmp_path), "--no-report") == 0
    capsys.readouterr()
    assert call("findings", *map(str, (tmp_path / "autoencoder").iterdir())) == 0
    assert "2 seeds" in capsys.readouterr().out


def test_compare_prints_the_verdicts_of_every_run_and_writes_one_page(tmp_path, capsys):
    for size in ("3", "5"):
        settings = [*SMALL, "--code-size", size, "--runs-dir", str(tmp_path), "--no-report"]
        assert call(*settings) == 0
    folders = sorted(map(str, (tmp_path / "autoencoder").iterdir()))
    capsys.readouterr()
    assert call("compare", *folders, "--out", str(tmp_path / "page.html")) == 0
    printed = capsys.readouterr().out
    assert "code_size=3" in printed and "code_size=5" in printed and "dpi-encoder" in printed
    assert f"Report: {tmp_path / 'page.html'}" in printed and (tmp_path / "page.html").exists()


def test_compare_explains_itself(capsys):
    assert call("compare", "--help") == 0
    assert "settings, verdicts, planes" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "autoencoder", "--code-size", "0"], "code_size=0"),
        (["run", "autoencoder", "--alpha", "-1"], "alpha=-1"),
        (["run", "autoencoder", "--h", "0"], "h=0"),
        (["run", "autoencoder", "--probe-size", "1000"], "needs 5000 samples"),
        (["run", "autoencoder", "--dataset", "mnist", "--data-dir", "nowhere"], "nowhere"),
        (["run", "autoencoder", "--threads", "0"], "threads=0"),
        (["run", "autoencoder", "--figures", "--no-report"], "leave out --no-report"),
        (["run", "autoencoder", "--steps", "-5"], "infoplane: steps=-5: it must be at least 1"),
        (["run", "autoencoder", "--device", "gpu"], "device=gpu"),
        (["run", "autoencoder", "--null-snapshots", "1"], "untrained network alone"),
        (["report", "nowhere"], "nowhere"),
        (["findings"], "at least one run"),
        (["compare"], "at least two run folders, got 0"),
        (["compare", "nowhere"], "at least two run folders, got 1"),
        (["compare", "nowhere", "./nowhere"], "named twice"),
        (["compare", "nowhere", "elsewhere"], "nowhere"),
        (["run", "autoencoder", "--bogus", "1"], "--bogus"),
        (["dance"], "dance"),
        (["run", "autencoder"], "no experiment 'autencoder'; there are: autoencoder"),
        (["sweep", "autencoder", "--grid", "code_size=2"], "no experiment 'autencoder'"),
        (["run"], "autoencoder"),
    ],
)
def test_a_mistake_is_one_clear_message_and_exit_code_two(
    arguments, words, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert call(*arguments) == 2
    error = capsys.readouterr().err
    assert words in error and "Traceback" not in error
    assert not list(tmp_path.rglob("manifest.json")), "a refused run left a folder behind"


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_how_to_go_on_and_goes_on(tmp_path, interruption, capsys):
    arguments = [*SMALL, "--steps", "1500", "--runs-dir", str(tmp_path), "--no-report"]
    command = [sys.executable, "-m", "infoplane.cli", *arguments]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in child.stderr:
        if ": 300 of" in line:
            child.send_signal(interruption)
            break
    rest = child.stderr.read()
    child.stdout.close()
    child.stderr.close()
    assert child.wait() == 130
    assert "the same command goes on" in rest and "Traceback" not in rest
    assert call(*arguments) == 0
    printed = capsys.readouterr()
    assert "autoencoder: 0 of" not in printed.err and "autoencoder: 1500 of" in printed.err
    assert "dpi-encoder" in printed.out


@pytest.mark.parametrize("arguments", [["run", "species", "--help"], ["list"]])
def test_whoever_reads_it_may_stop_reading(arguments):
    command = [sys.executable, "-u", "-m", "infoplane.cli", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        told = process.stderr.read().decode()
    assert process.returncode == 1 and "Traceback" not in told and "BrokenPipe" not in told
