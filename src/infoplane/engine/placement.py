"""What a job needs of a node, and what becomes of one that no node can hold."""

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import TypeVar, final

from infoplane.engine.job import Job
from infoplane.values.errors import InfoplaneWarning

Needs = Mapping[str, float]
"""Amounts of resources by Ray's names: CPU, GPU, and memory in bytes."""
_Task = TypeVar("_Task")


def needs_of(job: Job, *, threads: int, gpus: float | None, memory: int | None) -> Needs:
    """What a node must have to hold a job.

    Args:
        job: Which one.
        threads: Of the job: one CPU for each.
        gpus: GPUs; None for one if the experiment's device is no CPU.
        memory: In bytes; None for no such account.
    """
    on_cpu = str(getattr(job.experiment, "device", "cpu")).startswith("cpu")
    gpus = gpus if gpus is not None else float(not on_cpu)
    needs = {"CPU": threads, "GPU": gpus, "memory": memory or 0}
    return {name: float(amount) for name, amount in needs.items() if amount}


@final
class Misfits:
    """Jobs that no node of the cluster can hold: waited for a while, then given up.

    Args:
        patience: Seconds to wait for a node that can hold them.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: float | None = None

    def given_up(
        self, needs: Mapping[_Task, Needs], nodes: Sequence[Mapping[str, float]]
    ) -> dict[_Task, str]:
        """Those that have waited long enough, with a complaint.

        Args:
            needs: What each task needs that has not ended.
            nodes: What each living node has, whoever uses it now.
        """
        misfits = {
            task: complaint(needed, nodes)
            for task, needed in needs.items()
            if not any(holds(node, needed) for node in nodes)
        }
        now = time.monotonic()
        if not misfits:
            self._since = None
            return {}
        if self._since is None:
            self._since = now
            first = next(iter(misfits.values()))
            warnings.warn(
                f"{first} Waiting {self._patience:g} s for one.", InfoplaneWarning, stacklevel=4
            )
        return misfits if now - self._since >= self._patience else {}


def holds(node: Mapping[str, float], needs: Needs) -> bool:
    """Whether a node that does nothing else could hold a job."""
    return all(node.get(name, 0.0) >= amount for name, amount in needs.items())


def complaint(needs: Needs, nodes: Sequence[Mapping[str, float]]) -> str:
    """Why a job has to wait, and the remedy."""
    most = {name: max((node.get(name, 0.0) for node in nodes), default=0.0) for name in needs}
    return (
        f"No node of the Ray cluster can hold a job that needs {_listed(needs)}; "
        f"the most that one has is {_listed(most)}. Ask for less, or add a bigger node."
    )


def _listed(amounts: Mapping[str, float]) -> str:
    """Resources for a reader."""
    words = {"CPU": "{:g} CPU", "GPU": "{:g} GPU", "memory": "{:.3g} GB of memory"}
    scale = {"memory": 1e9}
    return ", ".join(words[name].format(n / scale.get(name, 1)) for name, n in amounts.items())
