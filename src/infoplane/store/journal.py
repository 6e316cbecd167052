"""The journal: every row, on disk the moment it exists.

One line per row: a checksum, a blank, and the row as JSON. Arrays of more than ``LARGE`` numbers
lie beside it as ``.npy`` files, with their own checksum in the line. A line that a crash cut short
is dropped when the journal is opened; every later damage is found by its checksum.
"""

import base64
import hashlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import xarray as xr

from infoplane.store.files import set_aside, sync, write_whole, writing
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row

LARGE = 1 << 14
"""Arrays with more numbers than this get a file of their own."""
KINDS = "fiub"
"""What is measured is numbers, as NumPy's letters say it: floats, integers, yes or no."""
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
"""What a line raises that has a checksum, but is none of ours."""


@final
@dataclass(frozen=True)
class Damage:
    """What was wrong with a journal, and from which line on."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@final
class Journal:
    """An append-only file of rows.

    Args:
        path: The file; large arrays go to the folder ``arrays`` beside it.

    Attributes:
        rows: All intact rows so far, by step.
        damage: What had to be dropped when it was opened, if anything.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        rows, self.damage, intact = _intact(path)
        self.rows = {row.step: row for row in rows}
        if self.damage:
            self._set_aside(intact)

    def append(self, row: Row) -> None:
        """Writes a row and waits until the disk has it.

        A row that is there already, as after a resume, must be the same to the last bit.

        Raises:
            InfoplaneError: The disk refused it, the same step gave another row before, or
                something in it is no number.
        """
        known = self.rows.get(row.step)
        if known is not None:
            if _text(_content(known)) != _text(_content(row)):
                raise InfoplaneError(
                    f"Step {row.step} was measured before with another result. Library versions, "
                    "thread count or machine have changed since; start again in a new folder "
                    "(--runs-dir)."
                )
            return
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            before = self.path.stat().st_size if self.path.exists() else None
            try:
                line = _encoded(row, self.path.parent)
                with self.path.open("ab") as file:
                    file.write(line)
                    file.flush()
                    os.fsync(file.fileno())
            except OSError:
                if self.path.exists():  # leave no half-written line behind
                    os.truncate(self.path, before or 0)
                raise
            if before is None:
                sync(self.path.parent, self.path.parent.parent)
        self.rows[row.step] = row

    def ordered(self) -> list[Row]:
        """All rows by increasing step."""
        return [self.rows[step] for step in sorted(self.rows)]

    def _set_aside(self, intact: int) -> None:
        """Keeps the damaged file under another name and goes on with its intact beginning."""
        content = self.path.read_bytes()
        set_aside(self.path)
        write_whole(self.path, content[:intact])


def rows_so_far(path: Path) -> tuple[list[Row], Damage | None]:
    """The intact rows of a journal that somebody may be writing at this moment; changes nothing.

    A last line that is not yet whole is no damage.
    """
    rows, damage, _ = _intact(path)
    ordered = sorted({row.step: row for row in rows}.values(), key=lambda row: row.step)
    whole = path.exists() and path.read_bytes().count(b"\n")
    return ordered, damage if damage is not None and damage.line <= whole else None


def _intact(path: Path) -> tuple[list[Row], Damage | None, int]:
    """Rows up to the first damage, the damage, and how many bytes are before it."""
    rows: list[Row] = []
    intact = 0
    for number, line in enumerate(_lines(path), 1):
        try:
            rows.append(_decoded(line, path.parent))
        except InfoplaneError as problem:
            return rows, Damage(number, str(problem)), intact
        intact += len(line)
    return rows, None, intact


def _lines(path: Path) -> Iterator[bytes]:
    if path.exists():
        with path.open("rb") as file:
            yield from file


def _encoded(row: Row, folder: Path) -> bytes:
    text = _text({**_content(row), "seconds": dict(row.seconds)})
    for name, array in row.values.items():
        if array.size > LARGE:
            write_whole(folder / _file_of(row.step, name), _npy(array))
    body = text.encode()
    return hashlib.sha256(body).hexdigest().encode() + b" " + body + b"\n"


def _decoded(line: bytes, folder: Path) -> Row:
    if not line.endswith(b"\n"):
        raise InfoplaneError("it was cut short")
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        raise InfoplaneError("its checksum does not match")
    try:
        return _row(json.loads(body), folder)
    except _MALFORMED as problem:
        raise InfoplaneError(f"it is no row ({type(problem).__name__}: {problem})") from problem


def _row(content: dict[str, Any], folder: Path) -> Row:
    """A row from its JSON, which somebody else may have written."""
    step, epoch = content["step"], content["epoch"]
    if type(step) is not int or not isinstance(epoch, int | float):
        raise InfoplaneError(f"it is of step {step!r} in epoch {epoch!r}")
    entries = content["values"].items()
    values = {name: _array(step, name, entry, folder) for name, entry in entries}
    seconds = {part: float(spent) for part, spent in content["seconds"].items()}
    sentences = {str(label): str(said) for label, said in content["sentences"].items()}
    return Row(step, epoch, values, seconds, sentences)


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=True, separators=(",", ":"))


def _content(row: Row) -> dict[str, Any]:
    """A row without its timings, as JSON; equal content means equal to the last bit."""
    values = {name: _entry(row.step, name, array) for name, array in row.values.items()}
    said = dict(row.sentences)
    return {"step": row.step, "epoch": row.epoch, "values": values, "sentences": said}


def _entry(step: int, name: str, array: xr.DataArray) -> dict[str, Any]:
    numbers = np.ascontiguousarray(array.values)
    _require_numbers(name, numbers.dtype)
    entry: dict[str, Any] = {
        "dims": list(array.dims),
        "shape": list(array.shape),
        "coords": {str(key): array.coords[key].values.tolist() for key in array.coords},
        "attrs": dict(array.attrs),
        "dtype": numbers.dtype.str,
    }
    if array.size > LARGE:
        digest = hashlib.sha256(_npy(array)).hexdigest()
        return entry | {"file": _file_of(step, name), "sha256": digest}
    return entry | {"base64": base64.b64encode(numbers.tobytes()).decode()}


def _array(step: int, name: str, entry: dict[str, Any], folder: Path) -> xr.DataArray:
    kind = np.dtype(entry["dtype"])
    _require_numbers(name, kind)
    if "file" in entry:
        numbers = _beside(step, name, entry, folder)
    else:
        raw = np.frombuffer(base64.b64decode(entry["base64"]), dtype=kind)
        numbers = raw.reshape(entry["shape"])
    if (numbers.dtype, list(numbers.shape)) != (kind, entry["shape"]):
        raise InfoplaneError(f"its array {name} is of another kind or shape than the line says")
    return xr.DataArray(numbers, dims=entry["dims"], coords=entry["coords"], attrs=entry["attrs"])


def _beside(step: int, name: str, entry: dict[str, Any], folder: Path) -> np.ndarray:
    """An array from the file that is its own; the line may name no other."""
    if entry["file"] != _file_of(step, name):
        raise InfoplaneError(f"its array {name} lies at {entry['file']!r}, where no array may lie")
    return _read_npy(folder / entry["file"], entry["sha256"])


def _file_of(step: int, name: str) -> str:
    if any(mark in name for mark in "/\\:\0"):
        raise InfoplaneError(
            f"The variable {name!r} cannot be kept in a file of its name; rename it."
        )
    return f"arrays/{step}-{name}.npy"


def _require_numbers(name: str, kind: np.dtype) -> None:
    if kind.kind not in KINDS:
        raise InfoplaneError(f"The variable {name!r} holds {kind}, but a journal keeps numbers.")


def _npy(array: xr.DataArray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array.values), allow_pickle=False)
    return buffer.getvalue()


def _read_npy(path: Path, digest: str) -> np.ndarray:
    if not path.is_file():
        raise InfoplaneError(f"its array {path.name} is missing")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise InfoplaneError(f"the checksum of its array {path.name} does not match")
    return np.load(io.BytesIO(content), allow_pickle=False)
