import numpy as np
import pytest
import xarray as xr
import zarr

from infoplane.store.traces import read_trace, write_trace
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
        with pytest.raises(InfoplaneError, match="damaged.*Run the same command again"):
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
