"""Checkpoints: the last two, as safetensors, each whole or absent. No pickle."""

import hashlib
import json
from pathlib import Path
from typing import final

from safetensors.torch import load, save

from infoplane.store.files import write_whole
from infoplane.values.trace import Checkpoint

KEPT = 2


@final
class Checkpoints:
    """The checkpoints of one run, named by step and by the beginning of their SHA-256.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, checkpoint: Checkpoint, *, last_row: int) -> None:
        """Writes a checkpoint and removes all but the last two.

        Args:
            checkpoint: What to keep.
            last_row: Step of the last row that was journalled before it.

        Raises:
            InfoplaneError: The disk refused it; the older ones are still there.
        """
        metadata = {"state": json.dumps(checkpoint.state), "last_row": str(last_row)}
        content = save(dict(checkpoint.tensors), metadata=metadata)
        name = f"{checkpoint.step}-{_digest(content)}.safetensors"
        write_whole(self.folder / name, content)
        for path in self._paths()[:-KEPT]:
            path.unlink(missing_ok=True)

    def latest(self, *, last_row: int) -> Checkpoint | None:
        """The last intact checkpoint that misses no row; None to start from the beginning.

        Args:
            last_row: Step of the last intact row; a checkpoint taken after a row that is now lost
                would leave a gap.
        """
        for path in reversed(self._paths()):
            content = path.read_bytes()
            if not path.stem.endswith(_digest(content)):
                continue
            metadata = _metadata(content)
            if int(metadata["last_row"]) <= last_row:
                return Checkpoint(_step(path), load(content), json.loads(metadata["state"]))
        return None

    def clear(self) -> None:
        """Removes all of them, once a run is complete."""
        for path in self._paths():
            path.unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.safetensors"), key=_step)


def _step(path: Path) -> int:
    return int(path.stem.split("-")[0])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _metadata(content: bytes) -> dict[str, str]:
    """The text in a safetensors header (eight bytes of length, then JSON)."""
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length])["__metadata__"]
