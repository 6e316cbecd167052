"""The gradient over minibatches: what they agree on, against what they differ in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.values.errors import InfoplaneError
from infoplane.values.replicates import Replicate
from infoplane.values.trace import Measured
from infoplane.values.units import PURE

MEANINGS: Mapping[str, str] = {
    "gradient_mean": "norm of the mean gradient over minibatches",
    "gradient_std": "norm of the gradient's standard deviation over minibatches",
    "gradient_snr": "signal-to-noise ratio of the gradient over minibatches",
    "weight_norm": "norm of the weights",
}


@final
@dataclass(frozen=True, eq=False)
class GradientNoise:
    """‖mean_b g_b‖ and ‖std_b g_b‖ of every layer's weights, and their ratio.

    The norms divided by that of the weights are the normalised ones; the ratio is the same of
    both. With B minibatches and no mean gradient at all the ratio is about 1/√(B − 1) and not 0:
    this floor is kept beside it.

    Attributes:
        loss: Loss of a minibatch.
        batches: What ``loss`` takes, minibatch by minibatch; at least two.
        layers: Names of the layers; of each the ``weight`` is looked at.
        stacked: Whether the first axis of a weight tells networks apart.
        at: The steps at which it is measured.

    Raises:
        InfoplaneError: One minibatch alone, which differs from none.

    Source: shwartz2017opening; saxe2018information.
    """

    loss: Callable[[Tensor], Tensor]
    batches: Sequence[Tensor]
    layers: tuple[str, ...]
    at: frozenset[int]
    stacked: bool = False

    def __post_init__(self) -> None:
        if len(self.batches) < 2:
            raise InfoplaneError(
                f"The gradient's noise is over minibatches, and there is {len(self.batches)}: "
                "take smaller ones."
            )

    @property
    def floor(self) -> float:
        """What the ratio is where the mean gradient is 0."""
        return float((len(self.batches) - 1) ** -0.5)

    def __call__(self, snapshot: Snapshot) -> Measured:
        """Four numbers a layer; gradients and modes are left as they were."""
        clock = Stopwatch()
        if snapshot.step not in self.at:
            return Measured({}, clock.seconds)
        with clock.timing("gradients"):
            found = self._numbers(snapshot.model)
        return Measured(
            {name: self._labelled(name, one) for name, one in found.items()}, clock.seconds
        )

    def _numbers(self, model: nn.Module) -> dict[str, np.ndarray]:
        weights = [model.get_submodule(name).get_parameter("weight") for name in self.layers]
        with torch.enable_grad():
            each = [torch.autograd.grad(self.loss(some), weights) for some in self.batches]
        rows = [torch.stack(of_layer) for of_layer in zip(*each, strict=True)]
        mean = self._norms([one.mean(0) for one in rows])
        std = self._norms([one.std(0, correction=0) for one in rows])
        with np.errstate(divide="ignore", invalid="ignore"):
            snr = mean / std
        norms = self._norms([one.detach() for one in weights])
        return dict(zip(MEANINGS, (mean, std, snr, norms), strict=True))

    def _norms(self, tensors: Sequence[Tensor]) -> np.ndarray:
        """Shape (layer,), or (net, layer) of stacked networks."""
        start = 1 if self.stacked else 0
        norms = [one.double().flatten(start).norm(dim=start) for one in tensors]
        return torch.stack(norms, -1).numpy(force=True)

    def _labelled(self, name: str, numbers: np.ndarray) -> xr.DataArray:
        dims = (Replicate.INIT.value, "layer") if self.stacked else ("layer",)
        attributes = {"long_name": MEANINGS[name], "unit": PURE, "minibatches": len(self.batches)}
        attributes |= {"floor": self.floor} if name == "gradient_snr" else {}
        return xr.DataArray(numbers, {"layer": list(self.layers)}, dims, attrs=attributes)
