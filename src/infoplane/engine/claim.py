"""Whose a job is, where several drivers share a remote folder.

What is guaranteed: no run is ever corrupted, for a claim decides only who computes it; a copy is
whole by its checksums alone. Where the file system creates files exclusively, one job has one
attempt at a time; elsewhere, and when a claim is taken over that was still in use (a machine that
slept, clocks that differ by minutes), a job is at worst computed twice, to the same bits, until the
one who has lost the claim looks at it again.
"""

import json
import platform
import time
from dataclasses import asdict, dataclass
from typing import final
from uuid import uuid4

from infoplane.engine.remote import Place
from infoplane.store.lock import Taken

CLAIM = "claim.json"
"""Beside the files of a run, and no part of it."""
REFRESHED_EVERY = 30.0
"""Seconds between two signs of life of the one who has a claim."""
CLAIM_LASTS = 150.0
"""Seconds without a sign of life after which a claim is void: several may get lost."""
SETTLED = 1.0
"""Seconds after which a claim is read back, where others may have written one at the same time."""


@final
@dataclass(frozen=True)
class _Mark:
    """What is written into the file: who, which attempt of theirs, when, and on which host."""

    owner: str
    attempt: str
    time: float
    where: str

    @property
    def content(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @staticmethod
    def of(content: bytes) -> "_Mark":
        """What a file says; one that is damaged, or just being written, is nobody's."""
        try:
            said = json.loads(content)
            return _Mark(*(kind(said[name]) for name, kind in _KINDS.items()))
        except (ValueError, TypeError, KeyError):
            return _Mark("", "", 0.0, "")


_KINDS = {"owner": str, "attempt": str, "time": float, "where": str}


@final
class Claim:
    """One attempt's claim to the job whose run lies at a URL.

    Several threads may use it: each finds its way to the place on its own.

    Args:
        url: Of the run.
        owner: The driver that the attempt is for. Attempts for the same driver take over from each
            other at once: it has begun the job again because it takes the one before for dead.
    """

    def __init__(self, url: str, owner: str) -> None:
        self._url, self._owner = url, owner
        self._attempt = uuid4().hex

    def take(self) -> None:
        """Makes the job ours.

        Raises:
            Taken: Another driver computes it.
            InfoplaneError: The place cannot be used.
        """
        place = Place(self._url)
        with place.reached():
            there = self._read(place)
            if there is not None and there.owner != self._owner and not _void(there, place):
                raise self._taken(place, there)
            if there is None and self._created(place):
                return
            self._write(place)
            time.sleep(SETTLED)
            self._require_ours(place)

    def refresh(self) -> None:
        """Says that the job is still being computed.

        Raises:
            Taken: Another attempt has it by now.
            InfoplaneError: The place cannot be used.
        """
        place = Place(self._url)
        with place.reached():
            self._require_ours(place)
            self._write(place)

    def release(self) -> None:
        """Gives the job back, unless another attempt has it by now.

        Raises:
            InfoplaneError: The place cannot be used; the claim becomes void after a while.
        """
        place = Place(self._url)
        with place.reached():
            there = self._read(place)
            if there is not None and there.attempt == self._attempt:
                place.remove(CLAIM)

    def _created(self, place: Place) -> bool:
        """Whether the file system has promised that nobody else made the same claim.

        Raises:
            Taken: Somebody was quicker.
        """
        try:
            place.create(CLAIM, self._mark().content)
        except FileExistsError:
            raise self._taken(place, self._read(place)) from None
        except Exception:  # noqa: BLE001 — it cannot promise, and says so in its own way
            return False
        return True

    def _require_ours(self, place: Place) -> None:
        """Raises Taken if the claim there is another's; one that is gone or torn is nobody's."""
        there = self._read(place)
        if there is not None and there.attempt not in ("", self._attempt):
            raise self._taken(place, there)

    def _mark(self) -> _Mark:
        return _Mark(self._owner, self._attempt, time.time(), platform.node())

    def _write(self, place: Place) -> None:
        place.write({CLAIM: self._mark().content})

    def _read(self, place: Place) -> _Mark | None:
        content = place.read(CLAIM)
        return None if content is None else _Mark.of(content)

    @staticmethod
    def _taken(place: Place, there: _Mark | None) -> Taken:
        where = there.where if there is not None and there.where else "another machine"
        return Taken(f"The job of {place} is being computed on {where}; wait for it, or stop it.")


def _void(mark: _Mark, place: Place) -> bool:
    """Whether a claim has given no sign of life for too long, by the server's clock if it has one.

    This machine's clock is taken to agree with it within a minute or two.
    """
    refreshed = place.modified(CLAIM)
    return time.time() - (mark.time if refreshed is None else refreshed) > CLAIM_LASTS
