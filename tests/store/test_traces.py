import hashlib
import json
import os
import pickle

import numcodecs.pickles
import numpy as np
import pytest
import xarray as xr
import zarr

from infoplane.store.traces import LISTING, read_trace, write_trace
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row, trace_of


def trace(seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for step in (0, 1, 4):
        information = xr.DataArray(
            rng.standard_normal((2, 3)),
            dims=("estimator", "layer"),
            coords={"estimator": ["a", "b"], "layer": ["x", "ÿ<b>", "z"]},
            attrs={"unit": "bit", "ceiling": 6.64},
        )
        nothing = xr.full_like(information, np.nan)
        rows.append(Row(step, step / 2, {"I": information, "I_null": nothing}))
    return trace_of(rows, {"seed": seed})


@pytest.fixture
def stored(tmp_path):
    write_trace(tmp_path / "trace.zarr", trace())
    return tmp_path / "trace.zarr"


def test_a_trace_comes_back_identical(stored):
    assert read_trace(stored).identical(trace())


def test_writing_again_replaces_the_old_one(stored):
    write_trace(stored, trace(seed=1))
    assert read_trace(stored).identical(trace(seed=1))
    assert not list(stored.parent.glob("*.partial"))


def test_every_chunk_carries_a_checksum(stored):
    codecs = [codec["name"] for codec in zarr.open_array(stored / "I").metadata.to_dict()["codecs"]]
    assert "crc32c" in codecs


def files(path):
    return sorted(file for file in path.rglob("*") if file.is_file())


def test_a_flipped_byte_in_any_file_is_refused(stored):
    for file in files(stored):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 4
        original = file.read_bytes()
        file.write_bytes(bytes(content))
        with pytest.raises(InfoplaneError, match="damaged.*run the same command again.*ip.watch"):
            read_trace(stored)
        file.write_bytes(original)
    assert read_trace(stored).identical(trace())


def test_variables_are_in_the_order_of_their_names_whatever_the_disk_says(tmp_path):
    names = ["b", "a", "d", "c", "B"]
    measured = trace().rename(I="b")
    measured = measured.assign({name: measured["b"] for name in names}).drop_vars("I_null")
    write_trace(tmp_path / "trace.zarr", measured)
    assert list(read_trace(tmp_path / "trace.zarr")) == sorted(names)
    assert read_trace(tmp_path / "trace.zarr").identical(measured)


def test_a_deleted_file_is_an_error_never_nan(stored):
    for file in files(stored):
        content = file.read_bytes()
        file.unlink()
        with pytest.raises(InfoplaneError, match=f"lacks.*{file.name}"):
            read_trace(stored)
        file.write_bytes(content)


def test_an_unfinished_trace_is_refused(stored):
    (stored.parent / "trace.zarr.sha256sums").unlink()
    with pytest.raises(InfoplaneError, match="unfinished"):
        read_trace(stored)


def test_a_trace_of_another_schema_is_refused(tmp_path):
    write_trace(tmp_path / "trace.zarr", trace().assign_attrs(schema_version=99))
    with pytest.raises(InfoplaneError, match="schema version 99"):
        read_trace(tmp_path / "trace.zarr")


class Payload:
    """Makes a folder wherever it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def listed(path):
    """Writes the hashes beside a store, as whoever crafted it would."""
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(path).as_posix()}\n"
        for file in files(path)
    ]
    path.with_name(f"{path.name}.{LISTING}").write_text("".join(lines))
    return path


def pickled_array(path, target):
    """An array in Zarr's format 2, whose one chunk is a pickle that runs code."""
    filters = [{"id": "vlen-utf8"}, {"id": "pickle", "protocol": 2}]
    about = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|O", "compressor": None}
    about |= {"fill_value": "", "order": "C", "filters": filters}
    path.mkdir(parents=True)
    (path / ".zarray").write_text(json.dumps(about))
    (path / ".zattrs").write_text(json.dumps({"_ARRAY_DIMENSIONS": ["x"]}))
    (path / "0").write_bytes(pickle.dumps(Payload(target), protocol=2))


@pytest.fixture
def trusting(monkeypatch):
    """Newer numcodecs refuse to unpickle unless told otherwise; older ones do not."""
    monkeypatch.setattr(numcodecs.pickles, "ALLOW_UNSAFE_PICKLE_DECODE", True, raising=False)


def test_a_store_that_would_run_code_is_refused_and_does_not(tmp_path, trusting):
    path, target = tmp_path / "trace.zarr", tmp_path / "ran"
    pickled_array(path / "I", target)
    (path / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
    with pytest.raises(InfoplaneError, match=r"trace\.zarr is no Trace"):
        read_trace(listed(path))
    assert not target.exists()
    with pytest.raises(Exception):  # noqa: B017 — what the payload gave is no string
        xr.open_zarr(path, consolidated=False).load()
    assert target.exists(), "the trap would have worked"


def test_nor_does_an_array_of_the_old_format_within_a_store_of_the_new(stored, tmp_path, trusting):
    pickled_array(stored / "evil", tmp_path / "ran")
    with pytest.raises(InfoplaneError, match="is no Trace"):
        read_trace(listed(stored))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"nonsense", b"[1]", b"\xff", b'{"zarr_format":3}']
)
def test_a_store_of_something_else_is_an_error_that_names_it(stored, content):
    for file in ("zarr.json", "I/zarr.json"):
        original = (stored / file).read_bytes()
        (stored / file).write_bytes(content)
        with pytest.raises(InfoplaneError, match=r"trace\.zarr (is no Trace|has schema)"):
            read_trace(listed(stored))
        (stored / file).write_bytes(original)


@pytest.mark.parametrize("content", [b"one word\n", b"\xff\xfe"])
def test_a_damaged_list_of_hashes_is_named(stored, content):
    stored.with_name(f"{stored.name}.{LISTING}").write_bytes(content)
    with pytest.raises(InfoplaneError, match=r"sha256sums is damaged\. "):
        read_trace(stored)
