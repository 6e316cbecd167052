"""What the experiment on convolutional networks can be asked for beyond what all can."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

from infoplane.experiments.settings import Widths, require_at_least
from infoplane.models.cnn import ARCHITECTURES, Architecture
from infoplane.numerics.bandwidth import Silverman
from infoplane.observe.estimator import MatrixRenyi, PlaneEstimator
from infoplane.observe.of_maps import OfMaps
from infoplane.observe.plane import INPUT
from infoplane.record.schedule import some_of
from infoplane.values.errors import InfoplaneError

SILVERMAN, TAPIA, TENSOR = "silverman", "tapia", "tensor"
"""The estimators: the paper's, the same with the scale-invariant width, and the scale-invariant
width of the whole layer as one tensor."""
USUAL: Mapping[str, str] = {
    "digits": "small",
    "mnist": "lenet",
    "fashion": "lenet",
    "cifar10": "vgg",
}
"""The architecture of each data set."""
Net = Literal["usual", "small", "lenet", "vgg", "vgg16"]


def architecture(dataset: str, net: Net, filters: tuple[int, ...]) -> Architecture:
    """The named architecture, or the usual one of the data set, with these filter counts.

    Raises:
        InfoplaneError: There are not as many counts as convolutions, or one has a single filter,
            which has no pairs.

    >>> architecture("mnist", "usual", (3, 5)).filters
    (3, 5)
    """
    plan = ARCHITECTURES[USUAL[dataset] if net == "usual" else net].having(filters)
    if min(plan.filters) < 2:
        raise InfoplaneError(
            f"filters={' '.join(map(str, plan.filters))}: a layer of one map has no pairs of maps; "
            "2 are the least."
        )
    return plan


@final
@dataclass(frozen=True)
class Looking:
    """How closely pairs of maps are looked at, at two spectra for every pair.

    Attributes:
        map_snapshots: At so many of the moments; 0 for none.
        map_pairs: At most so many pairs of maps of a layer; None for all of up to 64 maps.
        map_permutations: Shuffles of their null, which is measured at the first and the last of
            the moments; 0 for none.
    """

    map_snapshots: int = 8
    map_pairs: int | None = None
    map_permutations: int = 3

    def __post_init__(self) -> None:
        require_at_least(0, map_snapshots=self.map_snapshots)
        require_at_least(0, map_permutations=self.map_permutations)
        if self.map_snapshots == 1:
            raise InfoplaneError(
                "map_snapshots=1 would look at the untrained network alone; take 2 or more, or 0."
            )
        if self.map_pairs is not None:
            require_at_least(2, map_pairs=self.map_pairs)

    def at(self, moments: tuple[int, ...]) -> frozenset[int]:
        """The steps at which pairs are looked at."""
        return frozenset(some_of(moments, self.map_snapshots))

    def null_at(self, moments: tuple[int, ...]) -> frozenset[int]:
        """Those of them at which the null is measured too."""
        return frozenset(some_of(moments, min(2, self.map_snapshots)))


def estimators(widths: Widths, maps: tuple[str, ...]) -> dict[str, PlaneEstimator]:
    """Those of the planes: maps as variables under two widths, and the layer as one tensor.

    Args:
        widths: The two rules.
        maps: The layers of maps.
    """
    found = widths.estimators(images=(INPUT,))
    paper, invariant = found[SILVERMAN], found[TAPIA]
    assert isinstance(paper, MatrixRenyi) and isinstance(invariant, MatrixRenyi)
    return {SILVERMAN: OfMaps(paper, maps), TAPIA: OfMaps(invariant, maps), TENSOR: invariant}


def error_estimators(widths: Widths, maps: tuple[str, ...], h: float) -> dict[str, PlaneEstimator]:
    """The same for errors, with the width that the paper takes for those.

    Args:
        widths: The two rules.
        maps: The layers of maps.
        h: Width of the paper's rule for errors.
    """
    found = estimators(widths, maps)
    return found | {SILVERMAN: OfMaps(MatrixRenyi(widths.alpha, Silverman(h)), maps)}


def named(filters: list[int]) -> str:
    """Filter counts as a name; those of the architecture itself have none.

    >>> named([6, 12]), named([])
    ('6-12', 'usual')
    """
    return "-".join(map(str, filters)) or "usual"
