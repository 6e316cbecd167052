"""Numbers of single layers under single estimators, as labelled arrays beside those of a plane."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
import xarray as xr
from torch import Tensor

from infoplane.observe.estimator import PlaneEstimator
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.methods import METHODS, methods_json
from infoplane.values.units import BIT

Found = Mapping[tuple[str, str], Tensor]
"""Numbers of every batch by estimator and layer."""


@final
@dataclass(frozen=True)
class ByLayer:
    """Labels numbers; what was not found is NaN.

    Attributes:
        estimators: All estimators of the Trace.
        layers: All layers of the Trace.
        batches: Batches of the probe.
        n: Samples in each.
    """

    estimators: Mapping[str, PlaneEstimator]
    layers: Sequence[str]
    batches: int
    n: int

    def labelled(
        self,
        found: Found,
        words: str,
        unit: str = BIT,
        *,
        bins: np.ndarray | None = None,
        permutations: int | None = None,
        told: bool = False,
    ) -> xr.DataArray:
        """An array of dimensions (estimator, batch, layer), and "bin" if there are bins.

        Args:
            found: Arrays (batch,), or (batch, bin).
            words: What it is.
            unit: Its unit.
            bins: Middles of the bins of a histogram.
            permutations: Over how many shuffles it is a mean, if it is a null.
            told: Whether the array says what the estimators are, because a plane's are others.
        """
        rest = () if bins is None else (len(bins),)
        shape = (len(self.estimators), self.batches, len(self.layers), *rest)
        numbers = np.full(shape, np.nan)
        names, layers = list(self.estimators), list(self.layers)
        for (name, layer), values in found.items():
            numbers[names.index(name), :, layers.index(layer)] = values.detach().cpu().numpy()
        coords = {"estimator": names, "layer": layers} | ({} if bins is None else {"bin": bins})
        dims = ("estimator", "batch", "layer", *(() if bins is None else ("bin",)))
        attributes = {"long_name": words, "unit": unit, "n": self.n}
        if unit == BIT:
            attributes[CEILINGS] = self._ceilings
        if told:
            attributes[METHODS] = self._methods
        if permutations is not None:
            attributes["permutations"] = permutations
        return xr.DataArray(numbers, coords, dims, attrs=attributes)

    @cached_property
    def _ceilings(self) -> str:
        """The most that every estimator can say of one batch, as JSON."""
        return ceilings_json({name: one.ceiling(self.n) for name, one in self.estimators.items()})

    @cached_property
    def _methods(self) -> str:
        """What every estimator is, as JSON."""
        return methods_json({name: one.method for name, one in self.estimators.items()})
