"""Copies of a run folder in a remote place, through fsspec; data only.

A copy is whole or says that it is not: the manifest is read before the other files and written
after them. Whatever a machine that died left half-written there is found by the checksums of
journal, checkpoints and Trace, and computed again.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import final

from infoplane.engine.claim import CLAIM
from infoplane.engine.remote import Place
from infoplane.store.files import write_whole, writing
from infoplane.values.errors import InfoplaneError

MANIFEST = "manifest.json"
BATCH = 1 << 26
"""Bytes that travel, and are held in memory, at once; a larger file travels alone."""
_ORDER = ("arrays", "journal.jsonl", "checkpoints")
"""What goes first: a line of the journal names its arrays, and a checkpoint follows its rows."""


@final
class Mirror:
    """The copy of one run folder at a URL.

    Args:
        url: Of the copy, such as ``s3://bucket/runs/autoencoder/0123456789ab``; whatever fsspec
            understands. For most schemes it needs one more package, which the error names.
        folder: The run folder on this machine.

    Raises:
        InfoplaneError: fsspec or its part for this scheme is missing, or there is no such scheme.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self._place = Place(url)
        self._sent: dict[str, str] = {}

    def __str__(self) -> str:
        return str(self._place)

    def fetch(self) -> bool:
        """Brings what is there; a complete run replaces what is here, file by file.

        Whoever calls it sees to it that nobody else writes into the folder here meanwhile.

        Returns:
            Whether a complete run was there. Nothing at all there is fine.

        Raises:
            InfoplaneError: The place cannot be read, lists a name that leads out of the folder,
                or the folder here cannot be written.
        """
        with self._place.reached():
            manifest = self._place.read(MANIFEST)
            sizes = self._listing()
        for batch in _batches(sizes):
            self._bring(batch)
        if _complete(manifest):
            self._drop_all_but(sizes)
        if manifest is not None:
            self._keep(MANIFEST, manifest)
        return _complete(manifest)

    def push(self) -> None:
        """Takes what is new or changed there, and removes what is gone here; the manifest last.

        A run that is complete there is left alone by one that is not. A folder without a manifest
        is no run, and is not taken anywhere.

        Raises:
            InfoplaneError: The place cannot be written, or a file here cannot be read.
        """
        manifest = _content(self.folder / MANIFEST)  # before the rest, so it never runs ahead
        if manifest is None:
            return
        here = _hashes(self.folder)
        with self._place.reached():
            there, complete = self._listing(), _complete(self._place.read(MANIFEST))
            if complete and not _complete(manifest):
                return
            new = {n: s for n, (d, s) in here.items() if n not in there or self._sent.get(n) != d}
            gone = there.keys() - here.keys()
            if complete and (new or gone):
                self._remove(MANIFEST)  # until all of the new one is there, none is called complete
            for batch in _batches(new):
                self._take(batch)
            for name in gone:
                self._remove(name)
            if new or gone or self._sent.get(MANIFEST) != _digest(manifest):
                self._put({MANIFEST: manifest})

    def _bring(self, names: list[str]) -> None:
        with self._place.reached():
            paths = [self._place.at(name) for name in names]
            found = self._place.files.cat(paths, on_error="return")
        for name in names:
            content = found[self._place.at(name)]
            if isinstance(content, FileNotFoundError):
                continue  # somebody who is still at work has replaced it by another
            if isinstance(content, Exception):
                with self._place.reached():
                    raise content
            self._keep(name, content)

    def _keep(self, name: str, content: bytes) -> None:
        write_whole(self.folder / name, content)
        self._sent[name] = _digest(content)

    def _take(self, names: list[str]) -> None:
        contents = {name: _content(self.folder / name) for name in names}
        self._put({name: content for name, content in contents.items() if content is not None})

    def _put(self, contents: Mapping[str, bytes]) -> None:
        self._place.write(contents)
        self._sent |= {name: _digest(content) for name, content in contents.items()}

    def _remove(self, name: str) -> None:
        self._place.remove(name)
        self._sent.pop(name, None)

    def _listing(self) -> dict[str, int]:
        """The size in bytes of each file there but manifest and claim, by its name."""
        return {n: size for n, size in self._place.sizes().items() if n not in (MANIFEST, CLAIM)}

    def _drop_all_but(self, names: Iterable[str]) -> None:
        """Removes files here that a complete run does not have, such as its checkpoints."""
        with writing(self.folder):
            for name in _hashes(self.folder).keys() - set(names):
                (self.folder / name).unlink(missing_ok=True)


def _batches(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Names in the order in which they should travel, as many as fit into ``BATCH`` at once."""
    batch: list[str] = []
    weight = 0
    for name in sorted(sizes, key=_rank):
        if batch and weight + sizes[name] > BATCH:
            yield batch
            batch, weight = [], 0
        batch.append(name)
        weight += sizes[name]
    if batch:
        yield batch


def _rank(name: str) -> tuple[int, str]:
    top = name.partition("/")[0]
    return (_ORDER.index(top) if top in _ORDER else len(_ORDER), name)


def _hashes(folder: Path) -> dict[str, tuple[str, int]]:
    """Digest and size of every finished file of a run but its manifest, by name."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name not in (MANIFEST, CLAIM, ".lock") and not _unfinished(name):
            content = _content(path) if path.is_file() and not path.is_symlink() else None
            if content is not None:
                found[name] = (_digest(content), len(content))
    return found


def _unfinished(name: str) -> bool:
    return any(part.endswith(".partial") for part in PurePosixPath(name).parts)


def _content(path: Path) -> bytes | None:
    """A file's content; None if it is gone by now, as an old checkpoint may be."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise InfoplaneError(f"{path} cannot be read: {problem}.") from problem


def _complete(manifest: bytes | None) -> bool:
    """Whether a manifest says that its run is complete."""
    try:
        content = json.loads(manifest or b"null")
    except ValueError:
        return False
    return isinstance(content, dict) and content.get("status") == "complete"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
