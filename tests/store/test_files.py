import errno
import os
import subprocess

import numpy as np
import pytest
import xarray as xr

from infoplane.store.files import read_json, write_json, write_whole, writing
from infoplane.store.journal import Journal
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row


def row(step, size=1):
    return Row(step, 0.0, {"I": xr.DataArray(np.arange(float(size)), dims="layer")})


def test_a_file_is_whole_or_absent(tmp_path):
    path = tmp_path / "deep" / "a.json"
    write_json(path, {"x": [1, 2.5, None]})
    assert read_json(path) == {"x": [1, 2.5, None]}
    assert [file.name for file in path.parent.iterdir()] == ["a.json"]
    with pytest.raises(ValueError):
        write_json(path, {"x": float("nan")})
    assert read_json(path) == {"x": [1, 2.5, None]}


def test_broken_json_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(InfoplaneError, match="a.json is damaged"):
        read_json(tmp_path / "a.json")
    with pytest.raises(InfoplaneError, match="b.json is missing"):
        read_json(tmp_path / "b.json")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_the_system_s_refusals_come_with_a_remedy(tmp_path, number, words):
    with pytest.raises(InfoplaneError, match=words), writing(tmp_path):
        raise OSError(number, os.strerror(number))


def test_a_folder_that_is_a_file_is_an_error_with_its_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InfoplaneError, match="file/a.json"):
        write_whole(tmp_path / "file" / "a.json", b"")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB; only root may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small tmpfs is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_on_a_full_disk_the_journal_keeps_what_it_reported(small_disk):
    journal = Journal(small_disk / "journal.jsonl")
    with pytest.raises(InfoplaneError, match="disk is full"):
        for step in range(100):
            journal.append(row(step, size=200))
    done = sorted(journal.rows)
    assert 0 < len(done) < 100
    reopened = Journal(journal.path)
    assert reopened.damage is None and sorted(reopened.rows) == done


def test_on_a_read_only_disk_the_error_says_so(small_disk):
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(InfoplaneError, match="read-only"):
        Journal(small_disk / "journal.jsonl").append(row(0))
