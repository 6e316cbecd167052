"""CIFAR-10 in the format of its binary distribution: read as stored, and strictly."""

import io
import os
import tarfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch

from infoplane.datasets.catalogue import CATALOGUE
from infoplane.datasets.cifar import CIFAR10, RECORD, read
from infoplane.datasets.fetch import Tarred
from infoplane.values.errors import InfoplaneError

PER_FILE = 7
TINY = replace(CIFAR10, per_file=PER_FILE)


@pytest.fixture(scope="module")
def records():
    """Records of every file, by its name: the class, then the three channels row by row."""
    random = np.random.default_rng(0)
    found = {}
    for name in TINY.files:
        rows = random.integers(0, 256, (PER_FILE, RECORD), dtype=np.uint8)
        rows[:, 0] %= 10
        found[name] = rows
    return found


@pytest.fixture
def folder(records, tmp_path):
    (tmp_path / "cifar10").mkdir()
    for name, rows in records.items():
        (tmp_path / "cifar10" / name).write_bytes(rows.tobytes())
    return tmp_path


def test_the_files_are_those_of_the_distribution():
    assert CIFAR10.files == (*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin")
    assert CIFAR10.per_file * RECORD == 30_730_000 and RECORD == 3073
    assert len(CIFAR10.remote.sha256) == 64
    assert "cifar10" in CATALOGUE


def test_pixels_and_classes_come_out_as_stored(folder, records):
    data = read(TINY, folder)
    assert data.shape == (3, 32, 32) and data.name == "cifar10"
    train = np.concatenate([records[name] for name in TINY.files[:5]])
    assert data.train_y.tolist() == train[:, 0].tolist()
    assert data.test_y.tolist() == records["test_batch.bin"][:, 0].tolist()
    for n, channel, row, column in [(0, 0, 0, 0), (8, 1, 5, 31), (34, 2, 31, 30)]:
        stored = train[n, 1 + 1024 * channel + 32 * row + column]
        assert float(data.train_x[n, channel, row, column]) == np.float32(stored / 255)
    assert data.train_x.dtype == torch.float32 and data.train_x.max() <= 1


def test_the_folder_may_have_the_name_that_the_archive_gives_it(folder):
    (folder / "cifar10").rename(folder / "cifar-10-batches-bin")
    assert len(read(TINY, folder).train_x) == 5 * PER_FILE


def test_a_missing_file_is_named_with_what_to_do(folder):
    (folder / "cifar10" / "data_batch_3.bin").unlink()
    with pytest.raises(InfoplaneError, match="lacks data_batch_3.bin.*Put the files there, or"):
        read(TINY, folder)


@pytest.mark.parametrize("change", [-1, 1, RECORD])
def test_a_file_of_another_length_is_damaged(folder, records, change):
    path = folder / "cifar10" / "test_batch.bin"
    content = records["test_batch.bin"].tobytes() + bytes(RECORD)
    path.write_bytes(content[: PER_FILE * RECORD + change])
    expected = f"expected {PER_FILE * RECORD} bytes .*found {PER_FILE * RECORD + change}"
    with pytest.raises(InfoplaneError, match=expected):
        read(TINY, folder)


def test_a_class_that_there_is_not_is_damage(folder, records):
    rows = records["data_batch_2.bin"].copy()
    rows[4, 0] = 10
    (folder / "cifar10" / "data_batch_2.bin").write_bytes(rows.tobytes())
    with pytest.raises(InfoplaneError, match="data_batch_2.*found 10 in record 4"):
        read(TINY, folder)


@pytest.fixture
def remote(server, records):
    """The archive as it is distributed, on a server of this machine."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in {**{n: r.tobytes() for n, r in records.items()}, "x": b"y"}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    server.content["/cifar.tar.gz"] = packed.getvalue()
    url, digest = f"{server.address}/cifar.tar.gz", sha256(packed.getvalue()).hexdigest()
    return Tarred((url,), digest, "cifar-10-batches-bin/")


def test_a_download_is_unpacked_into_the_cache_once(remote, folder, server, cache):
    tiny = replace(TINY, remote=remote)
    assert read(tiny, cache=cache).digest == read(TINY, folder).digest
    assert sorted(path.name for path in (cache / "cifar10").iterdir()) == sorted(TINY.files)
    read(tiny, cache=cache)
    assert server.asked == ["/cifar.tar.gz"]


def test_an_archive_of_another_checksum_is_refused(remote, cache):
    forged = replace(TINY, remote=replace(remote, sha256="0" * 64))
    with pytest.raises(InfoplaneError, match="expected SHA-256 0000"):
        read(forged, cache=cache)
    assert list((cache / "cifar10").iterdir()) == []


def test_the_real_files_where_they_are():
    root = Path(os.environ.get("INFOPLANE_DATA", "."))
    if not any((root / name / CIFAR10.files[0]).is_file() for name in CIFAR10.folders):
        pytest.skip(f"no CIFAR-10 under {root}; set INFOPLANE_DATA")
    data = read(CIFAR10, root)
    assert data.train_x.shape == (50_000, 3, 32, 32)
    assert torch.bincount(data.train_y).tolist() == [5000] * 10
    assert torch.bincount(data.test_y).tolist() == [1000] * 10
