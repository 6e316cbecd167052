"""What a layer with Gaussian noise keeps, by sampling the noise."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.measures.estimator import Properties
from infoplane.measures.noise.layer import (
    NoisyLayer,
    cancels,
    exponents,
    layer_alone_note,
    layer_of,
    noise_entropy,
    saturated_note,
    saturation_notes,
    scaled,
    tiles,
)
from infoplane.measures.samples import Samples, is_discrete, paired
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate, is_saturated
from infoplane.values.seeds import stream
from infoplane.values.units import LN2


@final
@dataclass(frozen=True)
class NoisyChannel:
    """I(x; t + Z) by sample propagation, Z normal noise of a given standard deviation.

    The second argument is the layer t that noise is added to; where one argument is discrete, it is
    the other one, in either place.

    * Numbers and t: x is taken to determine t. The information h(T) − h(Z) of the mixture of normal
      distributions about the n samples, at most log2 n.
    * A discrete variable and t: h(T) minus the mean of h(T) within the classes, at most their
      entropy.

    Noise is drawn about every sample, and the value is the mean of the information density
    log2 p(z | sample or class)/p(z): the same in the mean as the difference of the two entropies,
    without the spread that they share. The standard error is that of the draws alone.

    That the mixture of n samples stands for the distribution of the layer makes every entropy too
    small, the more the higher the dimension and the fewer the samples. So the value is too small of
    numbers: see whether it still rises with n. Of a discrete variable it is too large, because h(T)
    within a class rests on fewer samples than h(T): labels that are independent of t seem to share
    with it. Look at the value above its null, and see whether it still falls with n.

    Attributes:
        deviation: Standard deviation β of the noise in every dimension, in units of t (not its
            variance).
        draws: How many values of the noise about every sample; two are needed for a standard error.
        seed: Seed of the noise, which is drawn on the CPU, so that every device sees the same.

    Source: goldfeld2019estimating; goldfeld2020convergence.
    """

    deviation: float = 0.1
    draws: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.deviation > 0 and math.isfinite(self.deviation)):
            raise InfoplaneError(
                f"NoisyChannel(deviation={self.deviation}): it must be positive and finite; "
                "without noise a continuous layer shares infinitely many bits with its input."
            )
        if self.draws < 2:
            raise InfoplaneError(f"draws={self.draws}: a standard error needs two.")

    @property
    def properties(self) -> Properties:
        """The value is of the noisy layer, so it admits no error of the pair."""
        return Properties(takes=("numbers", "mixed"), symmetric=False)

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        return (
            f"I(x; t + Z) by sample propagation, Z normal noise of standard deviation "
            f"{self.deviation:g} in every dimension of t, {self.draws} draws per sample"
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return ("goldfeld2019estimating", "goldfeld2020convergence")

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """I(x; y + Z) in bits, or I(x + Z; y) where y alone is discrete.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w).
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, too few, not numeric, not finite, or both
                discrete.
        """
        layer = NoisyLayer.of(*paired(x, y), self)
        alike = None
        if layer.classes is not None:  # every sample as a class of its own, and the classes
            own = torch.arange(layer.n, device=layer.classes.device)
            alike = torch.stack([own, layer.classes])
        every = self._densities(layer.points, alike)
        densities, kept = every[-1], float(every[0].mean())
        value = float(densities.mean())
        alone = (layer_alone_note(),) if layer.classes is None else ()
        return Estimate(
            value=value,
            n=layer.n,
            method=repr(self),
            stderr=_error(densities),
            stderr_source=self._source,
            ceiling=math.log2(layer.n),
            bounds=(0.0, layer.class_entropy),
            notes=(*saturation_notes(layer, kept, value), *alone),
            shared=True,
        )

    def entropy(self, x: Samples) -> Estimate:
        """Differential entropy of x + Z in bits."""
        return self.joint_entropy(x)

    def joint_entropy(self, *variables: Samples) -> Estimate:
        """Differential entropy of several variables, all with noise, in bits."""
        points = layer_of(variables, self)
        n, d = points.shape
        densities = self._densities(points, None)[0]
        kept = float(densities.mean())
        return Estimate(
            value=kept + noise_entropy(d, self.deviation**2),
            n=n,
            method=repr(self),
            stderr=_error(densities),
            stderr_source=self._source,
            notes=(saturated_note(n),) if is_saturated(kept, math.log2(n)) else (),
        )

    def shuffled(self, x: Samples, y: Samples, orders: Int[Tensor, "s n"]) -> list[float]:
        """I(x; y[order]) in bits for every order, with the same noise about every sample."""
        first, second = paired(x, y)
        layer = NoisyLayer.of(first, second, self)
        if layer.classes is None:
            return [float(self._densities(layer.points, None).mean())] * len(orders)
        orders = orders.to(layer.classes.device)
        # a layer in another order has the classes in the inverse one
        classes = layer.classes[orders if is_discrete(second) else orders.argsort(1)]
        return self._densities(layer.points, classes).mean((1, 2)).tolist()

    @property
    def _source(self) -> str:
        return f"{self.draws} draws of the noise per sample"

    def _densities(
        self, points: Float[Tensor, "n d"], classes: Int[Tensor, "s n"] | None
    ) -> Float[Tensor, "s draws n"]:
        """Information densities of every draw in bits, for one or more ways to class the samples.

        Without classes every sample is a class of its own: s = 1.
        """
        centres = scaled(points, self.deviation**2)
        drawn = [_densities_of(centres, noise, classes) for noise in self._noise(centres)]
        return torch.stack(drawn, 1) / LN2

    def _noise(self, centres: Tensor) -> Iterator[Tensor]:
        """The noise about every sample, one draw after the other, in units of ``scaled``."""
        generator = stream(self.seed, "noise")
        for _ in range(self.draws):
            drawn = torch.randn(centres.shape, generator=generator, dtype=torch.float64)
            yield drawn.to(centres.device) / math.sqrt(2)


def _densities_of(
    centres: Float[Tensor, "n d"], noise: Float[Tensor, "n d"], classes: Int[Tensor, "s n"] | None
) -> Float[Tensor, "s n"]:
    """Densities ln p(z | class)/p(z) at z = centre + noise, for every way to class the samples."""
    everywhere, within = _kernel_sums(centres, centres + noise, classes)
    mixture = (everywhere / len(centres)).log()
    if classes is None:
        return -mixture[None]
    sizes = torch.stack([one.bincount()[one] for one in classes])
    return (within / sizes).log() - mixture


def _kernel_sums(
    centres: Float[Tensor, "n d"], moved: Float[Tensor, "n d"], classes: Int[Tensor, "s n"] | None
) -> tuple[Float[Tensor, " n"], Float[Tensor, "s n"]]:
    """Kernels of every moved point summed over all centres, and over those of its own class.

    They are taken relative to that of a point's own centre, which is then 1. No other one can be
    larger than exp((noise along the line between the centres)²), which does not overflow.
    """
    n = len(centres)
    directly = cancels(centres) or cancels(moved)
    own = (moved - centres).square().sum(1)  # as rounded as the other distances
    classes = centres.new_empty(0, n, dtype=torch.int64) if classes is None else classes
    everywhere, within = centres.new_zeros(n), centres.new_zeros(len(classes), n)
    for rows, columns in itertools.product(tiles(n), repeat=2):
        kernel = exponents(moved[rows], centres[columns], directly).add_(own[rows, None]).exp_()
        everywhere[rows] += kernel.sum(1)
        for sums, ids in zip(within, classes, strict=True):
            sums[rows] += (kernel * (ids[rows, None] == ids[columns])).sum(1)
    return everywhere, within


def _error(densities: Float[Tensor, "draws n"]) -> float:
    """Standard error of their mean over the draws; the samples are taken as they are."""
    draws, n = densities.shape
    return math.sqrt(float(densities.var(0).mean()) / (draws * n))
