"""How networks of the 12-bit problem are made and trained, and how closely they are looked at."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, final

from infoplane.datasets.known.icosahedron import SHARPNESS
from infoplane.experiments.settings import require_at_least
from infoplane.models.stacked import ActivationName, Fan
from infoplane.record.schedule import LogSpaced, some_of
from infoplane.store.address import ADDED_LATER
from infoplane.values.errors import InfoplaneError

ProtocolName = Literal["published", "paper", "ibsgd"]
Optimiser = Literal["adam", "sgd"]
Rule = Literal["hard", "soft"]
FULL = 0
"""The batch size that means all training samples at once."""


@final
@dataclass(frozen=True)
class Protocol:
    """What is done unless a variant says otherwise.

    Attributes:
        optimiser: Adam, or plain gradient descent.
        learning_rate: Its step.
        batch_size: Samples per update; 0 for all.
        share: Share of the 4096 patterns that is learned from.
        fan: Which width n the initial weights are scaled with, σ = 1/√n.
        drawn: Whether every network learns from patterns of its own, drawn at random; else all
            from the first of the ordered table.
        reshuffled: Whether minibatches are drawn anew in every epoch.
        epochs: Passes over the training samples.
        words: Where it comes from, and what is ours in it.
    """

    optimiser: Optimiser
    learning_rate: float
    batch_size: int
    share: float
    fan: Fan
    drawn: bool
    reshuffled: bool
    epochs: int
    words: str


PROTOCOLS: Mapping[ProtocolName, Protocol] = {
    "published": Protocol(
        *("adam", 4e-4, 512, 0.8, "fan_in", False, False, 8000),
        "the published code: Adam, the first 80 % of the ordered table, the same minibatches in "
        "every epoch",
    ),
    "paper": Protocol(
        *("sgd", 0.1, 512, 0.85, "fan_in", True, True, 9000),
        "as the paper is remembered: stochastic gradient descent on a random 85 %; learning rate "
        "and batch size are ours",
    ),
    "ibsgd": Protocol(
        *("adam", 4e-4, 256, 0.8, "fan_out", True, True, 10_000),
        "the published code of Saxe et al.: Adam, minibatches of 256 drawn anew, a random 80 %, "
        "initial weights scaled with the width of their own layer",
    ),
}


@final
@dataclass(frozen=True)
class Variant:
    """A protocol, and what is done differently; None leaves it as the protocol has it.

    Attributes:
        protocol: "published": the published code; "paper": what the paper tells; "ibsgd": the
            published code of Saxe et al.
        rule: "hard": the published labels; "soft": labels drawn from the published soft rule.
        activation: Of the hidden units.
        optimiser: Adam, or plain gradient descent.
        batch_size: Samples per update; 0 for all of them.
        learning_rate: Step of the optimiser.
        share: Share of the patterns that is learned from.
        noise: Standard deviation of noise in every hidden unit while learning; 0 for none.
        drawn: Whether every network learns from patterns of its own, drawn at random; else all
            from the first of the ordered table, in which a small share lacks whole halves of it.
        sharpness: σ of the soft rule p(y = 1|x) = 1/(1 + exp(−σ (f(x) − θ))).
    """

    protocol: ProtocolName = "published"
    rule: Rule = "hard"
    activation: ActivationName = "tanh"
    optimiser: Optimiser | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    share: float | None = None
    noise: float = 0.0
    drawn: bool | None = field(default=None, metadata=ADDED_LATER)
    sharpness: float = field(default=SHARPNESS, metadata=ADDED_LATER)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sharpness) and self.sharpness > 0):
            raise InfoplaneError(f"sharpness={self.sharpness}: it is finite and positive.")
        if self.sharpness != SHARPNESS and self.rule == "hard":
            raise InfoplaneError(
                f"sharpness={self.sharpness} is of the soft rule: take rule=soft as well."
            )
        if self.batch_size is not None:
            require_at_least(0, batch_size=self.batch_size)
        if self.share is not None and not 0 < self.share < 1:
            raise InfoplaneError(
                f"share={self.share}: some patterns to learn from, and some to test on."
            )
        rate = self.learning_rate
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise InfoplaneError(f"learning_rate={rate}: it must be positive.")
        if not (math.isfinite(self.noise) and self.noise >= 0):
            raise InfoplaneError(f"noise={self.noise}: a standard deviation, at least 0.")

    @property
    def plan(self) -> Protocol:
        """The protocol with what is done differently."""
        own = {one.name: getattr(self, one.name, None) for one in fields(Protocol)}
        changed: dict[str, Any] = {name: value for name, value in own.items() if value is not None}
        return replace(PROTOCOLS[self.protocol], **changed)

    @property
    def name(self) -> str:
        """What a member of a family is called by; ``named`` is its inverse.

        >>> Variant().name, Variant(activation="relu", batch_size=0, share=0.05).name
        ('published', 'published activation=relu batch_size=0 share=0.05')
        """
        plain = Variant()
        told = [
            f"{one.name}={getattr(self, one.name)}"
            for one in fields(self)[1:]
            if getattr(self, one.name) != getattr(plain, one.name)
        ]
        return " ".join([self.protocol, *told])

    @staticmethod
    def named(name: str) -> "Variant":
        """The one of a name.

        >>> Variant.named("published activation=relu share=0.05").share
        0.05

        Raises:
            InfoplaneError: It names none.
        """
        protocol, *told = name.split(" ")
        found: dict[str, Any] = {"protocol": protocol}
        for part in told:
            key, _, value = part.partition("=")
            if key not in _READ:
                raise InfoplaneError(f"{name!r} names no variant: {key!r} is no setting of one.")
            found[key] = _READ[key](value)
        if protocol not in PROTOCOLS:
            raise InfoplaneError(
                f"{name!r} names no variant; protocols are {', '.join(PROTOCOLS)}."
            )
        return Variant(**found)


_READ: Mapping[str, Any] = {
    "rule": str,
    "activation": str,
    "optimiser": str,
    "batch_size": int,
    "learning_rate": float,
    "share": float,
    "noise": float,
    "drawn": {"True": True, "False": False}.__getitem__,
    "sharpness": float,
}


@final
@dataclass(frozen=True)
class Looking:
    """When networks are looked at, and by whom how closely.

    Bins are counted of all networks at all moments. The other estimators are slower, and asked of
    the first networks at some of the moments; claims that compare estimators are judged over
    these networks under all of them.

    Attributes:
        snapshots: At most so many moments, log-spaced in epochs.
        compared: So many networks are asked under every estimator.
        kde_snapshots: Moments of the pairwise bounds.
        kde_patterns: Patterns they are measured on, at most; 4096 are all.
        kde_variance: Variance of their noise.
        renyi_snapshots: Moments of matrix-based Rényi.
        renyi_patterns: Patterns it is measured on, at most.
        noisy_snapshots: Moments of the noisy networks' estimators.
        noisy_patterns: Patterns they are measured on, at most.
        noisy_deviation: Standard deviation of the noise that a measure adds to layers without.
        noisy_draws: How often every pattern is sent through networks with noise of their own.
        gradient_snapshots: Moments of the gradient's noise.
    """

    snapshots: int = 60
    compared: int = 10
    kde_snapshots: int = 12
    kde_patterns: int = 4096
    kde_variance: float = 1e-3
    renyi_snapshots: int = 8
    renyi_patterns: int = 256
    noisy_snapshots: int = 12
    noisy_patterns: int = 256
    noisy_deviation: float = 0.01
    noisy_draws: int = 60
    gradient_snapshots: int = 40

    def __post_init__(self) -> None:
        require_at_least(
            2,
            snapshots=self.snapshots,
            kde_snapshots=self.kde_snapshots,
            renyi_snapshots=self.renyi_snapshots,
            noisy_snapshots=self.noisy_snapshots,
            gradient_snapshots=self.gradient_snapshots,
            kde_patterns=self.kde_patterns,
            renyi_patterns=self.renyi_patterns,
            noisy_patterns=self.noisy_patterns,
        )
        require_at_least(1, compared=self.compared, noisy_draws=self.noisy_draws)

    def moments(self, epochs: int, per_epoch: int) -> tuple[int, ...]:
        """The steps at which a run of so many epochs is looked at."""
        return tuple(per_epoch * one for one in LogSpaced(self.snapshots).steps(epochs))

    @staticmethod
    def some(moments: tuple[int, ...], count: int) -> frozenset[int]:
        """So many of the moments, the first and last among them."""
        return frozenset(some_of(moments, count))
