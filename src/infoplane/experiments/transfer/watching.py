"""What is kept of one epoch of training, and the transfers that are read from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor, nn

from infoplane.observe.stopwatch import Stopwatch
from infoplane.observe.transfer import (
    INPUT,
    PREDICTION,
    Axis,
    Layered,
    LayerTransfer,
    Rule,
    Series,
    adjacent,
    labelled,
    layer_transfer,
    surrogates_of,
)
from infoplane.record.snapshot import Snapshot
from infoplane.record.undisturbed import undisturbed
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.values.trace import Measured

Bits = Mapping[str, Tensor]
"""States, or numbers before they are cut, of every variable; samples first."""
AT_ONCE = 1000
"""So many images are shown to a network at once."""


@final
@dataclass
class Epoch:
    """The numbers of all layers during one epoch, as its updates went by.

    Attributes:
        chosen: Indices of the training samples, batch by batch.
        seen: What the layers showed of them at the moment of their own update.
        steps: What they showed of the fixed probe before every update.
    """

    chosen: list[Tensor] = field(default_factory=list)
    seen: list[Bits] = field(default_factory=list)
    steps: list[Bits] = field(default_factory=list)

    def clear(self) -> None:
        """Begins the next epoch."""
        self.chosen.clear()
        self.seen.clear()
        self.steps.clear()


@final
@dataclass(frozen=True)
class Transfer:
    """Reads the transfers between layers at the end of an epoch, along every axis.

    Attributes:
        rule: What is asked.
        samples: Training images and their classes.
        epoch: What the training passes have left.
        layers: Names of the layers.
        blocks: The window is cut into so many blocks.
        window: At most so many samples.
        seed: Of the surrogates.
    """

    rule: Rule
    samples: tuple[Tensor, Tensor]
    epoch: Epoch
    layers: tuple[str, ...]
    blocks: int
    window: int
    seed: int

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Adjacent layers, and every layer with the input and with the prediction."""
        inner = [pair for name in self.layers for pair in ((INPUT, name), (name, PREDICTION))]
        return list(dict.fromkeys([*adjacent(self.layers), *inner]))

    def __call__(self, snapshot: Snapshot) -> Measured:
        """All transfers at one moment."""
        clock = Stopwatch()
        model = snapshot.model
        with clock.timing("forward"):
            series = self._series(model)
        with clock.timing("transfer"):
            found = {
                (axis, f"{a} → {b}", block): self._measured(axis, a, b, block, one, snapshot.step)
                for axis, blocks in series.items()
                for block, one in enumerate(blocks)
                for a, b in self.pairs
            }
        moments = {
            axis: sum(len(bits[INPUT]) for bits in blocks[0]) for axis, blocks in series.items()
        }
        return Measured(labelled(found, moments), clock.seconds)

    def _measured(
        self, axis: Axis, a: str, b: str, block: int, series: Sequence[Bits], step: int
    ) -> LayerTransfer:
        two: Series = [(bits[a], bits[b]) for bits in series]
        reach = self.rule.history.reach()
        surrogates = surrogates_of(axis, len(series[0][a]) - reach, self.rule.together)
        seed = stream(self.seed, "surrogates", axis, a, b, block, step).initial_seed() >> 2
        return layer_transfer(two, self.rule, surrogates, seed)

    def _series(self, model: nn.Module) -> dict[Axis, list[list[Bits]]]:
        """By axis and block, the series that are counted together."""
        x, y = self.samples
        order = torch.cat(self.epoch.chosen) if self.epoch.chosen else self._first_order(len(x))
        order = order[-self.window :]
        by_class = order[y[order].sort(stable=True).indices]
        found: dict[Axis, list[list[Bits]]] = {}
        if self.epoch.seen:
            last = {name: one[-self.window :] for name, one in _joined(self.epoch.seen).items()}
            found["training"] = self._blocks(self.rule.states(last))
        found["frozen"] = self._blocks(self._shown(model, x[order]))
        found["sorted"] = self._interleaved(self._shown(model, x[by_class]))
        if self.epoch.steps:
            found["steps"] = self._of_probe(self.epoch.steps)
        return found

    def _shown(self, model: nn.Module, x: Tensor) -> Bits:
        """The states of a network that stays as it is."""
        with undisturbed(model):
            parts = [
                self.rule.numbers(some, layered(model).activations(some))
                for some in x.split(AT_ONCE)
            ]
        return self.rule.states(_joined(parts))

    def _first_order(self, n: int) -> Tensor:
        """An order for the untrained network, which has had no epoch."""
        return torch.randperm(n, generator=stream(self.seed, "first order"))

    def _blocks(self, bits: Bits) -> list[list[Bits]]:
        """Consecutive blocks of the same length; the first samples that do not fill one go."""
        size = len(bits[INPUT]) // self.blocks
        rest = len(bits[INPUT]) - size * self.blocks
        return [
            [{k: one[start : start + size] for k, one in bits.items()}]
            for start in range(rest, rest + size * self.blocks, size)
        ]

    def _interleaved(self, bits: Bits) -> list[list[Bits]]:
        """Every block takes one sample of each few in turn, and so has all classes in order."""
        size = len(bits[INPUT]) // self.blocks * self.blocks
        return [
            [{k: one[:size][block :: self.blocks] for k, one in bits.items()}]
            for block in range(self.blocks)
        ]

    def _of_probe(self, steps: Sequence[Bits]) -> list[list[Bits]]:
        """A series of updates for every sample of the probe, the samples shared among blocks."""
        numbers = {name: torch.stack([one[name] for one in steps]) for name in steps[0]}
        whole = self.rule.states(numbers)  # (update, sample, unit)
        size = whole[INPUT].shape[1] // self.blocks
        series: list[Bits] = [
            {name: one[:, i] for name, one in whole.items()} for i in range(size * self.blocks)
        ]
        return [series[start : start + size] for start in range(0, len(series), size)]


def layered(model: nn.Module) -> Layered:
    """The network as one that tells what its layers do.

    Raises:
        InfoplaneError: It does not.
    """
    if not isinstance(model, Layered):
        raise InfoplaneError(f"A {type(model).__name__} does not tell what its layers do.")
    return model


def _joined(parts: Sequence[Bits]) -> dict[str, Tensor]:
    return {name: torch.cat([one[name] for one in parts]) for name in parts[0]}
