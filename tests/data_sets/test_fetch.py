import io
import os
import zipfile
from dataclasses import replace
from hashlib import sha256

import pytest

from infoplane.datasets.fetch import CHUNK, Loose, Zipped
from infoplane.datasets.images import MNIST_FILES, read
from infoplane.values.errors import InfoplaneError

FIRST = MNIST_FILES[0]


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_download_lands_in_the_cache_and_is_not_repeated(archive, server, cache, packed, capfd):
    first = read(archive, cache=cache)
    assert server.asked == [f"/one/{name}" for name in MNIST_FILES]
    assert _names(cache / "tiny") == sorted(MNIST_FILES)
    assert all((cache / "tiny" / name).read_bytes() == packed[name] for name in MNIST_FILES)
    assert read(archive, cache=cache).digest == first.digest
    assert len(server.asked) == len(MNIST_FILES)
    assert capfd.readouterr() == ("", "")


def test_only_what_the_cache_lacks_is_downloaded(archive, server, cache, fill):
    fill(cache / "tiny", MNIST_FILES[1:], unpack=True)
    read(archive, cache=cache)
    assert server.asked == [f"/one/{FIRST}"]


def test_the_second_mirror_helps_out(archive, server, cache):
    del server.content[f"/one/{FIRST}"]
    server.content[f"/one/{MNIST_FILES[1]}"] = b"another file"
    read(archive, cache=cache)
    assert server.asked[:4] == [
        f"/{mirror}/{name}" for name in MNIST_FILES[:2] for mirror in ("one", "two")
    ]
    assert _names(cache / "tiny") == sorted(MNIST_FILES)


def test_a_wrong_checksum_names_both_and_leaves_nothing(archive, server, cache, packed):
    forged = packed[FIRST][:-1] + b"\1"
    for mirror in ("one", "two"):
        server.content[f"/{mirror}/{FIRST}"] = forged
    with pytest.raises(InfoplaneError) as error:
        read(archive, cache=cache)
    for word in (
        f"{server.address}/one/{FIRST}",
        f"{server.address}/two/{FIRST}",
        f"expected SHA-256 {sha256(packed[FIRST]).hexdigest()}",
        f"found {sha256(forged).hexdigest()}",
        str(cache / "tiny"),
    ):
        assert word in str(error.value)
    assert _names(cache / "tiny") == []


def test_a_file_cut_short_is_refused(archive, server, cache, packed):
    half = packed[FIRST][: len(packed[FIRST]) // 2]
    for mirror in ("one", "two"):
        server.content[f"/{mirror}/{FIRST}"] = half
    with pytest.raises(InfoplaneError, match=f"/one/{FIRST}: {len(half)} bytes, expected SHA-256"):
        read(archive, cache=cache)
    assert _names(cache / "tiny") == []


def test_a_transfer_that_breaks_off_is_refused(archive, server, cache, packed):
    for path in (f"/one/{FIRST}", f"/two/{FIRST}"):
        server.announced[path] = len(packed[FIRST]) + 50
    with pytest.raises(InfoplaneError, match=f"/one/{FIRST}: .*50 more expected"):
        read(archive, cache=cache)
    assert _names(cache / "tiny") == []


def test_a_long_transfer_that_breaks_off_does_not_spoil_the_next_mirror(archive, server, cache):
    server.content[f"/one/{FIRST}"] = os.urandom(5 * CHUNK)
    server.announced[f"/one/{FIRST}"] = 6 * CHUNK
    read(archive, cache=cache)
    assert _names(cache / "tiny") == sorted(MNIST_FILES)


def test_a_missing_page_says_so(archive, server, cache):
    server.content.clear()
    with pytest.raises(InfoplaneError, match="the server answered 404 Not Found"):
        read(archive, cache=cache)
    assert _names(cache / "tiny") == []


def test_no_network_is_one_sentence_with_a_remedy(archive, cache, server):
    closed = Loose(("http://127.0.0.1:1/",), archive.remote.sha256)
    with pytest.raises(InfoplaneError, match="Connection refused") as error:
        read(replace(archive, remote=closed), cache=cache)
    for word in (*MNIST_FILES, str(cache / "tiny"), "by hand"):
        assert word in str(error.value)
    assert str(error.value).count(". ") == 0


def test_files_put_there_by_hand_need_no_network(archive, cache, fill, server):
    server.content.clear()
    with pytest.raises(InfoplaneError):
        read(archive, cache=cache)
    fill(cache / "tiny", unpack=True)
    assert len(read(archive, cache=cache).train_y) == archive.counts[0]


def test_a_damaged_file_in_the_cache_is_downloaded_again_once_deleted(archive, cache, fill, packed):
    damaged = fill(cache / "tiny") / FIRST
    damaged.write_bytes(packed[FIRST][:-20])
    with pytest.raises(InfoplaneError, match="Delete it and it will be downloaded again"):
        read(archive, cache=cache)
    damaged.unlink()
    read(archive, cache=cache)
    assert damaged.read_bytes() == packed[FIRST]


def test_a_cache_that_cannot_be_written_says_so(archive, tmp_path, cache):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InfoplaneError, match="cannot be kept in .*file.*--data-dir"):
        read(archive, cache=tmp_path / "file")


def test_progress_is_drawn_on_a_terminal_and_wiped(archive, cache, monkeypatch, capfd):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    read(archive, cache=cache)
    out, err = capfd.readouterr()
    assert out == "" and FIRST in err and "100%" in err


def _zip_of(packed):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("gzip/unwanted.gz", os.urandom(100))
        for name, content in packed.items():
            archive.writestr(f"gzip/{name}", content)
    return buffer.getvalue()


def test_a_zipped_archive_is_unpacked_and_dropped(archive, server, cache, packed):
    server.content = {"/gzip.zip": (content := _zip_of(packed))}
    urls = (f"{server.address}/absent.zip", f"{server.address}/gzip.zip")
    remote = Zipped(urls, sha256(content).hexdigest(), "gzip/")
    data = read(replace(archive, remote=remote), cache=cache)
    assert len(data.train_y) == archive.counts[0]
    assert _names(cache / "tiny") == sorted(MNIST_FILES)


def test_a_zipped_archive_with_a_wrong_checksum_is_not_opened(archive, server, cache, packed):
    server.content = {"/gzip.zip": _zip_of(packed)[:-30]}
    remote = Zipped((f"{server.address}/gzip.zip",), "0" * 64, "gzip/")
    with pytest.raises(InfoplaneError, match=f"expected SHA-256 {'0' * 64}, found .*unpack"):
        read(replace(archive, remote=remote), cache=cache)
    assert _names(cache / "tiny") == []
