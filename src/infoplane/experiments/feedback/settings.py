"""The arms that are trained side by side, and when they are looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from infoplane.experiments.settings import require_at_least
from infoplane.training.transfer_feedback import FeedbackRule, Given, SignalKind, TEFeedback
from infoplane.values.errors import InfoplaneError

PLAIN = "plain"
RULES: Mapping[FeedbackRule, str] = {"grad_scale": "gradient", "weight_mix": "weights"}
GIVENS: Mapping[Given, str] = {
    "measured": "TE",
    "random_te": "random TE",
    "uniform_te": "uniform TE",
    "reduced_rate": "reduced rate",
}
CONTROLS: tuple[Given, ...] = ("random_te", "uniform_te", "reduced_rate")
COMPARED: Mapping[FeedbackRule, tuple[Given, ...]] = {
    "grad_scale": CONTROLS,
    "weight_mix": ("random_te", "reduced_rate"),
}
"""The controls that a rule is held against. Mixing by one number shifts all logits alike, so that
the softmax is as without feedback: of the weight rule that arm is the plain one once more."""


def arm(rule: FeedbackRule, given: Given = "measured") -> str:
    """What an arm is called.

    >>> arm("grad_scale"), arm("weight_mix", "uniform_te")
    ('gradient, TE', 'weights, uniform TE')
    """
    return f"{RULES[rule]}, {GIVENS[given]}"


@final
@dataclass(frozen=True)
class Feeding:
    """What is fed back.

    Attributes:
        signal: What stands for TE: "te", "positive_decrease", "effective", or "cnn_te_2021" for
            the weight rule alone (the gradient rule then has "positive_decrease").
        window: Samples that a transfer is counted over.
        every: Updates between two measurements; the published code measures at every one.
    """

    signal: SignalKind = "te"
    window: int = 500
    every: int = 5

    def __post_init__(self) -> None:
        self.of("weight_mix", "measured", 0)

    def of(self, rule: FeedbackRule, given: Given, seed: int) -> TEFeedback:
        """One arm's feedback."""
        signal = self.signal
        if rule == "grad_scale" and signal == "cnn_te_2021":
            signal = "positive_decrease"
        return TEFeedback(rule, signal, given, self.window, self.every, seed)

    def arms(self, seed: int) -> dict[str, TEFeedback | None]:
        """All arms by name; the plain one has no feedback."""
        return {PLAIN: None} | {
            arm(rule, given): self.of(rule, given, seed) for rule in RULES for given in GIVENS
        }


@final
@dataclass(frozen=True)
class Course:
    """How long every arm is trained, and what counts as having learned.

    Attributes:
        epochs: Passes over the training images.
        batch_size: Samples per update.
        learning_rate: Of stochastic gradient descent.
        images: At most so many training images; the published runs on small sets took 6000.
        target: Accuracy on the test images whose first reaching is counted in epochs.
    """

    epochs: int = 15
    batch_size: int = 32
    learning_rate: float = 0.05
    images: int = 6000
    target: float = 0.9

    def __post_init__(self) -> None:
        require_at_least(2, epochs=self.epochs, images=self.images)
        require_at_least(1, batch_size=self.batch_size)
        if not (0 < self.target < 1 and 0 < self.learning_rate < float("inf")):
            raise InfoplaneError(
                f"target={self.target}, learning_rate={self.learning_rate}: an accuracy between 0 "
                "and 1, and a positive rate."
            )
