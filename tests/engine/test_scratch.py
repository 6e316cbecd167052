"""Folders of jobs: gone with them, also if their process was killed; never those of the living."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

from infoplane.engine.scratch import clear, kept, scratch


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def dead():
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_folder_is_there_for_the_block_and_gone_after_it(temporary):
    with scratch() as folder:
        (folder / "deep").mkdir()
        assert folder.parent == temporary and folder.is_dir()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_is_removed(temporary):
    code = (
        "import os, sys, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from infoplane.engine.scratch import scratch\n"
        "with scratch() as folder:\n"
        "    (folder / 'run').touch()\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(temporary)], check=False)
    (left,) = temporary.iterdir()
    assert (left / "run").exists()
    with scratch() as folder:
        assert list(temporary.iterdir()) == [folder]


def test_folders_of_the_living_and_of_others_stay(temporary, dead):
    with scratch() as mine:
        others = ["infoplane-logs-abc", "infoplane-kept-0123456789ab-x", f"other-{dead}-abc"]
        for name in others:
            (temporary / name).mkdir()
        elsewhere = temporary / f"infoplane-{dead}-alive"  # as of a process in another container
        elsewhere.mkdir()
        (temporary / f"infoplane-{dead}-link").symlink_to(temporary / others[0])
        (temporary / "infoplane-99999999999999999999-x").mkdir()  # no process has such a number
        with FileLock(elsewhere / ".in-use"):
            clear()
        assert mine.is_dir() and elsewhere.is_dir()
        assert all((temporary / name).is_dir() for name in others)
    clear()
    assert not elsewhere.exists()


def test_what_is_kept_outlives_its_scratch_folder(temporary):
    place = Path("tiny") / "0123456789ab"
    with scratch() as folder:
        (folder / place).mkdir(parents=True)
        (folder / place / "manifest.json").write_text("{}")
        stays = kept(folder / place, place)
    assert stays.parts[-2:] == place.parts
    assert (stays / "manifest.json").read_text() == "{}"
