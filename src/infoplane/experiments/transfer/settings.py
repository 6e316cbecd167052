"""What a transfer is asked about, and when."""

from dataclasses import dataclass
from typing import Literal, final

from infoplane.experiments.settings import require_at_least
from infoplane.measures.transfer.history import History
from infoplane.numerics.binary import Above, AboveMedian, AtLeast, Binarisation
from infoplane.observe.transfer import Rule, Together
from infoplane.values.errors import InfoplaneError

States = Literal["positive", "median", "published"]
"""Above 0, as a rectifier lets through; above the unit's own median; or as the published code has
it: |logit| ≥ 1 and p ≥ 0.9."""


@final
@dataclass(frozen=True)
class Asking:
    """What is asked of the layers.

    Attributes:
        k: Steps of the target's own past.
        l: Steps of the source.
        lag: Steps between source and target.
        states: When a unit is on. S4 binarises; by which rule is not verified.
        units: At most so many units of a layer, drawn once.
        together: How the transfers of all pairs of units become one number; S4's way is not
            verified.
        permutations: Surrogates of every number.
        blocks: The window is cut into so many consecutive blocks, whose spread is the error.
        window: At most so many training samples at the end of every epoch looked at.
        probe: Samples of the fixed probe whose series run along the updates; 0 leaves that axis
            out.
    """

    k: int = 1
    l: int = 1
    lag: int = 1
    states: States = "positive"
    units: int = 64
    together: Together = "mean"
    permutations: int = 19
    blocks: int = 4
    window: int = 10_000
    probe: int = 48

    def __post_init__(self) -> None:
        History(self.k, self.l, self.lag)
        require_at_least(2, permutations=self.permutations, blocks=self.blocks)
        require_at_least(1, units=self.units, lag=self.lag)
        require_at_least(0, probe=self.probe)
        if 0 < self.probe < self.blocks:
            raise InfoplaneError(
                f"probe={self.probe} samples are fewer than blocks={self.blocks}: every block "
                "needs one; 0 leaves the axis of updates out."
            )
        if self.window < 30 * self.blocks:
            raise InfoplaneError(
                f"window={self.window} gives blocks of {self.window // self.blocks} samples, of "
                "which a transfer says nothing; take 30 a block at least."
            )

    def rule(self, seed: int) -> Rule:
        """The same for an observer."""
        hidden, prediction = _STATES[self.states]
        return Rule(
            history=History(self.k, self.l, self.lag),
            binary=hidden,
            prediction=prediction,
            units=self.units,
            together=self.together,
            permutations=self.permutations,
            seed=seed,
        )


_STATES: dict[States, tuple[Binarisation, Binarisation]] = {
    "positive": (Above(0.0), Above(0.5)),
    "median": (AboveMedian(), AboveMedian()),
    "published": (AtLeast(1.0, magnitude=True), AtLeast(0.9)),
}


@final
@dataclass(frozen=True)
class Learning:
    """How long and how fast a classifier learns.

    Attributes:
        epochs: Passes over the training data.
        batch_size: Samples per update.
        learning_rate: Of stochastic gradient descent without momentum, as in the published code.
        images: At most so many training images.
        snapshots: At most so many epochs are looked at, evenly spaced, and the untrained network.
        evaluation: At most so many training and test samples give losses and errors.
    """

    epochs: int = 12
    batch_size: int = 32
    learning_rate: float = 0.05
    images: int = 20_000
    snapshots: int = 13
    evaluation: int = 2000

    def __post_init__(self) -> None:
        require_at_least(2, epochs=self.epochs)
        require_at_least(
            1, batch_size=self.batch_size, evaluation=self.evaluation, images=self.images
        )
        require_at_least(3, snapshots=self.snapshots)
        if not 0 < self.learning_rate < float("inf"):
            raise InfoplaneError(f"learning_rate={self.learning_rate}: it must be positive.")
