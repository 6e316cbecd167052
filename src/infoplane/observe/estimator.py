"""How one estimator sees the variables of a plane."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from infoplane.measures.samples import are_labels
from infoplane.numerics.bandwidth import Bandwidth
from infoplane.numerics.gram import Gram, gaussian_gram, label_gram
from infoplane.quantities.spectra import require_order


@final
@dataclass(frozen=True)
class PlaneEstimator:
    """Matrix-based Rényi information with a kernel width for every variable.

    Attributes:
        alpha: Order of the entropy.
        bandwidth: Rule of every variable that has none of its own.
        own: Rules of single variables by name, such as of the input and its reconstruction, whose
            pixels want one common scale.
    """

    alpha: float
    bandwidth: Bandwidth
    own: Mapping[str, Bandwidth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_order(self.alpha)

    def gram(self, name: str, samples: Tensor) -> tuple[Gram, Tensor]:
        """Gram matrices of a variable and their widths (NaN for class labels), one per batch.

        Args:
            name: Which variable it is.
            samples: Numbers of shape (batch, n, …), or integer labels of shape (batch, n).
        """
        if are_labels(samples[0]):
            return label_gram(samples), torch.full((len(samples),), torch.nan)
        return gaussian_gram(samples.flatten(2), self.own.get(name, self.bandwidth))
