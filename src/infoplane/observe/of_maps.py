"""Matrix-based Rényi information of layers whose feature maps are variables, taken together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from jaxtyping import Int
from torch import Tensor

from infoplane.numerics.bandwidth import Bandwidth
from infoplane.numerics.maps import maps_gram
from infoplane.observe.estimator import MatrixRenyi, PlaneEstimator, Seen


@final
@dataclass(frozen=True)
class OfMaps(PlaneEstimator):
    """The multivariate functional: I(X; {C¹, …, C^C}) of the maps of some layers.

    Every map has a width of its own, that of a variable of h·w columns; all other variables are as
    ``inner`` takes them. Without it a layer is one tensor, a variable of c·h·w columns.

    Attributes:
        inner: The estimator.
        maps: Names of the layers of maps.

    Source: yu2020understanding.
    """

    inner: MatrixRenyi
    maps: tuple[str, ...]

    @property
    def words(self) -> str:
        """The estimator, and which layers are maps."""
        return (
            f"{self.inner.words}, where each feature map of a convolution is a variable of its own "
            "and the layer all of them together"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Of the estimator and of the functional."""
        return tuple(dict.fromkeys((*self.inner.sources, "yu2020understanding")))

    @property
    def family(self) -> str:
        """That of the estimator."""
        return self.inner.family

    def rule(self, name: str) -> Bandwidth:
        """The width rule of a variable."""
        return self.inner.own.get(name, self.inner.bandwidth)

    def ceiling(self, n: int) -> float:
        """log2 n."""
        return self.inner.ceiling(n)

    def keep(self, name: str, samples: Tensor) -> tuple[Any, Tensor]:
        """One Gram matrix of all maps; of other variables what the estimator keeps."""
        if name not in self.maps:
            return self.inner.keep(name, samples)
        return maps_gram(samples.flatten(3), self.rule(name))

    def entropies(self, kept: Sequence[Any]) -> list[Tensor]:
        """S_α of each."""
        return self.inner.entropies(kept)

    def informations(self, pairs: Sequence[tuple[Seen, Seen]]) -> list[Tensor]:
        """As of any variables."""
        return self.inner.informations(pairs)

    def shuffled(
        self, pairs: Sequence[tuple[Seen, Seen]], orders: Int[Tensor, "s batch n"]
    ) -> list[Tensor]:
        """As of any variables."""
        return self.inner.shuffled(pairs, orders)
