"""Downloads that are either exactly the file that was meant, or an error."""

import os
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from tempfile import mkstemp
from typing import IO, Protocol, final, runtime_checkable

import pooch
from rich.console import Console
from rich.progress import Progress, TaskID

from infoplane.values.errors import InfoplaneError

CHUNK = 1 << 16
"""Bytes that are written, and counted by the progress bar, at a time."""

AS_STORED = {"Accept-Encoding": "identity"}
"""Request headers: a .gz must not be unpacked on its way."""


@runtime_checkable
class Remote(Protocol):
    """A place on the net that has the files of an archive."""

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Puts the named files into ``folder``, which exists; each appears there whole or not."""
        ...


@final
@dataclass(frozen=True)
class Loose:
    """Single files.

    Attributes:
        bases: The same folder on several mirrors, tried in order; each ends with a slash.
        sha256: Checksum of every file, by its name.
    """

    bases: tuple[str, ...]
    sha256: Mapping[str, str]

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads each file by itself.

        Raises:
            InfoplaneError: No mirror has a file with the right checksum.
        """
        remedy = f"put {', '.join(names)} into {folder}"
        for name in names:
            urls = [base + name for base in self.bases]
            with _downloaded(urls, self.sha256[name], folder, remedy) as file:
                file.replace(folder / name)


@final
@dataclass(frozen=True)
class Zipped:
    """Files inside one ZIP archive.

    Attributes:
        urls: The archive on several mirrors, tried in order.
        sha256: Its checksum.
        inside: The folder of the files within the archive; it ends with a slash.
    """

    urls: tuple[str, ...]
    sha256: str
    inside: str

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads the archive, unpacks the named files and drops the rest.

        Raises:
            InfoplaneError: No mirror has the archive with the right checksum.
        """
        remedy = f"unpack the archive's {', '.join(names)} into {folder}"
        with (
            _downloaded(self.urls, self.sha256, folder, remedy) as file,
            zipfile.ZipFile(file) as archive,
        ):
            for name in names:
                with archive.open(self.inside + name) as packed, _whole(folder / name) as target:
                    copyfileobj(packed, target, CHUNK)


@final
@dataclass(frozen=True)
class Tarred:
    """Files inside one compressed TAR archive.

    Attributes:
        urls: The archive on several mirrors, tried in order.
        sha256: Its checksum.
        inside: The folder of the files within the archive; it ends with a slash.
    """

    urls: tuple[str, ...]
    sha256: str
    inside: str

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Downloads the archive, unpacks the named files and drops the rest.

        Raises:
            InfoplaneError: No mirror has the archive with the right checksum.
        """
        remedy = f"unpack the archive's {', '.join(names)} into {folder}"
        with (
            _downloaded(self.urls, self.sha256, folder, remedy) as file,
            tarfile.open(file, "r:gz") as archive,
        ):
            for name in names:
                packed = archive.extractfile(self.inside + name)
                assert packed is not None  # an archive of this checksum has it as a plain file
                with packed, _whole(folder / name) as target:
                    copyfileobj(packed, target, CHUNK)


@contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """A file to write into, which appears under its name when all is written."""
    with _scratch(path.parent) as unpacked:
        with unpacked.open("wb") as target:
            yield target
        unpacked.replace(path)


@contextmanager
def _downloaded(urls: Sequence[str], sha256: str, folder: Path, remedy: str) -> Iterator[Path]:
    """A file in ``folder`` with the right checksum, gone after the block unless it was renamed."""
    with _scratch(folder) as file:
        complaints = []
        for url in urls:
            complaint = _download(url, sha256, file)
            if complaint is None:
                break
            complaints.append(f"{url}: {complaint}")
        else:
            raise InfoplaneError(
                f"The download failed ({'; '.join(complaints)}); try again later, or {remedy} "
                "by hand."
            )
        yield file


def _download(url: str, sha256: str, file: Path) -> str | None:
    """Fills ``file`` anew; says what is wrong with the outcome, None if nothing is."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = _Bar(progress, progress.add_task(url.rsplit("/", 1)[-1], total=None))
        download = pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK, headers=AS_STORED)
        try:
            download(url, str(file), None)
        except OSError as problem:
            return _reason(problem)
    found = pooch.file_hash(str(file))
    if found == sha256:
        return None
    return f"{file.stat().st_size} bytes, expected SHA-256 {sha256}, found {found}"


def _reason(problem: OSError) -> str:
    """What went wrong at first, such as "Connection refused", without all that followed from it."""
    response = getattr(problem, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason}"
    root: BaseException = problem
    while root.__context__ is not None:
        root = root.__context__
    return getattr(root, "strerror", None) or str(root)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty file of a name of its own, gone after the block unless it was renamed."""
    handle, name = mkstemp(dir=folder, prefix=".", suffix=".part")
    os.close(handle)
    file = Path(name)
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


@final
@dataclass
class _Bar:
    """What pooch asks of a progress bar, drawn by rich."""

    progress: Progress
    task: TaskID
    total: int = 0

    def update(self, amount: int) -> None:
        self.progress.update(self.task, total=self.total or None, advance=amount)

    def reset(self) -> None:
        self.progress.reset(self.task)

    def close(self) -> None:
        """Nothing: the drawing ends with its block, after a failure too."""
