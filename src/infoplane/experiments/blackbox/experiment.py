"""Many networks on the 12-bit problem, trained in one computation, under every critic's eye."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
import xarray as xr

from infoplane.experiments.blackbox import figures, words
from infoplane.experiments.blackbox.claims import claims
from infoplane.experiments.blackbox.claims import findings as judged
from infoplane.experiments.blackbox.family import Variants
from infoplane.experiments.blackbox.problem import (
    WIDTHS,
    digest,
    exact_curve,
    learned_from,
    membership,
    patterns,
)
from infoplane.experiments.blackbox.settings import FULL, Looking, Protocol, Rule, Variant
from infoplane.experiments.on_images import checkpoint_every
from infoplane.experiments.protocol import Experiment
from infoplane.experiments.settings import require_at_least
from infoplane.models.stacked import StackedNetworks
from infoplane.numerics.bandwidth import Bandwidth, Silverman, Tapia
from infoplane.numerics.binning import Adaptive, Binning, Edges30, FixedWidth
from infoplane.observe.gradients import GradientNoise
from infoplane.observe.networks import NoisePropagation, Patterns, StackedPlanes
from infoplane.observe.stacked_estimators import Asked, Bounds, Counted, Noisy, Renyi
from infoplane.record.loop import fit, per_epoch, record, restore
from infoplane.record.snapshot import Snapshot
from infoplane.training.stacked_loss import StackedLoss, orders_of_each
from infoplane.values.finding import Finding
from infoplane.values.seeds import stream
from infoplane.values.table import Table
from infoplane.values.trace import Checkpoint, Measured, Row, Tick, Trace
from infoplane.values.units import BIT

ALPHA = 1.01
BINS: Mapping[str, Binning] = {
    "edges30": Edges30(),
    "width": FixedWidth(0.07),
    "adaptive": Adaptive(30, "whole"),
}
WIDTH_RULES: Mapping[str, Bandwidth] = {
    "renyi-silverman": Silverman(5.0),
    "renyi-tapia": Tapia(1.0),
}
PARTS = 8
"""Into so many minibatches a training set is cut for its gradient's noise, if training does not."""


@final
@dataclass(frozen=True)
class Blackbox(Experiment):
    """Networks 12-10-7-5-4-3-2 on the 12-bit problem, all trained side by side, on the CPU.

    Attributes:
        variant: How they are made and trained.
        networks: How many, each from weights of its own; claims are judged over them.
        epochs: Passes over the training samples; 0 for as many as the protocol has.
        looking: When they are looked at, and how closely.
        seed: Seed of every random stream.
    """

    name: ClassVar[str] = "blackbox"
    title: ClassVar[str] = "Opening the black box, with its critics"
    results_version: ClassVar[int] = 1
    family = Variants

    variant: Variant = Variant()
    networks: int = 10
    epochs: int = 3000
    looking: Looking = Looking()
    seed: int = 0

    def __post_init__(self) -> None:
        require_at_least(2, networks=self.networks)
        require_at_least(0, epochs=self.epochs)
        learned_from(self.plan, 1, self.seed)  # refuses a share that leaves nothing

    @property
    def plan(self) -> Protocol:
        """The protocol with what is done differently."""
        return self.variant.plan

    @property
    def passes(self) -> int:
        """Epochs."""
        return self.epochs or self.plan.epochs

    @property
    def data_digest(self) -> str:
        """Hash of the problem."""
        return digest()

    @property
    def threads(self) -> int:
        """One: matrix products this small gain nothing from more."""
        return 1

    @property
    def attributes(self) -> dict[str, Any]:
        """What the Trace says of itself."""
        plan = self.plan
        size = "all samples at once" if plan.batch_size == FULL else f"batch {plan.batch_size}"
        noise = f", noise {self.variant.noise:g}" if self.variant.noise else ""
        return {
            "experiment": self.name,
            "description": (
                f"{self.networks} networks {'-'.join(map(str, WIDTHS))}, "
                f"{self.variant.activation}{noise}, on the 12-bit problem ({self.variant.rule} "
                f"rule), {plan.share:.0%} to learn from, {plan.optimiser}, {size}, "
                f"{self.passes} epochs, seed {self.seed}"
            ),
            "seed": self.seed,
            "source": "shwartz2017opening",
            "variant": self.variant.name,
            "rule": self.variant.rule,
            "activation": self.variant.activation,
            "noise": self.variant.noise,
            "learned_from": round(plan.share * 2 ** WIDTHS[0]),
        }

    def model(self) -> StackedNetworks:
        """The untrained networks; the first ones are the same however many there are."""
        return StackedNetworks(
            WIDTHS,
            self.networks,
            activation=self.variant.activation,
            fan=self.plan.fan,
            noise=self.variant.noise,
            seed=self.seed,
        )

    def run(self, resume: Checkpoint | None = None) -> Iterator[Row | Checkpoint | Tick]:
        """Trains and measures; resumed, yields what comes after the checkpoint."""
        model, plan = self.model(), self.plan
        problem = patterns(self.variant.rule, self.seed, self.variant.sharpness)
        chosen = learned_from(plan, self.networks, self.seed)
        m = chosen.shape[1]
        size = min(m, plan.batch_size or m)
        objective = StackedLoss(model, problem.x, problem.y, chosen)
        optimiser = self.optimiser(model)
        if resume is not None:
            restore(resume, model, optimiser)
        start, each = 0 if resume is None else resume.step, per_epoch(m, size)
        moments = self.looking.moments(self.passes, each)
        orders = orders_of_each(
            self.networks, m, size, seed=self.seed, start=start, reshuffled=plan.reshuffled
        )
        yield from record(
            fit(
                model,
                objective,
                orders,
                optimiser,
                steps_per_epoch=each,
                seed=self.seed,
                start=start,
            ),
            [
                self.networks_seen(problem, chosen, moments),
                self.gradients(objective, m, size, moments),
                ExactCurve(self.variant.rule, self.variant.sharpness, moments[0]),
            ],
            at=frozenset(moments),
            optimiser=optimiser,
            checkpoint_every=checkpoint_every(moments[-1]),
        )

    def optimiser(self, model: StackedNetworks) -> torch.optim.Optimizer:
        """Adam, or plain gradient descent; fused, which for tiny tensors is twice as fast."""
        rate = self.plan.learning_rate
        if self.plan.optimiser == "sgd":
            return torch.optim.SGD(model.parameters(), lr=rate, fused=True)
        return torch.optim.Adam(model.parameters(), lr=rate, fused=True)

    def networks_seen(
        self, problem: Patterns, chosen: torch.Tensor, moments: tuple[int, ...]
    ) -> StackedPlanes:
        """The planes of all networks under every estimator."""
        look, n = self.looking, len(problem.x)
        few = min(look.compared, self.networks)
        at = {
            "all": frozenset(moments),
            "kde": look.some(moments, look.kde_snapshots),
            "renyi": look.some(moments, look.renyi_snapshots),
            "noisy": look.some(moments, look.noisy_snapshots),
        }
        some = self._some(n, look.renyi_patterns)
        fewer = self._some(n, look.noisy_patterns)
        asked = [
            *(Asked(one, at["all"], self.networks) for one in self._bins),
            Asked(Bounds(look.kde_variance), at["kde"], few, self._some(n, look.kde_patterns)),
            Asked(Noisy(look.noisy_deviation, self.seed), at["noisy"], few, fewer),
            *(
                Asked(
                    Renyi(name, ALPHA, rule, problem.x[some], problem.y[some]),
                    at["renyi"],
                    few,
                    some,
                )
                for name, rule in WIDTH_RULES.items()
            ),
        ]
        noise = NoisePropagation(at["noisy"], few, fewer, look.noisy_draws, self.seed)
        return StackedPlanes(
            problem,
            membership(chosen, n),
            asked,
            "width",
            noise if self.variant.noise else None,
        )

    @property
    def _bins(self) -> list[Counted]:
        """The rules that suit the units: the published edges lie where those of tanh do."""
        tanh = self.variant.activation == "tanh"
        return [Counted(name, one) for name, one in BINS.items() if tanh or name != "edges30"]

    def _some(self, n: int, count: int) -> torch.Tensor:
        """So many of n patterns at random, the same for all moments; all if there are no more."""
        return torch.randperm(n, generator=stream(self.seed, "patterns"))[:count]

    def gradients(
        self, objective: StackedLoss, m: int, size: int, moments: tuple[int, ...]
    ) -> GradientNoise:
        """Over the minibatches of training, or over ``PARTS`` where training has one alone."""
        size = size if size < m else max(1, -(-m // PARTS))
        places = torch.arange(m).expand(self.networks, m).split(size, 1)
        whole = [one for one in places if one.shape[1] == size]
        at = self.looking.some(moments, self.looking.gradient_snapshots)
        return GradientNoise(objective, whole, objective.model.layers, at, stacked=True)

    claims = staticmethod(claims)
    panels = staticmethod(figures.panels)
    summary = staticmethod(words.summary)
    methods = staticmethod(words.methods)

    @classmethod
    def findings(cls, traces: Sequence[Trace]) -> list[Finding]:
        """Some over the networks that all estimators measured, the others over all networks."""
        return judged(cls.claims(traces[0]), traces) if traces else []

    @staticmethod
    def tables(trace: Trace, seconds: Mapping[str, float]) -> list[Table]:
        """Every estimator with its ceiling and what it saw fall; layers and their gradients."""
        return words.tables(trace)


@final
@dataclass(frozen=True)
class ExactCurve:
    """The exact curve of the problem, told once.

    Attributes:
        rule: Which labels.
        sharpness: Of the soft rule.
        at: The step at which it is told.
    """

    rule: Rule
    sharpness: float
    at: int

    def __call__(self, snapshot: Snapshot) -> Measured:
        """``exact_rates`` and ``exact_relevances`` along "solved"; nothing at other moments."""
        if snapshot.step != self.at:
            return Measured({})
        told = ("I(X;T)", "I(T;Y)")
        values = {
            name: xr.DataArray(
                numbers,
                {"solved": list(range(len(numbers)))},
                ("solved",),
                attrs={"long_name": f"{of} of the exact bottleneck", "unit": BIT},
            )
            for name, of, numbers in zip(
                ("exact_rates", "exact_relevances"),
                told,
                exact_curve(self.rule, self.sharpness),
                strict=True,
            )
        }
        return Measured(values)
