"""One job end to end: computed once, durable from the first row on, resumable after anything."""

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, final

from infoplane.analysis.claims import require_seeds
from infoplane.experiments.catalogue import WATCH, shown
from infoplane.experiments.protocol import Experiment, Shown
from infoplane.numerics.workers import torch_threads
from infoplane.presentation import write
from infoplane.store.address import address, canonical, unaddressed
from infoplane.store.checkpoints import Checkpoints
from infoplane.store.files import set_aside, write_json, writing
from infoplane.store.journal import Journal, rows_so_far
from infoplane.store.lock import alone
from infoplane.store.manifest import Manifest, machine, versions
from infoplane.store.traces import read_trace, verify, write_trace
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding, as_json
from infoplane.values.trace import Checkpoint, Row, Tick, Trace, trace_of

Watcher = Callable[[Row | Tick], None]
"""Is told of every row and update; a progress bar, say."""


@final
@dataclass(frozen=True)
class Run:
    """A run folder, complete or not.

    Attributes:
        folder: Where everything about it lies.
    """

    folder: Path

    @cached_property
    def manifest(self) -> Manifest:
        """How it came about.

        Raises:
            InfoplaneError: The folder is no run.
        """
        return Manifest.read(self.folder / "manifest.json")

    @cached_property
    def trace(self) -> Trace:
        """Its Trace, verified; of a network that is still watched, what was seen so far.

        Raises:
            InfoplaneError: The run is not complete, or its Trace is damaged.
        """
        manifest = self.manifest
        if manifest.experiment == WATCH and manifest.status == "running":
            return self._so_far()
        if manifest.status not in ("complete", "stopped"):
            raise InfoplaneError(
                f"The run in {self.folder} is not finished; continue it with the same command."
            )
        trace = read_trace(self.folder / "trace.zarr")
        return trace if manifest.status == "complete" else trace.assign_attrs(status="stopped")

    def _so_far(self) -> Trace:
        """What a watched network's journal holds; what cannot be read is said in the notes."""
        rows, damage = rows_so_far(self.folder / "journal.jsonl")
        trace = trace_of(rows, self.manifest.settings)
        trace.attrs["status"] = self.manifest.status
        if damage is not None:
            notes = json.loads(trace.attrs.get("notes", "[]"))
            notes.append(f"The journal is damaged ({damage}); later moments cannot be read.")
            trace.attrs["notes"] = json.dumps(notes, ensure_ascii=False)
        return trace

    @property
    def shown(self) -> type[Shown]:
        """How its results are presented."""
        return shown(self.manifest.experiment)

    @cached_property
    def findings(self) -> list[Finding]:
        """Its claims, judged."""
        return self.shown.findings([self.trace])

    def ensure_report(self) -> Path:
        """The report's path; it is written if it is not there, or older than the results."""
        path, results = self.folder / "report.html", self.folder / "findings.json"
        fresh = path.exists() and path.stat().st_mtime >= results.stat().st_mtime
        return path if fresh else self.report()

    def report(self, figures: bool = False) -> Path:
        """Writes ``report.html``, and returns its path.

        Args:
            figures: Also write every figure as SVG and PDF, a column wide, into ``figures/``.
        """
        manifest = self.manifest
        machine = {
            **manifest.machine,
            **manifest.versions,
            "torch threads": str(manifest.threads),
            **{f"seconds: {part}": f"{s:.1f}" for part, s in manifest.seconds.items()},
        }
        return write(
            self.trace,
            self.shown,
            self.folder / "report.html",
            machine=machine,
            seconds=manifest.seconds,
            notes=manifest.repairs,
            findings=self.findings,
            figures=self.folder / "figures" if figures else None,
        )


def run(
    experiment: Experiment,
    root: Path,
    *,
    threads: int | None = None,
    watch: Watcher = lambda _: None,
) -> Run:
    """Computes an experiment, or what is left of it, or nothing if it is there already.

    Args:
        experiment: A frozen value.
        root: Folder of all runs; this one gets ``root/<name>/<address>``.
        threads: Torch threads; None for what suits the network. A resumed run keeps its number.
        watch: Is told of every row and update.

    Raises:
        InfoplaneError: The folder cannot be written, or another process computes the same run.
    """
    return ensured(experiment, root, threads=threads, watch=watch)[0]


def ensured(
    experiment: Experiment, root: Path, *, threads: int | None, watch: Watcher
) -> tuple[Run, bool]:
    """As ``run``, and whether anything had to be done.

    Raises:
        Taken: Another process computes the same run.
        InfoplaneError: The folder cannot be written.
    """
    place = address_of(experiment)
    folder = root / experiment.name / place
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        if is_whole(folder):
            return Run(folder), False
        fresh = not (folder / "manifest.json").exists()
        manifest = _started(folder, experiment, place, threads or experiment.threads)
        try:
            with torch_threads(manifest.threads):
                return _computed(folder, experiment, manifest, watch), True
        except InfoplaneError:
            if fresh and not (folder / "journal.jsonl").exists():
                shutil.rmtree(folder, ignore_errors=True)  # refused before it measured anything
            raise


def address_of(experiment: Experiment) -> str:
    """The address of an experiment's results on the data as they are here.

    Raises:
        InfoplaneError: The data cannot be read.
    """
    return address(
        experiment, data=experiment.data_digest, results_version=experiment.results_version
    )


def opened(folders: Sequence[Path]) -> list[Run]:
    """Runs by folder.

    Raises:
        InfoplaneError: One of them is no run folder, or they are not seeds of one experiment.
    """
    runs = [Run(folder) for folder in folders]
    require_seeds([run.trace for run in runs])
    return runs


def is_whole(folder: Path) -> bool:
    """Whether a complete run lies there and its Trace is what was written."""
    if not (folder / "manifest.json").exists():
        return False
    try:
        complete = Manifest.read(folder / "manifest.json").status == "complete"
        verify(folder / "trace.zarr")
    except InfoplaneError:
        return False
    return complete


def _computed(folder: Path, experiment: Experiment, manifest: Manifest, watch: Watcher) -> Run:
    """Rows into the journal, and from them the Trace and all that is derived from it."""
    path, journal = folder / "manifest.json", Journal(folder / "journal.jsonl")
    if journal.damage is not None:
        manifest = _noted(manifest, _repaired(journal))
        manifest.write(path)
    begun = time.perf_counter()
    if manifest.rows is None or journal.damage is not None or manifest.rows != len(journal.rows):
        storing = _measured(folder, experiment, journal, watch)
        seconds = _summed([manifest.seconds, {"store": storing}])
        manifest = replace(manifest, status="measured", rows=len(journal.rows), seconds=seconds)
        manifest.write(path)
    rows = journal.ordered()
    settings = json.dumps(manifest.settings, sort_keys=True)
    attributes = {**experiment.attributes, "address": manifest.address, "settings": settings}
    trace = trace_of(rows, attributes)
    write_trace(folder / "trace.zarr", trace)
    findings = [as_json(finding) for finding in experiment.findings([trace])]
    write_json(folder / "findings.json", findings)
    seconds = manifest.seconds | _summed([row.seconds for row in rows])
    seconds["last session"] = time.perf_counter() - begun
    replace(manifest, status="complete", seconds=seconds).write(path)
    Checkpoints(folder / "checkpoints").clear()
    return Run(folder)


def _measured(folder: Path, experiment: Experiment, journal: Journal, watch: Watcher) -> float:
    """Runs what is left of an experiment into the journal; returns the seconds storing took."""
    checkpoints, storing = Checkpoints(folder / "checkpoints"), 0.0
    resume = checkpoints.latest(last_row=max(journal.rows, default=-1))
    for event in experiment.run(resume):
        start = time.perf_counter()
        if isinstance(event, Row):
            journal.append(event)
        elif isinstance(event, Checkpoint):
            checkpoints.save(event, last_row=max(journal.rows, default=-1))
        storing += time.perf_counter() - start
        if not isinstance(event, Checkpoint):
            watch(event)
    return storing


def _started(folder: Path, experiment: Experiment, place: str, threads: int) -> Manifest:
    """The manifest of a fresh run, or of the one that is resumed, written."""
    path = folder / "manifest.json"
    manifest = Manifest(
        experiment=experiment.name,
        address=place,
        settings=canonical(experiment),
        data=experiment.data_digest,
        results_version=experiment.results_version,
        where=unaddressed(experiment),
        status="running",
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        threads=threads,
        versions=versions(),
        machine=machine(),
    )
    if path.exists():
        try:
            before = Manifest.read(path)
        except InfoplaneError as problem:
            manifest = _noted(manifest, f"{problem} It is kept as {set_aside(path).name}.")
        else:
            manifest = _resumed(before, manifest)
    manifest.write(path)
    return manifest


def _resumed(before: Manifest, now: Manifest) -> Manifest:
    """The manifest that was begun, with a note if it goes on under other conditions."""
    resumed = replace(before, sessions=before.sessions + 1, status="running")
    if before.where.get("device") != now.where.get("device"):
        raise InfoplaneError(
            f"This run was begun on device {before.where.get('device')}, which is the only one "
            f"to give the same bits; continue it there, not on {now.where.get('device')}."
        )
    if before.versions != now.versions:
        note = f"Resumed under other library versions than it was begun with: {now.versions}."
        return _noted(resumed, note)
    return resumed


def _noted(manifest: Manifest, note: str) -> Manifest:
    return replace(manifest, repairs=(*manifest.repairs, note))


def _repaired(journal: Journal) -> str:
    return (
        f"The journal was damaged ({journal.damage}); the damaged file is kept beside it, and "
        f"what followed the {len(journal.rows)} intact rows was computed again."
    )


def _summed(parts: list[Any]) -> dict[str, float]:
    total: dict[str, float] = {}
    for seconds in parts:
        for name, spent in seconds.items():
            total[name] = total.get(name, 0.0) + spent
    return total
