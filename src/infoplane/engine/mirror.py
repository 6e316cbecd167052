"""Copies of a run folder in a remote place, through fsspec; data only.

A copy is whole or says that it is not: the manifest is read before the other files and written
after them. Whatever a machine that died left half-written there is found by the checksums of
journal, checkpoints and Trace, and computed again.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, final

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
        self.url, self.folder = url, folder
        with _reaching(url):
            self._files, root = _located(url)
        self._root = root.rstrip("/")
        self._sent: dict[str, str] = {}

    def fetch(self) -> bool:
        """Brings what is there; a complete run replaces what is here, file by file.

        Whoever calls it sees to it that nobody else writes into the folder here meanwhile.

        Returns:
            Whether a complete run was there. Nothing at all there is fine.

        Raises:
            InfoplaneError: The place cannot be read, lists a name that leads out of the folder,
                or the folder here cannot be written.
        """
        with _reaching(self.url):
            manifest = self._manifest()
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
        with _reaching(self.url):
            there, complete = self._listing(), _complete(self._manifest())
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
        with _reaching(self.url):
            found = self._files.cat([self._at(name) for name in names], on_error="return")
        for name in names:
            content = found[self._at(name)]
            if isinstance(content, FileNotFoundError):
                continue  # somebody who is still at work has replaced it by another
            if isinstance(content, Exception):
                with _reaching(self.url):
                    raise content
            self._keep(name, content)

    def _keep(self, name: str, content: bytes) -> None:
        write_whole(self.folder / name, content)
        self._sent[name] = _digest(content)

    def _take(self, names: list[str]) -> None:
        contents = {name: _content(self.folder / name) for name in names}
        self._put({name: content for name, content in contents.items() if content is not None})

    def _put(self, contents: Mapping[str, bytes]) -> None:
        files = {self._at(name): content for name, content in contents.items()}
        try:
            self._files.pipe(files)
        except FileNotFoundError:  # a place with real folders, which must be made
            for folder in sorted({path.rpartition("/")[0] for path in files}):
                self._make(folder)
            self._files.pipe(files)
        self._sent |= {name: _digest(content) for name, content in contents.items()}

    def _make(self, folder: str) -> None:
        """Makes a folder and those above it, but no bucket: that would be a misspelt name's."""
        start = "/" if folder.startswith("/") else ""
        parts = folder.strip("/").split("/")
        for depth in range(2, len(parts) + 1):
            path = start + "/".join(parts[:depth])
            if not self._files.isdir(path):
                with suppress(FileExistsError):
                    self._files.mkdir(path, create_parents=False)

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._files.rm_file(self._at(name))
        self._sent.pop(name, None)

    def _manifest(self) -> bytes | None:
        try:
            return self._files.cat_file(self._at(MANIFEST))
        except FileNotFoundError:
            return None

    def _listing(self) -> dict[str, int]:
        """The size in bytes of each file there but the manifest, by its name in the folder."""
        self._files.invalidate_cache()
        try:
            found = self._files.find(self._root, detail=True)
        except FileNotFoundError:
            return {}
        sizes = {
            self._name(path): int(entry.get("size") or 0)
            for path, entry in found.items()
            if entry.get("type") != "directory"
        }
        return {name: size for name, size in sizes.items() if name != MANIFEST}

    def _name(self, path: str) -> str:
        """A listed path relative to the folder; nothing may lead out of it."""
        name = path.removeprefix(self._root + "/")
        parts = name.split("/")
        if name == path or any(p in ("", ".", "..") or set(p) & set("\\:\0") for p in parts):
            raise InfoplaneError(
                f"{_public(self.url)} lists {path!r}, which is no file of a run folder; "
                "remove it there, or choose another place."
            )
        return name

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _drop_all_but(self, names: Iterable[str]) -> None:
        """Removes files here that a complete run does not have, such as its checkpoints."""
        with writing(self.folder):
            for name in _hashes(self.folder).keys() - set(names):
                (self.folder / name).unlink(missing_ok=True)


def _located(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path there."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise InfoplaneError(
            'A remote folder needs fsspec; install it with: pip install "infoplane[ray]"'
        ) from None
    return url_to_fs(url)


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    """Turns whatever a file system raises into one error with the URL and the cause."""
    try:
        yield
    except InfoplaneError:
        raise
    except Exception as problem:  # every service has errors of its own, with no common base
        cause = _public(f"{type(problem).__name__}: {problem}".rstrip(": "))
        raise InfoplaneError(
            f"The remote folder {_public(url)} cannot be used: {cause}. Check the URL, the "
            "credentials and the network; then go on by the same command."
        ) from problem


def _public(words: str) -> str:
    """Words without the names and passwords that URLs in them may hold."""
    return re.sub(r"(?<=://)[^/@\s]*@", "", words)


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
        if name not in (MANIFEST, ".lock") and not _unfinished(name):
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
