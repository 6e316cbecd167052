"""A folder that holds every moment of a watched network from the moment it is measured."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

import torch

from infoplane.store.files import write_json, write_whole, writing
from infoplane.store.journal import Journal
from infoplane.store.lock import taken
from infoplane.store.manifest import Manifest, machine, versions
from infoplane.store.traces import write_trace
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding, as_json
from infoplane.values.trace import Row, Trace

JOURNAL, MANIFEST = "journal.jsonl", "manifest.json"
_MAY_CHANGE = {"every"}
"""Settings that may differ when a training goes on."""


@final
class WatchFolder:
    """The rows of a watched network in a journal, and at its end a run folder like any other.

    Args:
        path: The folder; made if it is not there, and locked until it is complete.
        start: Updates made before. The rows that it holds up to this step are kept; what was
            measured after it belongs to training that is now repeated, and is set aside.
        attributes: What its Trace will say of itself, with its "settings" as JSON.

    Raises:
        InfoplaneError: It holds rows although training starts anew, or rows that were measured
            otherwise; somebody else writes into it; or it cannot be written.

    Attributes:
        kept: The rows that it holds from before.
    """

    def __init__(self, path: Path, start: int, attributes: Mapping[str, Any]) -> None:
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = taken(path)
        self._manifest = _manifest(attributes)
        try:
            self._begin(start, attributes)
        except BaseException:
            self._lock.release()
            raise

    def append(self, row: Row) -> None:
        """Keeps a row; when this returns, the disk has it."""
        self._journal.append(row)

    def complete(self, trace: Trace, findings: Sequence[Finding], *, stopped: bool) -> None:
        """Writes Trace and findings beside the journal, and frees the folder.

        Args:
            trace: All that was measured.
            findings: Its claims, judged.
            stopped: Whether training ended by an error.
        """
        write_trace(self.path / "trace.zarr", trace)
        write_json(self.path / "findings.json", [as_json(finding) for finding in findings])
        self._manifest = replace(
            self._manifest,
            settings=dict(trace.attrs),
            rows=len(self._journal.rows),
            status="stopped" if stopped else "complete",
        )
        self._manifest.write(self.path / MANIFEST)
        self._lock.release()

    def _begin(self, start: int, attributes: Mapping[str, Any]) -> None:
        """Reads what is there, keeps what still counts, and says that it is going on."""
        self._journal = Journal(self.path / JOURNAL)
        before = self._journal.ordered()
        if before and start == 0:
            raise InfoplaneError(
                f"{self.path} holds {len(before)} moments up to step {before[-1].step} already. "
                "Choose another folder, or say from which update training goes on: start=…."
            )
        if before:
            self._manifest = self._gone_on_with(attributes)
        self.kept = [row for row in before if row.step <= start]
        if len(self.kept) < len(before):
            self._rewind()
        self._manifest.write(self.path / MANIFEST)

    def _gone_on_with(self, attributes: Mapping[str, Any]) -> Manifest:
        """The manifest of the folder, if what is to come is measured as what it holds."""
        earlier = Manifest.read(self.path / MANIFEST)
        then, now = _settings(earlier.settings), _settings(attributes)
        differing = {key for key in then.keys() | now.keys() if then.get(key) != now.get(key)}
        if differing - _MAY_CHANGE:
            said = "; ".join(
                f"{key}: {then.get(key)} then, {now.get(key)} now"
                for key in sorted(differing - _MAY_CHANGE)
            )
            raise InfoplaneError(
                f"The moments in {self.path} were measured otherwise ({said}). Measure as before, "
                "or choose another folder."
            )
        resumed = replace(earlier, status="running", sessions=earlier.sessions + 1)
        if self._journal.damage is None:
            return resumed
        note = (
            f"The journal was damaged ({self._journal.damage}); the damaged file is kept beside "
            "it, and the moments from there on are lost."
        )
        return replace(resumed, repairs=(*earlier.repairs, note))

    def _rewind(self) -> None:
        """The journal with the kept rows alone; as it was, it stays beside it under another name.

        At every moment there is a whole journal.
        """
        path = self._journal.path
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:8]
        write_whole(path.with_name(f"{path.name}.superseded-{digest}"), content)
        lines = content.splitlines(keepends=True)
        steps = [row.step for row in self.kept]
        kept = [line for line, step in zip(lines, self._journal.rows, strict=True) if step in steps]
        write_whole(path, b"".join(kept))
        self._journal = Journal(path)


def _manifest(attributes: Mapping[str, Any]) -> Manifest:
    """Of a training that begins now."""
    return Manifest(
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


def _settings(attributes: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(attributes["settings"])
    return settings
