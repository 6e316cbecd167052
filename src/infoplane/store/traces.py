"""A Trace as Zarr 3, with checksums; what is not exactly what was written is refused."""

import hashlib
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr
import zarr
from zarr.codecs import Crc32cCodec

from infoplane.store.files import sync, write_whole, writing
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import SCHEMA_VERSION, Trace

LISTING = "sha256sums"
"""Beside the store: the hash of each of its files, in the format of ``sha256sum``."""
FORMAT = 3
"""Of Zarr. The filters of an array in format 2 may be pickle, and its chunks then execute code."""
_KIND: Mapping[str, Any] = {"consolidated": False, "zarr_format": FORMAT}
_REMEDY = (
    "An experiment: run the same command again, the Trace is written anew from the journal and "
    "nothing is computed twice. A network watched by ip.watch: go on in the same folder "
    "(start=… the step of its last moment), which writes it anew, too."
)


def write_trace(path: Path, trace: Trace) -> None:
    """Writes a Trace as Zarr with a checksum on every chunk, and the hash of every file beside it.

    Raises:
        InfoplaneError: The disk refused it.
    """
    unfinished = path.with_name(path.name + ".partial")
    with writing(path):
        shutil.rmtree(unfinished, ignore_errors=True)
        encoding = {
            name: {"compressors": (Crc32cCodec(),)}
            for name in trace.variables
            if trace[name].dtype.kind in "fiu"
        }
        with warnings.catch_warnings(), zarr.config.set({"array.write_empty_chunks": True}):
            # fixed-length strings have no Zarr 3 specification yet; ours are read by xarray alone
            warnings.filterwarnings("ignore", message=".*does not have a Zarr V3 specification.*")
            trace.to_zarr(unfinished, mode="w", encoding=encoding, **_KIND)
        sync(*unfinished.rglob("*"), unfinished)
        _listing(path).unlink(missing_ok=True)
        _remove(path)
        unfinished.replace(path)
        sync(path.parent)
    listing = "".join(f"{digest}  {name}\n" for name, digest in _hashes(path).items())
    write_whole(_listing(path), listing.encode())


def read_trace(path: Path) -> Trace:
    """Reads a Trace into memory, its variables in the order of their names.

    Raises:
        InfoplaneError: A file of it is missing, changed or extra; it is no Trace; or a newer
            version wrote it.
    """
    verify(path)
    trace = _loaded(path)
    version = trace.attrs.get("schema_version")
    if version != SCHEMA_VERSION:
        raise InfoplaneError(
            f"{path} has schema version {version}, this program reads {SCHEMA_VERSION}; "
            "use the version of infoplane that wrote it."
        )
    return trace[sorted(trace.data_vars, key=str)]  # the disk lists them in no order of its own


def verify(path: Path) -> None:
    """Compares every file of a stored Trace with its hash.

    Raises:
        InfoplaneError: Which file is missing, changed or extra.
    """
    if not path.is_dir() or not _listing(path).is_file():
        raise InfoplaneError(f"{path} is missing or unfinished. {_REMEDY}")
    expected = _listed(path)
    found = _hashes(path)
    if missing := sorted(expected.keys() - found.keys()):
        raise InfoplaneError(f"{path} lacks {missing}. {_REMEDY}")
    if changed := sorted(name for name in found if found[name] != expected.get(name)):
        raise InfoplaneError(f"{path} is damaged: {changed} is not what was written. {_REMEDY}")


def _remove(path: Path) -> None:
    """Removes what lies there, be it a store or a stray file."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _loaded(path: Path) -> Trace:
    """A store's content in memory, where it may come from anywhere."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have a Zarr V3 specification.*")
            with xr.open_zarr(path, **_KIND) as stored:
                return stored.load()
    except Exception as problem:  # there is no end of ways in which it may be malformed
        raise InfoplaneError(
            f"{path} is no Trace that infoplane has written: "
            f"{type(problem).__name__} {problem}".rstrip()
        ) from problem


def _listed(path: Path) -> dict[str, str]:
    """The hash that every file should have."""
    try:
        lines = _listing(path).read_text(encoding="utf-8").splitlines()
        return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    except ValueError as problem:
        raise InfoplaneError(f"{_listing(path)} is damaged. {_REMEDY}") from problem


def _listing(path: Path) -> Path:
    return path.with_name(f"{path.name}.{LISTING}")


def _hashes(path: Path) -> dict[str, str]:
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return {
        file.relative_to(path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }
