import hashlib
import json
import math

import numpy as np
import pytest
import xarray as xr

from infoplane.store import journal as module
from infoplane.store.journal import Journal
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row


def row(step, value=1.0, size=3):
    numbers = np.full(size, value)
    numbers[0] = np.nan
    array = xr.DataArray(
        numbers,
        dims="layer",
        coords={"layer": [f"l{i}" for i in range(size)]},
        attrs={"unit": "bit"},
    )
    return Row(step, step / 10, {"I": array}, {"gram": 0.5})


@pytest.fixture
def written(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    for step in (0, 1, 5):
        journal.append(row(step, 1 / 3 + step))
    return journal.path


def steps(path):
    return [row.step for row in Journal(path).ordered()]


def test_rows_come_back_to_the_last_bit(written):
    reopened = Journal(written)
    assert reopened.damage is None
    assert sorted(reopened.rows) == [0, 1, 5]
    original = row(5, 1 / 3 + 5)
    assert reopened.rows[5].values["I"].identical(original.values["I"])
    assert reopened.rows[5].seconds == original.seconds
    assert reopened.rows[5].epoch == original.epoch


def test_a_line_that_was_cut_short_is_dropped_and_the_rest_kept(written):
    content = written.read_bytes()
    for cut in (1, 20, len(content.splitlines(keepends=True)[-1]) - 1):
        written.write_bytes(content[:-cut])
        reopened = Journal(written)
        assert "line 3: it was cut short" in str(reopened.damage)
        assert sorted(reopened.rows) == [0, 1]
        assert steps(written) == [0, 1]
        assert Journal(written).damage is None
    assert list(written.parent.glob("*.damaged-*"))


def test_a_flipped_byte_is_found_in_any_line(written):
    content = written.read_bytes()
    lines = content.splitlines(keepends=True)
    for number in range(3):
        broken = bytearray(lines[number])
        broken[len(broken) // 2] ^= 1
        written.write_bytes(b"".join([*lines[:number], bytes(broken), *lines[number + 1 :]]))
        reopened = Journal(written)
        assert reopened.damage is not None and reopened.damage.line == number + 1
        assert "checksum" in str(reopened.damage)
        assert sorted(reopened.rows) == [0, 1, 5][:number]


def test_a_row_measured_again_must_be_the_same(written):
    journal = Journal(written)
    before = written.read_bytes()
    journal.append(row(5, 1 / 3 + 5))
    assert written.read_bytes() == before
    with pytest.raises(InfoplaneError, match="Step 5 was measured before with another result"):
        journal.append(row(5, 0.1))


def test_large_arrays_have_files_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGE", 2)
    path = tmp_path / "journal.jsonl"
    Journal(path).append(row(7))
    file = tmp_path / "arrays" / "7-I.npy"
    assert np.isnan(np.load(file)[0])
    assert Journal(path).rows[7].values["I"].identical(row(7).values["I"])
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert "7-I.npy does not match" in str(Journal(path).damage)
    Journal(path).append(row(7))
    file.unlink()
    assert "7-I.npy is missing" in str(Journal(path).damage)


def crafted(path, change):
    """A journal of one row, changed by somebody who knows how to make a checksum."""
    Journal(path).append(row(7))
    content = json.loads(path.read_bytes().partition(b" ")[2])
    change(content)
    body = json.dumps(content).encode()
    path.write_bytes(hashlib.sha256(body).hexdigest().encode() + b" " + body + b"\n")
    return str(Journal(path).damage)


@pytest.mark.parametrize("place", ["../secret.npy", "/etc/passwd", "arrays/8-I.npy", 3, None])
def test_a_line_names_no_file_but_its_own(tmp_path, place):
    path = tmp_path / "run" / "journal.jsonl"
    np.save(tmp_path / "secret.npy", np.arange(3.0))
    digest = hashlib.sha256((tmp_path / "secret.npy").read_bytes()).hexdigest()
    changed = crafted(path, lambda c: c["values"]["I"].update(file=place, sha256=digest))
    assert f"lies at {place!r}, where no array may lie" in changed


@pytest.mark.parametrize("name", ["../../secret", "..\\secret", "C:secret", "a\0b"])
def test_a_variable_of_a_file_s_name_is_refused(tmp_path, monkeypatch, name):
    def change(content):
        entry = content["values"].pop("I")
        content["values"][name] = entry | {"file": f"arrays/7-{name}.npy", "sha256": ""}

    assert "cannot be kept in a file" in crafted(tmp_path / "journal.jsonl", change)
    monkeypatch.setattr(module, "LARGE", 2)
    with pytest.raises(InfoplaneError, match="cannot be kept in a file"):
        Journal(tmp_path / "other.jsonl").append(Row(0, 0.0, {name: row(0).values["I"]}))


@pytest.mark.parametrize("kind", ["|O", "<U3", "|V8", "<c16", "<M8[s]", "no kind", 5])
def test_only_numbers_are_read(tmp_path, kind):
    damage = crafted(tmp_path / "journal.jsonl", lambda c: c["values"]["I"].update(dtype=kind))
    assert "a journal keeps numbers" in damage or "it is no row (TypeError" in damage


@pytest.mark.parametrize("values", [["a", "b"], [1j], [None]])
def test_only_numbers_are_written(tmp_path, values):
    array = xr.DataArray(np.array(values), dims="layer")
    with pytest.raises(InfoplaneError, match="'I' holds .* a journal keeps numbers"):
        Journal(tmp_path / "journal.jsonl").append(Row(0, 0.0, {"I": array}))
    assert not (tmp_path / "journal.jsonl").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.pop("epoch"),
        lambda c: c.update(step="7"),
        lambda c: c.update(step=True),
        lambda c: c.update(values=3),
        lambda c: c.update(seconds={"gram": "long"}),
        lambda c: c["values"]["I"].update(shape=[4]),
        lambda c: c["values"]["I"].update(shape=[-1]),
        lambda c: c["values"]["I"].update(dims=["a", "b"]),
        lambda c: c["values"]["I"].update(base64="!"),
        lambda c: c["values"]["I"].update(attrs=3),
    ],
)
def test_a_line_with_a_checksum_that_is_no_row_is_damage(tmp_path, change):
    assert crafted(tmp_path / "journal.jsonl", change).startswith("line 1: ")


def test_a_row_without_an_epoch_may_be_measured_again(tmp_path):
    array = row(3).values["I"]
    Journal(tmp_path / "journal.jsonl").append(Row(3, math.nan, {"I": array}))
    Journal(tmp_path / "journal.jsonl").append(Row(3, float("nan"), {"I": array}))
    assert steps(tmp_path / "journal.jsonl") == [3]
