"""A folder that holds every moment of a watched network from the moment it is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

import torch

from infoplane.store.files import set_aside, write_json, writing
from infoplane.store.journal import Journal
from infoplane.store.manifest import Manifest, machine, versions
from infoplane.store.traces import write_trace
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding, as_json
from infoplane.values.trace import Row, Trace

JOURNAL, MANIFEST = "journal.jsonl", "manifest.json"


@final
class WatchFolder:
    """The rows of a watched network in a journal, and at its end a run folder like any other.

    Args:
        path: The folder; made if it is not there.
        start: Updates made before. The rows that it holds up to this step are kept; what was
            measured after it belongs to training that is now repeated, and is set aside.
        attributes: What its Trace will say of itself.

    Raises:
        InfoplaneError: It holds rows already although training starts anew, or cannot be written.

    Attributes:
        kept: The rows that it holds from before.
    """

    def __init__(self, path: Path, start: int, attributes: Mapping[str, Any]) -> None:
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._journal = Journal(path / JOURNAL)
        before = self._journal.ordered()
        if before and start == 0:
            raise InfoplaneError(
                f"{path} holds {len(before)} moments up to step {before[-1].step} already. Choose "
                "another folder, or say from which update training goes on: start=…."
            )
        self.kept = [row for row in before if row.step <= start]
        if len(self.kept) < len(before):
            self._rewind()
        self._manifest = Manifest(
            experiment=str(attributes["experiment"]),
            address="",
            settings=dict(attributes),
            data="",
            results_version=1,
            where={},
            status="running",
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            threads=torch.get_num_threads(),
            versions=versions(),
            machine=machine(),
        )
        self._manifest.write(path / MANIFEST)

    def append(self, row: Row) -> None:
        """Keeps a row; when this returns, the disk has it."""
        self._journal.append(row)

    def complete(self, trace: Trace, findings: Sequence[Finding]) -> None:
        """Writes Trace and findings beside the journal."""
        write_trace(self.path / "trace.zarr", trace)
        write_json(self.path / "findings.json", [as_json(finding) for finding in findings])
        rows = len(self._journal.rows)
        self._manifest = replace(
            self._manifest, settings=dict(trace.attrs), rows=rows, status="complete"
        )
        self._manifest.write(self.path / MANIFEST)

    def _rewind(self) -> None:
        """A journal of the kept rows alone; the old one stays beside it."""
        set_aside(self._journal.path, "superseded")
        self._journal = Journal(self._journal.path)
        for row in self.kept:
            self._journal.append(row)
