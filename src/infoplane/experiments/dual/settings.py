"""What a bottleneck minimises, what is supposed of p(y|x), and when a network is looked at."""

import math
from dataclasses import dataclass
from typing import Literal, final, get_args

from infoplane.experiments.settings import require_at_least
from infoplane.observe.bounds import Marginal
from infoplane.record.schedule import LogSpaced
from infoplane.training.variational.losses import Lagrangian, ceb, published_vdual, vdual, vib
from infoplane.training.variational.noise import require_deviation, require_share
from infoplane.values.errors import InfoplaneError

Method = Literal["vib", "ceb", "vdual", "published"]
METHODS: tuple[Method, ...] = get_args(Method)
VIB, CEB, VDUAL, PUBLISHED = METHODS
Supposition = Literal["smoothing", "confusion", "jittered", "predicted"]


@final
@dataclass(frozen=True)
class Objective:
    """rate + weight · distortion.

    Attributes:
        method: "vib": KL(e‖r) + β CE; "ceb": KL(e‖b(z|y)) + β CE; "vdual": KL(e‖r) + β KL(c‖p̃);
            "published": KL(e‖b(z|y)) + β CE + γ KL(c‖p̃), the dual as its authors' code has it.
        beta: Weight β of relevance; 0 together with a positive gamma is the published dual alone.
        gamma: Weight γ of the reversed divergence; of "published" alone.
    """

    method: Method = VIB
    beta: float = 10.0
    gamma: float = 0.0

    def __post_init__(self) -> None:
        for name, weight in (("beta", self.beta), ("gamma", self.gamma)):
            if not (math.isfinite(weight) and weight >= 0):
                raise InfoplaneError(f"{name}={weight}: a weight is finite and at least 0.")
        if self.gamma and self.method != PUBLISHED:
            raise InfoplaneError(
                f"gamma={self.gamma} belongs to method=published; {self.method} has beta alone."
            )

        if self.method == PUBLISHED and not self.beta and not self.gamma:
            raise InfoplaneError(
                "method=published with beta=0 and gamma=0 learns nothing: give gamma, such as 10."
            )

    @property
    def name(self) -> str:
        """What a member of a family is called by; ``named`` is its inverse.

        >>> Objective("vib", 10.0).name, Objective("published", 0.0, 3.0).name
        ('vib beta=10.0', 'published beta=0.0 gamma=3.0')
        """
        gamma = f" gamma={self.gamma!r}" if self.method == PUBLISHED else ""
        return f"{self.method} beta={self.beta!r}{gamma}"

    @staticmethod
    def named(name: str) -> "Objective":
        """The one of a name.

        >>> Objective.named("vib beta=10.0")
        Objective(method='vib', beta=10.0, gamma=0.0)
        """
        method, *weights = name.split(" ")
        told = {key: float(value) for key, _, value in (one.partition("=") for one in weights)}
        for known in METHODS:
            if known == method:
                return Objective(known, told["beta"], told.get("gamma", 0.0))
        raise InfoplaneError(f"{name!r} names no objective; the methods are {', '.join(METHODS)}.")

    @property
    def weight(self) -> float:
        """β + γ: what relevance weighs, however it is measured."""
        return self.beta + self.gamma

    @property
    def lagrangian(self) -> Lagrangian:
        """The loss."""
        if self.method == PUBLISHED:
            return published_vdual(self.beta, self.gamma)
        return {VIB: vib, CEB: ceb, VDUAL: vdual}[self.method](self.beta)

    @property
    def marginal(self) -> Marginal:
        """The r(z) that it trains, or has: one for all, or the mixture of the classes'."""
        return "normal" if self.lagrangian.compression == "marginal" else "mixture"

    @property
    def exact(self) -> tuple[float, bool] | None:
        """The β of the exact bottleneck that it relaxes, and whether that is the dual.

        I(X;Z|Y) + β H(Y|Z) is I(X;Z) − (1 + β) I(Z;Y) up to a constant, so that a residual rate
        has a β of one more. The published dual on a residual rate has none.
        """
        if self.method == PUBLISHED and self.gamma:
            return None
        if self.method == VDUAL:
            return self.beta, True
        return self.beta + (self.marginal == "mixture"), False


@final
@dataclass(frozen=True)
class Supposed:
    """The noise model p̃(y|x) of the duals; what the other methods do not use.

    Attributes:
        noise: "smoothing" of the labels; the row of a "confusion" matrix, counted on the half of
            the training samples that a classifier did not see; "jittered" labels; or what a
            classifier of all of them has "predicted".
        smoothing: Share that smoothing spreads over all classes.
        deviation: Standard deviation of the jitter.
        pretraining: Updates of the classifier.
    """

    noise: Supposition = "smoothing"
    smoothing: float = 0.02
    deviation: float = 0.1
    pretraining: int = 500

    def __post_init__(self) -> None:
        require_at_least(1, pretraining=self.pretraining)
        require_share(smoothing=self.smoothing)
        require_deviation(deviation=self.deviation)


@final
@dataclass(frozen=True)
class Looking:
    """When a network is looked at, and how closely.

    Attributes:
        snapshots: At most so many log-spaced moments are measured.
        probe_batches: Batches of the training and of the test samples looked at.
        probe_size: Samples per batch.
        draws: Codes drawn for every sample.
        evaluation: At most so many training and test samples give losses and errors.
        known_steps: Updates on the small known problem, once, at the end; 0 leaves it out.
    """

    snapshots: int = 30
    probe_batches: int = 5
    probe_size: int = 100
    draws: int = 8
    evaluation: int = 2000
    known_steps: int = 1000

    def __post_init__(self) -> None:
        require_at_least(2, snapshots=self.snapshots, probe_size=self.probe_size)
        require_at_least(
            1, probe_batches=self.probe_batches, draws=self.draws, evaluation=self.evaluation
        )
        require_at_least(0, known_steps=self.known_steps)

    def moments(self, steps: int) -> tuple[int, ...]:
        """The steps at which a run of so many updates is looked at."""
        return LogSpaced(self.snapshots).steps(steps)
