"""Where the files of a dataset lie: found on this machine, or downloaded.

They are looked for in the folder that was named, and there alone; otherwise in ``$INFOPLANE_DATA``,
then in the user's cache, and what the cache lacks is downloaded into it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, final, runtime_checkable

from platformdirs import user_cache_path

from infoplane.datasets.fetch import Remote
from infoplane.values.errors import InfoplaneError

PACKED = ".gz"
"""Ending of files that may also lie unpacked, without it."""


@runtime_checkable
class Stored(Protocol):
    """What is stored as files in one folder."""

    @property
    def name(self) -> str:
        """Name of the dataset."""
        ...

    @property
    def folders(self) -> tuple[str, ...]:
        """Names its folder may have; a download goes to the first."""
        ...

    @property
    def files(self) -> tuple[str, ...]:
        """Its files, in order."""
        ...

    @property
    def remote(self) -> Remote:
        """Where to download them."""
        ...


def found(archive: Stored, data_dir: Path | None, cache: Path | None) -> tuple[list[Path], str]:
    """The files in order, and what to do about a damaged one.

    Args:
        archive: What is looked for.
        data_dir: The only place to look, if given: ``<data_dir>/<folder>/…``.
        cache: Where downloads are kept; None for the user's own cache.

    Raises:
        InfoplaneError: ``data_dir`` lacks a file, or a download failed.
    """
    if data_dir is None:
        own = user_cache_path("infoplane") if cache is None else cache
        return _usual_files(archive, own), "Delete it and it will be downloaded again."
    remedy = "Replace it with an intact one, or name no folder and it will be downloaded."
    return _named_files(archive, data_dir), remedy


def _named_files(archive: Stored, data_dir: Path) -> list[Path]:
    """The files in the folder that the user named."""
    tried = [_Folder(data_dir / name, archive.files) for name in archive.folders]
    for folder in tried:
        if not folder.missing:
            return folder.present
    raise InfoplaneError(
        f"{archive.name} is not complete under {data_dir}: {'; '.join(map(str, tried))}. "
        f"Put the files there{_packed_or_not(archive)}, or name no folder and they will be "
        "downloaded."
    )


def _usual_files(archive: Stored, cache: Path) -> list[Path]:
    """The files in ``$INFOPLANE_DATA`` or the cache, downloaded if neither has them all."""
    shared = os.environ.get("INFOPLANE_DATA")
    for root in (Path(shared).expanduser(), cache) if shared else (cache,):
        for name in archive.folders:
            folder = _Folder(root / name, archive.files)
            if not folder.missing:
                return folder.present
    target = _Folder(cache / archive.folders[0], archive.files)
    try:
        target.path.mkdir(parents=True, exist_ok=True)
        archive.remote.fetch(target.missing, target.path)
    except OSError as problem:
        raise InfoplaneError(
            f"Downloads cannot be kept in {target.path}: {problem.strerror}. "
            "Put the files elsewhere and say where with --data-dir or $INFOPLANE_DATA."
        ) from problem
    return target.present


@final
@dataclass(frozen=True)
class _Folder:
    """A folder that may hold an archive's files; it is looked at anew each time."""

    path: Path
    files: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """The files that are there neither packed nor unpacked."""
        return [name for name in self.files if self._find(name) is None]

    @property
    def present(self) -> list[Path]:
        """The files that are there, in order."""
        return [path for path in map(self._find, self.files) if path is not None]

    def _find(self, name: str) -> Path | None:
        choices = (self.path / name, self.path / name.removesuffix(PACKED))
        return next((path for path in choices if os.path.isfile(path)), None)

    def __str__(self) -> str:
        if not os.path.isdir(self.path):
            return f"there is no folder {self.path}"
        return f"{self.path} lacks {', '.join(self.missing)}"


def _packed_or_not(archive: Stored) -> str:
    """That files may be either, if they may."""
    return " (.gz or unpacked)" if archive.files[0].endswith(PACKED) else ""
