"""Training in phases: some stages learn while all others stand still, at a given cost per step.

One step is a fixed number of multiply-adds, whatever the method: cheap updates are made several to
a step, dear ones not at every step. Runs of the same number of steps have therefore spent the same,
and which stages learn at a step follows from its number alone, so that nothing but the step is
needed to resume.
"""

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from time import perf_counter
from typing import final

from torch import Tensor, nn
from torch.optim import Optimizer

from infoplane.record.loop import batches, per_epoch
from infoplane.record.snapshot import Snapshot
from infoplane.values.errors import InfoplaneError

TRAINING = "training: "
"""What the seconds of a phase are told under, before its name."""


@final
@dataclass(frozen=True)
class Phase:
    """A part of training.

    Attributes:
        stages: Names of the modules that learn; nothing else may move.
        objective: Loss of a minibatch; its gradient reaches these modules alone.
        cost: Multiply-adds of one update.
    """

    stages: tuple[str, ...]
    objective: Callable[[Tensor], Tensor]
    cost: int

    @property
    def name(self) -> str:
        """Which stages, in words."""
        return ", ".join(self.stages)


@final
@dataclass(frozen=True)
class Schedule:
    """Phases one after the other, each of an equal share of the steps.

    Attributes:
        phases: In order.
        steps: Steps of all phases together.
        per_step: Multiply-adds that one step may spend.
    """

    phases: tuple[Phase, ...]
    steps: int
    per_step: int

    def __post_init__(self) -> None:
        if self.steps < len(self.phases):
            raise InfoplaneError(
                f"steps={self.steps}: this method trains {len(self.phases)} groups of stages one "
                f"after the other, and needs at least {len(self.phases)} steps."
            )
        for place, phase in enumerate(self.phases):
            if not self._made(place, self.steps):
                raise InfoplaneError(
                    f"steps={self.steps}: the share of {phase.name} does not pay for one update "
                    f"of {phase.cost} multiply-adds at {self.per_step} per step; take more steps."
                )

    def ends(self) -> list[int]:
        """The last step of every phase.

        >>> phases = tuple(Phase(("a",), lambda x: x, 5) for _ in range(3))
        >>> Schedule(phases, 10, 10).ends()
        [3, 6, 10]
        """
        return [self.steps * (place + 1) // len(self.phases) for place in range(len(self.phases))]

    def phase_at(self, step: int) -> Phase:
        """The phase to which a step belongs, of steps 1 to ``steps``."""
        place = sum(step > end for end in self.ends())
        return self.phases[place]

    def updates(self, step: int) -> list[int]:
        """How many updates every phase has made when so many steps are over."""
        return [self._made(place, step) for place in range(len(self.phases))]

    def spent(self, step: int) -> int:
        """Multiply-adds of all updates made when so many steps are over."""
        made = zip(self.phases, self.updates(step), strict=True)
        return sum(phase.cost * count for phase, count in made)

    def _made(self, place: int, step: int) -> int:
        """Updates of one phase: as many as its steps so far pay for."""
        first, last = ([0, *self.ends()])[place : place + 2]
        steps = min(max(step - first, 0), last - first)
        return steps * self.per_step // self.phases[place].cost


def train(
    model: nn.Module,
    schedule: Schedule,
    images: Tensor,
    optimiser: Optimizer,
    *,
    batch_size: int,
    seed: int,
    start: int = 0,
    seconds: MutableMapping[str, float] | None = None,
) -> Iterator[Snapshot]:
    """A Snapshot after every step; the first is where it starts.

    Parameters without a gradient are left alone by the optimiser, moments included, so that each
    phase has an optimiser state of its own and what stands still stands still to the last bit.

    Args:
        model: The network, changed in place.
        schedule: Which stages learn when, and how often.
        images: Training samples, shape (n, …).
        optimiser: One of all parameters, which skips those without a gradient.
        batch_size: Samples per update.
        seed: Seed of the order of the samples.
        start: Steps already made.
        seconds: Wall-clock time of the updates is added here, by phase.
    """
    epoch = per_epoch(len(images), batch_size)
    made = sum(schedule.updates(start))
    chosen = batches(len(images), batch_size, seed=seed, start=made)
    yield Snapshot(start, made / epoch, model, None)
    for step in range(start + 1, schedule.steps + 1):
        phase, due = schedule.phase_at(step), sum(schedule.updates(step))
        begun, loss = perf_counter(), None
        while made < due:
            optimiser.zero_grad(set_to_none=True)
            loss = phase.objective(images[next(chosen)])
            loss.backward()
            optimiser.step()
            made += 1
        value = None if loss is None else loss.item()
        if seconds is not None:
            key = TRAINING + phase.name
            seconds[key] = seconds.get(key, 0.0) + perf_counter() - begun
        yield Snapshot(step, made / epoch, model, value)
