"""Information of binned variables in a plane: every variable is cut once, and counted in pairs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Int
from torch import Tensor

from infoplane.measures.counting.binned import Binned, states_under
from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.samples import as_samples
from infoplane.numerics.binning import Binning
from infoplane.numerics.counts import States
from infoplane.observe.estimator import PlaneEstimator, Seen
from infoplane.quantities.tables import Correction
from infoplane.values.errors import InfoplaneError


@final
@dataclass(frozen=True)
class BinnedStates(PlaneEstimator):
    """Plug-in information of states, a state being a row of bins; labels are states already.

    Of the samples only the state of each is kept, however wide the layer is.

    Attributes:
        rule: How every variable is cut that has no rule of its own.
        own: Rules of single variables by name, such as ``Distinct()`` of the input.
        correction: What is done about the bias, as in ``PlugIn``.
    """

    rule: Binning
    own: Mapping[str, Binning] = field(default_factory=dict)
    correction: Correction = "none"

    def __post_init__(self) -> None:
        for rule in (self.rule, *self.own.values()):
            Binned(rule, correction=self.correction)  # it refuses what is none

    @property
    def words(self) -> str:
        """Every rule, and the counting."""
        rules = [self.rule.formula]
        rules += [f"for {name} {rule.formula}" for name, rule in self.own.items()]
        return f"binned: {'; '.join(rules)}; {self._counting.words}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Of its rules and of the counting."""
        cited = [key for rule in (self.rule, *self.own.values()) for key in rule.sources]
        return tuple(dict.fromkeys([*cited, *self._counting.sources]))

    @property
    def family(self) -> str:
        """None that a methods section explains."""
        return ""

    def ceiling(self, n: int) -> float:
        """As that of the counting."""
        return self._counting.ceiling(n)

    def keep(self, name: str, samples: Tensor) -> tuple[list[States], Tensor]:
        """The states of every batch; there is no kernel width.

        Raises:
            InfoplaneError: The rule cannot cut these numbers.
        """
        rule = self.own.get(name, self.rule)
        try:
            kept = [states_under(as_samples(_own(one), name), rule) for one in samples]
        except InfoplaneError as problem:
            raise InfoplaneError(f"{name} could not be cut into bins: {problem}") from problem
        return kept, torch.full((len(samples),), torch.nan)

    def entropies(self, kept: Sequence[list[States]]) -> list[Tensor]:
        """H of the bins of each."""
        return [
            _stacked(self._counting.entropy_of_states(states).value for states in one)
            for one in kept
        ]

    def informations(self, pairs: Sequence[tuple[Seen, Seen]]) -> list[Tensor]:
        """I of the bins of each pair."""
        of = self._counting.of_states
        return [
            _stacked(of(x, y).value for x, y in zip(a.kept, b.kept, strict=True)) for a, b in pairs
        ]

    def shuffled(
        self, pairs: Sequence[tuple[Seen, Seen]], orders: Int[Tensor, "s batch n"]
    ) -> list[Tensor]:
        """Bins do not change under a shuffle; many tables are counted at once."""
        of, by_batch = self._counting.shuffled_states, orders.unbind(1)
        return [
            torch.stack(
                [
                    _stacked(of(x, y, order))
                    for x, y, order in zip(a.kept, b.kept, by_batch, strict=True)
                ],
                dim=1,
            )
            for a, b in pairs
        ]

    @property
    def _counting(self) -> PlugIn:
        return PlugIn(self.correction)


def _stacked(values: Iterable[float]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.float64)


def _own(x: Tensor) -> Tensor:
    """Labels, which may be states as they are, in memory of their own."""
    return x if x.is_floating_point() else x.clone()
