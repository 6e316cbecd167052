"""What S1 chose on images of 28 × 28 pixels, and what stands for it on the digits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, final

from infoplane.datasets.base import Dataset
from infoplane.experiments.on_images import OUTPUT
from infoplane.experiments.settings import Probing, Training
from infoplane.numerics.bandwidth import LeeJo, Tapia
from infoplane.observe.estimator import MatrixRenyi, PlaneEstimator
from infoplane.observe.plane import INPUT
from infoplane.observe.probe import Probe
from infoplane.values.errors import InfoplaneError

LEE_JO, TAPIA = "lee-jo", "tapia"
"""Names of both estimators: the paper's width rule, and the scale-invariant one."""


@final
@dataclass(frozen=True)
class Preset:
    """What goes with a data set.

    Attributes:
        hidden: Widths of a deep encoder's layers, outermost first.
        code_size: Width K of the code.
        gamma: The γ of σ = γ·n^(−1/(4+d)).
        steps: Updates.
        snapshots: At most so many moments are measured.
        share: The share of the training images that is learned from: the first of them.
    """

    hidden: tuple[int, ...]
    code_size: int
    gamma: float
    steps: int
    snapshots: int
    share: float = 1.0


_PUBLISHED = Preset((256, 128), code_size=50, gamma=2.0, steps=30_000, snapshots=250)
PRESETS: Mapping[str, Preset] = {
    # γ = 2 does not saturate S(X) on 64 pixels; 0.5 brings about what the paper's images meet
    "digits": Preset((48, 32), code_size=20, gamma=0.5, steps=3_000, snapshots=100),
    "mnist": _PUBLISHED,
    "fashion": _PUBLISHED,
    "emnist": replace(_PUBLISHED, steps=80_000),
}
"""By data set: as in the code of lee2021information; those of the digits are ours."""
_EXCEPTIONS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    **{(name, "overfit"): {"share": 0.1} for name in PRESETS},
    ("emnist", "overfit"): {"share": 0.03, "steps": 24_000},
    ("emnist", "label"): {"code_size": 26},
}
"""What differs for a species of a data set."""


def preset(dataset: str, species: str) -> Preset:
    """What goes with a data set and a species.

    >>> preset("emnist", "label").code_size, preset("mnist", "label").code_size
    (26, 50)
    """
    return replace(PRESETS[dataset], **_EXCEPTIONS.get((dataset, species), {}))


@final
@dataclass(frozen=True)
class Learning:
    """How long and how fast a species learns.

    Attributes:
        steps: Updates; by default as published (30 000, which are 50 epochs of MNIST), and 3000 on
            the digits.
        batch_size: Samples per update.
        learning_rate: Learning rate of Adam.
    """

    steps: int | None = None
    batch_size: int = 100
    learning_rate: float = 0.005

    def __post_init__(self) -> None:
        self.on(PRESETS["digits"])  # refuses what makes no sense

    def on(self, preset: Preset) -> Training:
        """With the preset's number of updates, unless another was asked for."""
        steps = preset.steps if self.steps is None else self.steps
        return Training(steps, self.batch_size, self.learning_rate)


@final
@dataclass(frozen=True)
class Looking:
    """When a species is looked at; on which images is fixed: the first ones of the test set.

    Attributes:
        snapshots: At most so many log-spaced moments; by default 250, and 100 on the digits.
        probe_batches: Batches of the probe; the first of them is the published one.
        probe_size: Images per probe batch; no value can exceed log2 of this.
        null_snapshots: At so many of the moments the permutation null is measured too.
        permutations: Shuffles per null; 0 for no nulls.
        evaluation: At most so many training and test images give the losses.
    """

    snapshots: int | None = None
    probe_batches: int = 5
    probe_size: int = 100
    null_snapshots: int = 12
    permutations: int = 19
    evaluation: int = 1000

    def __post_init__(self) -> None:
        self.on(PRESETS["digits"])  # refuses what makes no sense

    def on(self, preset: Preset) -> Probing:
        """With the preset's number of moments, unless another was asked for."""
        return Probing(
            snapshots=preset.snapshots if self.snapshots is None else self.snapshots,
            probe_batches=self.probe_batches,
            probe_size=self.probe_size,
            null_snapshots=self.null_snapshots,
            permutations=self.permutations,
            evaluation=self.evaluation,
        )

    def probe(self, data: Dataset) -> Probe:
        """The first test images, in order.

        Raises:
            InfoplaneError: There are not enough.
        """
        needed, there = self.probe_batches * self.probe_size, len(data.test_x)
        if needed > there:
            raise InfoplaneError(
                f"A probe of {self.probe_batches} batches of {self.probe_size} needs {needed} test "
                f"images, {data.name} has {there}; lower probe_batches or probe_size."
            )
        shape = (self.probe_batches, self.probe_size)
        x, y = data.test_x[:needed], data.test_y[:needed]
        return Probe(x.unflatten(0, shape), y.unflatten(0, shape))


@final
@dataclass(frozen=True)
class Rules:
    """The paper's kernel-width rule and the scale-invariant one, side by side.

    Attributes:
        alpha: Order of the Rényi entropy.
        gamma: γ of the paper's rule σ = γ·n^(−1/(4+d)); by default as published (2), and 0.5 on
            the digits.
        invariant_gamma: γ of the scale-invariant rule.
    """

    alpha: float = 1.01
    gamma: float | None = None
    invariant_gamma: float = 1.0

    def __post_init__(self) -> None:
        self.on(PRESETS["digits"])  # the rules refuse orders and widths that make no sense
        if math.isinf(self.alpha):
            raise InfoplaneError("alpha=inf cannot be stored with a run; take a large number.")

    def on(self, preset: Preset) -> dict[str, PlaneEstimator]:
        """Both estimators; the pixels of images share one scale."""
        gamma = preset.gamma if self.gamma is None else self.gamma
        whole = Tapia(self.invariant_gamma, standardise="whole")
        images = dict.fromkeys((INPUT, OUTPUT), whole)
        return {
            LEE_JO: MatrixRenyi(self.alpha, LeeJo(gamma)),
            TAPIA: MatrixRenyi(self.alpha, Tapia(self.invariant_gamma), images),
        }
