"""Settings that every experiment on the information plane shares, each checked where it is made."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, final

import torch

from infoplane.datasets.base import Dataset
from infoplane.numerics.bandwidth import Silverman, Tapia
from infoplane.observe.estimator import MatrixRenyi, PlaneEstimator
from infoplane.observe.plane import Plane
from infoplane.observe.probe import Probe
from infoplane.observe.side_by_side import SideBySide
from infoplane.record.schedule import LogSpaced, some_of
from infoplane.values.errors import InfoplaneError


@final
@dataclass(frozen=True)
class Training:
    """How long and how fast a network learns.

    Attributes:
        steps: Updates; 12 000 are 20 epochs of MNIST.
        batch_size: Samples per update.
        learning_rate: Learning rate of Adam.
    """

    steps: int = 12_000
    batch_size: int = 100
    learning_rate: float = 1e-3

    def __post_init__(self) -> None:
        require_at_least(1, steps=self.steps, batch_size=self.batch_size)
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise InfoplaneError(f"learning_rate={self.learning_rate}: it must be positive.")


@final
@dataclass(frozen=True)
class Probing:
    """When a network is looked at, and on which samples.

    Attributes:
        snapshots: At most so many log-spaced moments are measured.
        probe_batches: Batches of the fixed probe; their spread is the standard error.
        probe_size: Samples per probe batch; no value can exceed log2 of this.
        probe_from: Which samples the probe is drawn from; of both, each has a probe of its own.
        null_snapshots: At so many of the moments the permutation null is measured too.
        permutations: Shuffles per null; 0 for no nulls.
        evaluation: At most so many training and test samples give the losses.
    """

    snapshots: int = 100
    probe_batches: int = 5
    probe_size: int = 100
    probe_from: Literal["test", "train", "both"] = "test"
    null_snapshots: int = 12
    permutations: int = 39
    evaluation: int = 1000

    def __post_init__(self) -> None:
        require_at_least(2, snapshots=self.snapshots, probe_size=self.probe_size)
        require_at_least(1, probe_batches=self.probe_batches, evaluation=self.evaluation)
        require_at_least(0, permutations=self.permutations, null_snapshots=self.null_snapshots)
        if self.permutations and self.null_snapshots == 1:
            raise InfoplaneError(
                "null_snapshots=1 would measure the untrained network alone; take 2 or more, "
                "or permutations=0 for no nulls."
            )

    def moments(self, steps: int) -> tuple[int, ...]:
        """The steps at which a run of so many updates is looked at."""
        return LogSpaced(self.snapshots).steps(steps)

    def null_moments(self, steps: int) -> frozenset[int]:
        """Those of them at which the null is measured."""
        return frozenset(some_of(self.moments(steps), self.null_snapshots))

    def probe(self, data: Dataset, seed: int) -> Probe:
        """The fixed samples.

        Raises:
            InfoplaneError: There are two probes; ``planes`` looks at both.
        """
        if self.probe_from == "both":
            raise InfoplaneError("This experiment looks at one probe: probe_from=test, or train.")
        return self._drawn(data, self.probe_from, seed)

    def judged(self, data: Dataset, seed: int) -> Probe:
        """Of two probes the one that claims are about, that of the test samples."""
        return self._drawn(data, "train" if self.probe_from == "train" else "test", seed)

    def planes(
        self, data: Dataset, seed: int, plane: Callable[[Probe], Plane]
    ) -> Plane | SideBySide:
        """A plane of the fixed samples, or one of each probe, that of the test samples last.

        Args:
            data: Where they are drawn from.
            seed: Of the draw.
            plane: Makes the plane of a probe.
        """
        if self.probe_from != "both":
            return plane(self.probe(data, seed))
        parts: tuple[Literal["train", "test"], ...] = ("train", "test")
        return SideBySide({part: plane(self._drawn(data, part, seed)) for part in parts})

    def _drawn(self, data: Dataset, part: Literal["train", "test"], seed: int) -> Probe:
        x, y = data.split(part)
        return Probe.drawn(x, y, batches=self.probe_batches, size=self.probe_size, seed=seed)


@final
@dataclass(frozen=True)
class Widths:
    """The two kernel-width rules that every experiment measures with, side by side.

    Attributes:
        alpha: Order of the Rényi entropy.
        h: Width of the papers' rule σ = h·n^(−1/(4+d)).
        gamma: Width of the scale-invariant rule.
    """

    alpha: float = 1.01
    h: float = 5.0
    gamma: float = 1.0

    def __post_init__(self) -> None:
        self.estimators(())  # the rules refuse orders and widths that make no sense
        if math.isinf(self.alpha):
            raise InfoplaneError("alpha=inf cannot be stored with a run; take a large number.")

    def estimators(self, images: Iterable[str]) -> Mapping[str, PlaneEstimator]:
        """The papers' rule and the scale-invariant one.

        Args:
            images: Variables whose pixels share one scale.
        """
        whole = Tapia(self.gamma, standardise="whole")
        return {
            "silverman": MatrixRenyi(self.alpha, Silverman(self.h)),
            "tapia": MatrixRenyi(self.alpha, Tapia(self.gamma), dict.fromkeys(images, whole)),
        }


def require_device(name: str) -> None:
    """Refuses a device that torch does not know or this machine does not have.

    Raises:
        InfoplaneError: Which, and what there is.
    """
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as problem:
        reason = str(problem).splitlines()[0]
        raise InfoplaneError(f"device={name}: {reason} The device cpu is always there.") from None


def require_at_least(least: int, **numbers: int) -> None:
    """Refuses settings that are too small.

    Raises:
        InfoplaneError: Which, and what would do.
    """
    for name, number in numbers.items():
        if number < least:
            raise InfoplaneError(f"{name}={number}: it must be at least {least}.")


def require_pairs(samples: int, size: int, why: str) -> None:
    """Refuses batches of which the last would have one sample.

    Args:
        samples: How many are learned from.
        size: Samples per batch.
        why: What one sample is not enough for.

    Raises:
        InfoplaneError: It would.
    """
    if samples % size == 1 or size == 1:
        raise InfoplaneError(
            f"{samples} training samples in batches of {size} leave one for the last batch, and "
            f"{why}: change batch_size, or how many are learned from, by one."
        )
