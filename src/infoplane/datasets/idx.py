"""The IDX format of MNIST and its kin, read strictly: a damaged file is an error, never data."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from infoplane.values.errors import InfoplaneError

GZIP = b"\x1f\x8b"
"""The first two bytes of a compressed file; its name may say otherwise."""

UNSIGNED_BYTES = 0x08
"""The third byte of the magic number: the type of the elements."""

DIMENSIONS = (1, 3)
"""The fourth byte of the magic number: labels (n,) or images (n, h, w)."""


def read_idx(path: Path, remedy: str = "Delete it and fetch it again.") -> UInt8[np.ndarray, "..."]:
    """The array in an IDX1 or IDX3 file of unsigned bytes, compressed or not; read-only.

    Args:
        path: The file.
        remedy: What the reader of an error can do about a damaged file.

    Raises:
        InfoplaneError: The file cannot be read or is not exactly one such array: another kind of
            file, cut short, or with bytes too many.
    """
    try:
        content = _uncompressed(path)
        start, shape = _header(content)
        _check_length(len(content), start, shape)
    except OSError as problem:
        raise InfoplaneError(f"{path} cannot be read: {problem.strerror}. {remedy}") from problem
    except _Damage as damage:
        raise InfoplaneError(f"{path} is damaged: {damage}. {remedy}") from damage
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


class _Damage(Exception):
    """What was expected and what was found."""


def _uncompressed(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise _Damage(f"expected one whole gzip stream, found {problem}") from problem


def _header(content: bytes) -> tuple[int, tuple[int, ...]]:
    """Where the elements start, and the shape of the array."""
    if len(content) < 4 or content[:2] != b"\0\0":
        raise _Damage(
            "expected an IDX magic number (00 00 08 01 or 00 00 08 03), "
            f"found {content[:4].hex(' ') or 'an empty file'}"
        )
    element, dimensions = content[2], content[3]
    if element != UNSIGNED_BYTES:
        raise _Damage(
            f"expected unsigned bytes (type {UNSIGNED_BYTES:#04x}), found type {element:#04x}"
        )
    if dimensions not in DIMENSIONS:
        raise _Damage(f"expected 1 dimension (labels) or 3 (images), found {dimensions}")
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise _Damage(f"expected a header of {start} bytes, found {len(content)} bytes in all")
    return start, tuple(int(size) for size in np.frombuffer(content[4:start], ">u4"))


def _check_length(length: int, start: int, shape: tuple[int, ...]) -> None:
    expected = start + math.prod(shape)
    if length != expected:
        lengths = "x".join(map(str, shape))
        raise _Damage(f"expected {expected} bytes for {lengths} elements, found {length}")
