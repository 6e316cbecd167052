import gzip
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from infoplane.datasets.idx import read_idx
from infoplane.values.errors import InfoplaneError

ARRAYS = st.sampled_from([1, 3]).flatmap(
    lambda d: arrays(np.uint8, array_shapes(min_dims=d, max_dims=d, min_side=0, max_side=6))
)


@pytest.fixture(scope="session")
def file(tmp_path_factory):
    """One path that every example writes anew."""
    return tmp_path_factory.mktemp("idx") / "some-idx-ubyte"


@given(array=ARRAYS, pack=st.booleans())
def test_what_is_written_is_read(file, idx_bytes, array, pack):
    content = idx_bytes(array)
    file.write_bytes(gzip.compress(content) if pack else content)
    read = read_idx(file)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)


@given(array=ARRAYS, pack=st.booleans(), data=st.data())
def test_a_file_cut_anywhere_is_an_error(file, idx_bytes, array, pack, data):
    whole = gzip.compress(idx_bytes(array)) if pack else idx_bytes(array)
    keep = data.draw(st.integers(0, len(whole) - 1))
    file.write_bytes(whole[:keep])
    with pytest.raises(InfoplaneError, match=rf"{re.escape(str(file))} is damaged: .*Delete it"):
        read_idx(file)


@given(array=ARRAYS, pack=st.booleans(), extra=st.binary(min_size=1, max_size=9))
def test_bytes_too_many_are_an_error(file, idx_bytes, array, pack, extra):
    content = idx_bytes(array) + extra
    file.write_bytes(gzip.compress(content) if pack else content)
    with pytest.raises(InfoplaneError, match=f"found {len(content)}"):
        read_idx(file)


@given(array=ARRAYS, data=st.data())
def test_a_flipped_byte_in_a_packed_file_is_never_data(file, idx_bytes, array, data):
    whole = bytearray(gzip.compress(idx_bytes(array)))
    place = data.draw(st.integers(10, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(whole)
    try:
        read = read_idx(file)
    except InfoplaneError:
        return
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "found an empty file"),
        (b"\x89PNG\r\n", "found 89 50 4e 47"),
        (b"<!DOCTYPE html>", "expected an IDX magic number"),
        (b"\0\0\x08", "found 00 00 08"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "expected unsigned bytes .*found type 0x0d"),
        (b"\0\0\x08\x02" + b"\0\0\0\x01" * 2 + b"\0", "expected 1 dimension .* or 3 .*, found 2"),
        (b"\0\0\x08\x03" + b"\0\0\0\x01" * 2, "expected a header of 16 bytes, found 12"),
        (b"\0\0\x08\x01\0\0\0\x05abc", "expected 13 bytes for 5 elements, found 11"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "expected .* bytes for 4294967295x"),
        (b"\x1f\x8b" + b"\0" * 30, "expected one whole gzip stream"),
    ],
)
def test_each_kind_of_damage_says_what_was_found(file, content, complaint):
    file.write_bytes(content)
    with pytest.raises(InfoplaneError, match=complaint):
        read_idx(file)


def test_a_wrong_checksum_is_damage(file, idx_bytes):
    whole = bytearray(gzip.compress(idx_bytes(np.arange(50, dtype=np.uint8))))
    whole[-8] ^= 1
    file.write_bytes(whole)
    with pytest.raises(InfoplaneError, match="is damaged: .*CRC"):
        read_idx(file)


def test_a_gzip_stream_followed_by_rubbish_is_damage(file, idx_bytes):
    file.write_bytes(gzip.compress(idx_bytes(np.arange(5, dtype=np.uint8))) + b"rubbish")
    with pytest.raises(InfoplaneError, match="is damaged: expected one whole gzip stream"):
        read_idx(file)


def test_what_cannot_be_opened_is_an_error(tmp_path):
    with pytest.raises(InfoplaneError, match="cannot be read: Is a directory"):
        read_idx(tmp_path)
    with pytest.raises(InfoplaneError, match="cannot be read: No such file.*Ask Ann"):
        read_idx(tmp_path / "absent", remedy="Ask Ann.")
