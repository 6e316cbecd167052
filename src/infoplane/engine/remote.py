"""A folder in a remote place, through fsspec, and what goes wrong there in words."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC
from typing import Any, final

from infoplane.values.errors import InfoplaneError


@final
class Place:
    """The remote folder of one run.

    Args:
        url: Such as ``s3://bucket/runs/autoencoder/0123456789ab``; whatever fsspec understands.
            For most schemes it needs one more package, which the error names.

    Raises:
        InfoplaneError: fsspec or its part for this scheme is missing, or there is no such scheme.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        with self.reached():
            self.files, root = _located(url)
        self.root = root.rstrip("/")

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Turns whatever a file system raises into one error with the URL and the cause."""
        try:
            yield
        except InfoplaneError:
            raise
        except Exception as problem:  # every service has errors of its own, with no common base
            cause = _public(f"{type(problem).__name__}: {problem}".rstrip(": "))
            raise InfoplaneError(
                f"The remote folder {self} cannot be used: {cause}. Check the URL, the "
                "credentials and the network; then go on by the same command."
            ) from problem

    def at(self, name: str) -> str:
        """The path of a file by its name in the folder."""
        return f"{self.root}/{name}"

    def sizes(self) -> dict[str, int]:
        """The size in bytes of each file, by its name in the folder; empty if there is no folder.

        Raises:
            InfoplaneError: It lists a name that leads out of the folder.
        """
        self.files.invalidate_cache()
        try:
            found = self.files.find(self.root, detail=True)
        except FileNotFoundError:
            return {}
        return {
            self._name(path): int(entry.get("size") or 0)
            for path, entry in found.items()
            if entry.get("type") != "directory"
        }

    def read(self, name: str) -> bytes | None:
        """A file's content; None if there is none."""
        try:
            return self.files.cat_file(self.at(name))
        except FileNotFoundError:
            return None

    def modified(self, name: str) -> float | None:
        """When a file was written, in seconds by the server's clock; None if it does not say."""
        self.files.invalidate_cache()
        try:
            time = self.files.modified(self.at(name))
        except (NotImplementedError, RuntimeError, FileNotFoundError):
            return None
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Writes files, and makes the folders that they need."""
        files = {self.at(name): content for name, content in contents.items()}
        try:
            self.files.pipe(files)
        except FileNotFoundError:  # a place with real folders, which must be made
            self._make_above(files)
            self.files.pipe(files)

    def create(self, name: str, content: bytes) -> None:
        """Writes a file that must not be there yet, where the file system can promise that.

        Raises:
            FileExistsError: It is there.
        """
        path = self.at(name)
        try:
            file = self.files.open(path, "xb")
        except FileNotFoundError:
            self._make_above({path: content})
            file = self.files.open(path, "xb")
        with file:
            file.write(content)

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        with suppress(FileNotFoundError):
            self.files.rm_file(self.at(name))

    def __str__(self) -> str:
        return _public(self.url)

    def _make_above(self, files: Mapping[str, bytes]) -> None:
        """Makes the folders of files, but no bucket: that would be a misspelt name's."""
        for folder in sorted({path.rpartition("/")[0] for path in files}):
            start = "/" if folder.startswith("/") else ""
            parts = folder.strip("/").split("/")
            for depth in range(2, len(parts) + 1):
                path = start + "/".join(parts[:depth])
                if not self.files.isdir(path):
                    with suppress(FileExistsError):
                        self.files.mkdir(path, create_parents=False)

    def _name(self, path: str) -> str:
        """A listed path relative to the folder; nothing may lead out of it."""
        name = path.removeprefix(self.root + "/")
        parts = name.split("/")
        if name == path or any(p in ("", ".", "..") or set(p) & set("\\:\0") for p in parts):
            raise InfoplaneError(
                f"{self} lists {path!r}, which is no file of a run folder; "
                "remove it there, or choose another place."
            )
        return name


def _located(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path there."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise InfoplaneError(
            'A remote folder needs fsspec; install it with: pip install "infoplane[ray]"'
        ) from None
    return url_to_fs(url)


def _public(words: str) -> str:
    """Words without the names and passwords that URLs in them may hold."""
    return re.sub(r"(?<=://)[^/@\s]*@", "", words)
