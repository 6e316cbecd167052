"""A kernel width that stays what one minibatch made it."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float, Num
from torch import Tensor

from infoplane.measures.samples import as_samples
from infoplane.numerics.bandwidth import Bandwidth, Described
from infoplane.numerics.kernels import squared_distances
from infoplane.values.errors import InfoplaneError


@final
@dataclass(frozen=True)
class Frozen:
    """The scale and width σ that a rule chose for one minibatch, kept for all later ones.

    An objective under it is not scale-invariant: its information falls as a layer shrinks, and
    rises as it grows. That is what a rule taken anew from every minibatch prevents.

    Attributes:
        rule: The rule that chose.
        factors: Factor of every column, or one of all; None to leave the samples as they are.
        width: σ in units of the scaled samples.
    """

    scale_invariant: ClassVar[bool] = False

    rule: Bandwidth
    factors: Float[Tensor, " c"] | None
    width: float

    @staticmethod
    def at(rule: Bandwidth, reference: Tensor) -> "Frozen":
        """What a rule chooses for these samples, of shape (n, …).

        Raises:
            InfoplaneError: They are labels, too few, or not finite.
        """
        samples = as_samples(reference.detach(), "reference")
        if samples.ndim < 2:
            raise InfoplaneError(
                "reference holds class labels, which have no kernel width: give activations."
            )
        factors = rule.scale(samples)
        sigma = rule.sigma(squared_distances(samples, factors), samples.shape[1])
        return Frozen(rule, factors, float(sigma))

    @property
    def formula(self) -> str:
        """The rule in symbols."""
        of = self.rule.formula if isinstance(self.rule, Described) else repr(self.rule)
        return f"σ = {self.width:g}, kept from one minibatch under {of}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Keys in ``references.bib``."""
        return self.rule.sources if isinstance(self.rule, Described) else ()

    def scale(self, x: Num[Tensor, "*batch n d"]) -> Float[Tensor, "*batch c"] | None:
        """The factors as they were.

        Raises:
            InfoplaneError: The samples have another number of columns.
        """
        if self.factors is not None and len(self.factors) not in (1, x.shape[-1]):
            raise InfoplaneError(
                f"The width was frozen on {len(self.factors)} columns and is asked for "
                f"{x.shape[-1]}; freeze one for every layer."
            )
        return None if self.factors is None else self.factors.to(x.device)

    def sigma(self, squared: Float[Tensor, "*batch n n"], d: int) -> Float[Tensor, "*batch"]:
        """The width as it was."""
        return squared.new_full(squared.shape[:-2], self.width)
