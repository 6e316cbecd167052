"""Which estimates are asked for: those that an estimator takes, and that do not take too long."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from infoplane.analysis.calibration import State
from infoplane.datasets.known.task import Task
from infoplane.measures.catalogue import TRAINED
from infoplane.measures.estimator import Estimator
from infoplane.measures.gram.renyi import Renyi
from infoplane.measures.noise.channel import NoisyChannel
from infoplane.measures.sliced import Sliced

MOST: Mapping[type, int] = {Renyi: 1000, NoisyChannel: 3000, Sliced: 3000}
"""The largest sample of what takes long: eigenvalues cost n³, a Monte Carlo mean over all pairs of
samples many times n², and many projections as many estimates."""
TRAINED_AT, TRAINED_SEEDS = 1000, 3
"""One sample size and a few seeds for what trains a network."""
TRAINED_ON = (
    "independent-1",
    "normal-1",
    "normal-5-pairs",
    "normal-25-pairs",
    "student-2-df3",
    "half-cube-1",
)
"""The tasks on which networks are trained."""
FEW_SEEDS, FEW_ABOVE = 3, 1000
"""In many dimensions larger samples have fewer seeds: neighbours are found by comparing all."""
MANY_COLUMNS = 5


@final
@dataclass(frozen=True)
class Asked:
    """One sample: a task, how many pairs, and which replicate."""

    task: Task
    n: int
    replicate: int


def planned(name: str, estimator: Estimator, sample: Asked) -> State:
    """What is to become of an estimate: ``MEASURED``, ``REFUSED`` or ``LEFT_OUT``.

    Args:
        name: The estimator's name in the catalogue.
        estimator: The estimator.
        sample: What it would be asked about.
    """
    if sample.task.kind not in estimator.properties.takes:
        return State.REFUSED
    return State.MEASURED if _affordable(name, estimator, sample) else State.LEFT_OUT


def _affordable(name: str, estimator: Estimator, sample: Asked) -> bool:
    """Whether it is worth its time."""
    if name in TRAINED:
        chosen = sample.task.name in TRAINED_ON and sample.n == TRAINED_AT
        return chosen and sample.replicate < TRAINED_SEEDS
    if sample.n > MOST.get(type(estimator), sample.n):
        return False
    if max(sample.task.dims) > MANY_COLUMNS and sample.n > FEW_ABOVE:
        return sample.replicate < FEW_SEEDS
    return True


def timed(name: str, n: int) -> str:
    """What the seconds of an estimator at one sample size are called."""
    return f"{name}, n = {n}"
