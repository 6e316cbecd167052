"""The manifest: everything that says how a run came about."""

import os
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, final

from infoplane.store.files import read_json, write_json
from infoplane.values.errors import InfoplaneError

_REPORTED = ("infoplane", "torch", "numpy", "scipy", "xarray", "zarr")


@final
@dataclass(frozen=True)
class Manifest:
    """How a run came about.

    Attributes:
        experiment: Name of the experiment, as on the command line.
        address: Address of its results.
        settings: All settings, with the type names of nested values.
        data: Content hash of the data.
        results_version: Version of the experiment's results.
        where: Paths and devices, which do not count for the address.
        status: "running", "measured" once all rows are in the journal, then "complete"; "stopped"
            where a training that was watched ended by an error.
        rows: How many rows it has, once measured.
        started: UTC time of the first start, ISO 8601.
        threads: Torch threads used for training; a resumed run uses as many.
        versions: Versions of Python and of the libraries.
        machine: Processor, cores and operating system.
        seconds: Wall-clock time by part, over all sessions of the run.
        sessions: How often it was started or resumed.
        repairs: What damage was found and mended on the way.
    """

    experiment: str
    address: str
    settings: dict[str, Any]
    data: str
    results_version: int
    where: dict[str, str]
    status: Literal["running", "measured", "complete", "stopped"]
    started: str
    threads: int
    versions: dict[str, str]
    machine: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    rows: int | None = None
    sessions: int = 1
    repairs: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        """Writes it as JSON."""
        write_json(path, asdict(self))

    @staticmethod
    def read(path: Path) -> "Manifest":
        """Reads it back.

        Raises:
            InfoplaneError: It is missing, damaged, or lacks something.
        """
        content = read_json(path)
        try:
            return Manifest(**{**content, "repairs": tuple(content["repairs"])})
        except (KeyError, TypeError) as problem:
            raise InfoplaneError(
                f"{path} is no manifest of this version of infoplane ({problem})."
            ) from problem


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that decide about numbers."""
    return {"python": platform.python_version()} | {name: _version(name) for name in _REPORTED}


def machine() -> dict[str, str]:
    """What the run was computed on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"


def _processor() -> str:
    """The processor's model name where the system tells it."""
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
