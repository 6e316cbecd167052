"""Matrix-based Rényi information as an estimator: arrays in, Estimate out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from jaxtyping import Int
from torch import Tensor

from infoplane.measures.estimator import Properties
from infoplane.measures.gram import matrix
from infoplane.measures.samples import (
    Samples,
    as_samples,
    checked,
    gram_of,
    numbered,
    paired,
)
from infoplane.numerics.bandwidth import Bandwidth, Described, SaysScale, Tapia
from infoplane.numerics.gram import Gram
from infoplane.numerics.workers import parallel
from infoplane.quantities.spectra import require_order
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate, is_saturated


@final
@dataclass(frozen=True)
class Renyi:
    """S_α of normalised Gram matrices, and everything built from it.

    The value measures how samples cluster at the width of the kernel; it is not Shannon
    information of a density, and values under different widths are not comparable.

    Attributes:
        alpha: Order; 1 is von Neumann, 2 needs no eigenvalues, ``math.inf`` the min-entropy.
        bandwidth: Kernel-width rule of every variable. The default is scale-invariant.
        x_bandwidth: Another rule for the first argument alone (the network's input, say, as an
            image: ``Tapia(standardise="whole")``); None means the same rule.

    Integer arrays of shape (n,) are class labels with the class kernel; pass floats for counts.

    Source: giraldo2015measures; yu2019understanding.
    """

    alpha: float = 1.01
    bandwidth: Bandwidth = Tapia()
    x_bandwidth: Bandwidth | None = None

    def __post_init__(self) -> None:
        require_order(self.alpha)

    @property
    def properties(self) -> Properties:
        """Symmetric unless x has a rule of its own; I ≥ 0 is a law at α = 1 alone."""
        return Properties(
            symmetric=self.x_bandwidth is None,
            nonnegative=self.alpha == 1,
            scale_invariant=all(
                isinstance(rule, SaysScale) and rule.scale_invariant for rule in self._rules
            ),
        )

    @property
    def words(self) -> str:
        """What it is, with all its parameters."""
        told = [rule.formula if isinstance(rule, Described) else repr(rule) for rule in self._rules]
        return f"matrix-based Rényi, α = {self.alpha:g}, {'; x: '.join(told)}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        known = [key for rule in self._rules if isinstance(rule, Described) for key in rule.sources]
        return tuple(dict.fromkeys(("giraldo2015measures", "yu2019understanding", *known)))

    def gram(self, x: Samples, name: str = "x") -> Gram:
        """The Gram matrix of a variable under ``bandwidth``."""
        return gram_of(as_samples(x, name), self.bandwidth)

    def entropy(self, x: Samples) -> Estimate:
        """S_α(x) in bits."""
        return self.joint_entropy(x)

    def joint_entropy(self, *variables: Samples) -> Estimate:
        """S_α(x, y, …) of samples of several variables, in bits."""
        (together,) = self.joint_entropies(variables, [tuple(range(len(variables)))])
        return together

    def joint_entropies(
        self, variables: Sequence[Samples], groups: Sequence[tuple[int, ...]]
    ) -> list[Estimate]:
        """S_α in bits of every group of variables, given by their positions; one Gram matrix each.

        Raises:
            InfoplaneError: No variable, not paired, not numeric or not finite; or several under
                an ``x_bandwidth``.
        """
        grams = self._grams(variables)
        joints = [[grams[i] for i in group] for group in groups]
        values = matrix.entropies(joints, self.alpha)
        return [self._estimate(float(value), grams[0].n) for value in values]

    def __call__(self, x: Samples, y: Samples) -> Estimate:
        """I_α(x; y) = S_α(x) + S_α(y) − S_α(x, y) in bits.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w).
            y: As many samples.

        Raises:
            InfoplaneError: The arrays are not paired, too few, not numeric or not finite.
        """
        a, b = self._pair(x, y)
        s_x, s_y, s_xy = (float(s) for s in matrix.entropies([(a,), (b,), (a, b)], self.alpha))
        lowest = 0.0 if self.properties.nonnegative else None
        notes = [
            f"S({name}) = {entropy:.3f} bit is saturated at log2 n, so I(x;y) is close to "
            f"S({other}) whatever they share: widen the kernel or take more samples."
            for name, other, entropy in (("x", "y", s_x), ("y", "x", s_y))
            if is_saturated(entropy, matrix.ceiling(a.n))
        ]
        bounds = (lowest, min(s_x, s_y))
        estimate = self._estimate(s_x + s_y - s_xy, a.n, bounds=bounds, notes=notes)
        return replace(estimate, shared=True)

    def conditional(self, x: Samples, y: Samples, given: Samples) -> Estimate:
        """I_α(x; y | z) = S_α(x, z) + S_α(y, z) − S_α(z) − S_α(x, y, z) in bits."""
        rules = (self.x_bandwidth or self.bandwidth, self.bandwidth, self.bandwidth)
        a, b, c = self._under((x, y, given), rules)
        groups = [(a, c), (b, c), (c,), (a, b, c)]
        s_xz, s_yz, s_z, s_xyz = (float(s) for s in matrix.entropies(groups, self.alpha))
        return replace(self._estimate(s_xz + s_yz - s_z - s_xyz, a.n), shared=True)

    def shuffled(self, x: Samples, y: Samples, orders: Int[Tensor, "s n"]) -> list[float]:
        """I_α(x; y[order]) in bits for every order; marginal entropies are computed once."""
        a, b = self._pair(x, y)
        marginals = sum(float(s) for s in matrix.entropies([(a,), (b,)], self.alpha))
        joints = matrix.shuffled_entropies(a, b, orders, self.alpha)
        return [marginals - float(s) for s in joints]

    @property
    def _rules(self) -> list[Bandwidth]:
        return [self.bandwidth] if self.x_bandwidth is None else [self.bandwidth, self.x_bandwidth]

    def _pair(self, x: Samples, y: Samples) -> tuple[Gram, Gram]:
        first, second = paired(x, y)
        rules = (self.x_bandwidth or self.bandwidth, self.bandwidth)
        a, b = parallel(lambda one: gram_of(*one), zip((first, second), rules, strict=True))
        return a, b

    def _grams(self, variables: Sequence[Samples]) -> list[Gram]:
        if not variables:
            raise InfoplaneError("No variable was given.")
        if len(variables) > 1 and self.x_bandwidth is not None:
            raise InfoplaneError(
                f"x_bandwidth is for x of a pair, and of {len(variables)} variables none is x: "
                "leave it out and give all one rule."
            )
        return self._under(variables, [self.bandwidth] * len(variables))

    def _under(self, variables: Sequence[Samples], rules: Sequence[Bandwidth]) -> list[Gram]:
        samples = list(checked(numbered(variables)).values())
        return parallel(lambda one: gram_of(*one), zip(samples, rules, strict=True))

    def _estimate(
        self,
        value: float,
        n: int,
        bounds: tuple[float | None, float | None] = (None, None),
        notes: list[str] | None = None,
    ) -> Estimate:
        return Estimate(
            value=value,
            n=n,
            method=repr(self),
            ceiling=matrix.ceiling(n),
            bounds=bounds,
            notes=tuple(notes or ()),
        )


DEFAULT = Renyi()
"""Matrix-based Rényi at α = 1.01 with the scale-invariant width."""
