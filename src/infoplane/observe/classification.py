"""Cross-entropy and error of a classifier on fixed samples, and of one that decodes drawn codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import torch
import xarray as xr
from jaxtyping import Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from infoplane.models.stochastic import Stochastic
from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.record.undisturbed import undisturbed
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.values.trace import Measured
from infoplane.values.units import PURE


@final
@dataclass(frozen=True)
class Classification:
    """``loss_…`` in nats and ``error_…``, the share of wrong classes, of every set of samples.

    Attributes:
        samples: Images (n, …) and their classes (n,), by what stands after the underscore.
    """

    samples: Mapping[str, tuple[Tensor, Tensor]]

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Two numbers per set; the network is left as it was."""
        clock = Stopwatch()
        values = {}
        with clock.timing("loss"), undisturbed(snapshot.model):
            for name, (x, y) in self.samples.items():
                loss, wrong = _judged(snapshot.model(x), y)
                values[f"loss_{name}"] = _told(loss, f"cross-entropy, {name}", "nat", len(x))
                values[f"error_{name}"] = _told(
                    wrong, f"classification error, {name}", PURE, len(x)
                )
        return Measured(values, clock.seconds)


@final
@dataclass(frozen=True)
class SampledClassification:
    """``loss_sampled_…`` in nats and ``error_sampled_…`` of decoding drawn codes, not their means.

    Attributes:
        samples: Samples (n, …) and their classes (n,), by what stands after the underscore.
        draws: Codes drawn for every sample.
        seed: Of the draws.
    """

    samples: Mapping[str, tuple[Tensor, Tensor]]
    draws: int
    seed: int

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Two numbers per set, means over the draws.

        Raises:
            InfoplaneError: The network has no stochastic code.
        """
        model, clock = snapshot.model, Stopwatch()
        if not isinstance(model, Stochastic):
            raise InfoplaneError(f"A {type(model).__name__} draws no code: leave this out.")
        values = {}
        with clock.timing("loss"), undisturbed(snapshot.model):
            for name, (x, y) in self.samples.items():
                loss, wrong = self._over_draws(model, x, y, name, snapshot.step)
                values[f"loss_sampled_{name}"] = _told(
                    loss, f"cross-entropy of drawn codes, {name}", "nat", len(x)
                )
                values[f"error_sampled_{name}"] = _told(
                    wrong, f"classification error of drawn codes, {name}", PURE, len(x)
                )
        return Measured(values, clock.seconds)

    def _over_draws(
        self, model: Stochastic, x: Tensor, y: Int[Tensor, " n"], name: str, step: int
    ) -> tuple[float, float]:
        """Mean loss and error; every draw has a stream of its own."""
        code = model.encode(x)
        judged = []
        for draw in range(self.draws):
            generator = stream(self.seed, "sampled", name, step, draw)
            noise = torch.randn(code.mean.shape, generator=generator).to(code.mean)
            judged.append(_judged(model.decode(code.drawn(noise)), y))
        loss, wrong = (sum(told) / self.draws for told in zip(*judged, strict=True))
        return loss, wrong


def _judged(scores: Tensor, y: Int[Tensor, " n"]) -> tuple[float, float]:
    """Cross-entropy in nats and the share of wrong classes."""
    return cross_entropy(scores, y).item(), (scores.argmax(1) != y).double().mean().item()


def _told(value: float, words: str, unit: str, n: int) -> xr.DataArray:
    return xr.DataArray(value, attrs={"long_name": words, "unit": unit, "n": n})
