"""The intrinsic dimension of the data that a network learns from, measured once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from infoplane.measures.geometry.gride import Gride
from infoplane.measures.geometry.likelihood import LevinaBickel
from infoplane.measures.geometry.two_nn import TwoNN
from infoplane.observe.stopwatch import Stopwatch
from infoplane.record.snapshot import Snapshot
from infoplane.values.estimate import Estimate
from infoplane.values.trace import Measured

MOST = 5000
"""So many samples are measured at most: neighbours of more take longer than a tiny network."""
METHOD = "dimension_by"
"""The dimension along which the methods lie."""
METHODS: Mapping[str, Callable[[Tensor], Estimate]] = {
    "TwoNN": TwoNN(),
    "Levina-Bickel": LevinaBickel(),
    "Gride": Gride(k=4),
}


@final
@dataclass(frozen=True)
class DataDimension:
    """TwoNN, Levina and Bickel's likelihood, and Gride at k = 4, of fixed samples.

    Training does not change them, so they are measured at step 0 alone.

    Attributes:
        samples: The samples, at most ``MOST`` for a quick answer.
    """

    samples: Float[Tensor, "n *shape"]

    def __call__(self, snapshot: Snapshot) -> Measured:
        """``ID_X`` and its standard error ``ID_X_error`` along ``METHOD``; nothing after step 0."""
        if snapshot.step != 0:
            return Measured({})
        clock = Stopwatch()
        with clock.timing("dimension"):
            found = [method(self.samples) for method in METHODS.values()]
        values = {
            "ID_X": ("intrinsic dimension of the data", [one.value for one in found]),
            "ID_X_error": (
                "its standard error",
                [np.nan if one.stderr is None else one.stderr for one in found],
            ),
        }
        return Measured(
            {
                name: xr.DataArray(
                    np.array(numbers, dtype=float),
                    {METHOD: list(METHODS)},
                    (METHOD,),
                    attrs={"long_name": words, "unit": "1", "n": len(self.samples)},
                )
                for name, (words, numbers) in values.items()
            },
            clock.seconds,
        )
