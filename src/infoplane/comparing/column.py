"""A column of a comparison: one run, or several seeds of one setting."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

from infoplane.analysis.across import combined
from infoplane.experiments.catalogue import WATCH
from infoplane.experiments.comparison.common import DATA
from infoplane.experiments.gaps import diverged_seeds
from infoplane.runs import Run
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding
from infoplane.values.trace import Trace


@final
@dataclass(frozen=True)
class Read:
    """What is kept of a column's Traces.

    Attributes:
        trace: That of the run, or of the seeds together, with the content hash of its data.
        findings: Its claims, judged over all of them.
    """

    trace: Trace
    findings: list[Finding]


@final
@dataclass(frozen=True)
class Column:
    """One run, or all seeds of one setting, in increasing order.

    Attributes:
        runs: At least one.
        is_setting: Whether it is a setting, which is told by its seeds however many they are; a
            run has one, by which it may differ from another.
    """

    runs: tuple[Run, ...]
    is_setting: bool = True

    @cached_property
    def read(self) -> Read:
        """What they measured and say; the Traces of the seeds are not kept.

        Raises:
            InfoplaneError: A run is not finished, or they are not seeds of one setting.
        """
        runs = [Run(run.folder) for run in self.runs]  # others than those that somebody holds
        traces = [run.trace for run in runs]
        findings = runs[0].shown.findings(traces)
        trace = combined(traces) if self.is_setting else traces[0]
        return Read(trace.assign_attrs({DATA: runs[0].manifest.data}), findings)

    @property
    def broken(self) -> list[str]:
        """Where training diverged, in sentences."""
        return diverged_seeds(self.read.trace)

    @property
    def machine(self) -> str:
        """Where its runs were computed, in a line."""
        lines = dict.fromkeys(_machine(run) for run in self.runs)
        return "; ".join(lines)

    @property
    def repairs(self) -> list[str]:
        """What was mended on the way."""
        return [note for run in self.runs for note in run.manifest.repairs]


def columns_of(runs: Sequence[Run]) -> list[Column]:
    """One column per setting, in order of first appearance, with all its seeds.

    A network that somebody else trained has no seed, and a column of its own.

    Raises:
        InfoplaneError: A run comes twice, or is no run.
    """
    require_different(runs)
    settings: dict[str, list[Run]] = {}
    for run in runs:
        settings.setdefault(_setting(run), []).append(run)
    return [Column(tuple(sorted(members, key=_seed))) for members in settings.values()]


def require_different(runs: Sequence[Run]) -> None:
    """Refuses a run that is named twice.

    Raises:
        InfoplaneError: One is.
    """
    places = [run.folder.resolve() for run in runs]
    twice = next((place for place in places if places.count(place) > 1), None)
    if twice is not None:
        raise InfoplaneError(f"{twice} is named twice; compare different runs.")


def _setting(run: Run) -> str:
    """What all seeds of one setting have in common, and no other run."""
    manifest = run.manifest
    if manifest.experiment == WATCH or "seed" not in manifest.settings:
        return str(run.folder.resolve())
    settings = {key: value for key, value in manifest.settings.items() if key != "seed"}
    known = [manifest.experiment, manifest.results_version, manifest.data, settings]
    return json.dumps(known, sort_keys=True)


def _seed(run: Run) -> int:
    return int(run.manifest.settings.get("seed", 0))


def _machine(run: Run) -> str:
    about = {**run.manifest.machine, **run.manifest.versions}
    wanted = ("processor", "python", "torch", "infoplane")
    return ", ".join(f"{key} {about[key]}" for key in wanted if key in about)
