"""Variational bottlenecks as losses: what is spent on the input plus weights times distortions.

One convention, that of the exact solver: **rate + β · distortion** is minimised, so that β weighs
relevance. (Where a publication has β before the rate, its β is one over ours.) All is in nats.

With e(z|x) the encoder, c(y|z) the decoder, r(z) = N(0, 1) and b(z|y) one normal per class:

* VIB: KL(e ‖ r) + β CE, where CE = −E ln c(y|z).
* CEB: KL(e ‖ b) + β CE. Its rate bounds I(X;Z|Y) = I(X;Z) − I(Z;Y), so that its β is that of the
  bottleneck less 1.
* VdualIB: KL(e ‖ r) + β KL(c ‖ p(y|x)), the distortion reversed.
* VdualIB as published: KL(e ‖ b) + β CE + γ KL(c ‖ p̃(y|x)); it is CEB at γ = 0.

Source: alemi2017deep; fischer2020conditional; piran2020dual.
"""

from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.models.stochastic import ByClass, Stochastic
from infoplane.quantities.diagonal import Diagonal
from infoplane.values.errors import InfoplaneError

Compression = Literal["marginal", "conditional"]
"""What the rate is held against: one r(z) for all, or b(z|y) of the class."""


@final
@dataclass(frozen=True, eq=False)
class Coded:
    """What a network says of a minibatch.

    Attributes:
        code: e(z|x), shape (n, d).
        classes: b(z|y), shape (k, d); None of a network that has none.
        scores: ln c(y|z) of one drawn z per sample, up to a constant, shape (n, k).
    """

    code: Diagonal
    classes: Diagonal | None
    scores: Float[Tensor, "n k"]


def coded(model: Stochastic, x: Float[Tensor, "n *shape"]) -> Coded:
    """One draw of the code for every sample, from torch's global stream.

    It is drawn in evaluation too: from the mean alone ``cross_entropy`` would bound nothing.

    Args:
        model: Any network with a normal code, and its b(z|y) where it has ``by_class``.
        x: Samples.
    """
    code = model.encode(x)
    classes = model.by_class if isinstance(model, ByClass) else None
    return Coded(code, classes, model.decode(code.drawn(torch.randn_like(code.mean))))


def rate(at: Coded) -> Float[Tensor, ""]:
    """E KL(e(z|x) ‖ N(0, 1)), which bounds I(X;Z) from above."""
    return at.code.from_standard().mean()


def residual(at: Coded, given: Float[Tensor, "n k"]) -> Float[Tensor, ""]:
    """E KL(e(z|x) ‖ b(z|y)), which bounds I(X;Z|Y) from above.

    Args:
        at: The minibatch.
        given: p(y|x) of what was observed: one-hot rows of labels, or known probabilities.

    Raises:
        InfoplaneError: The network has no b(z|y).
    """
    if at.classes is None:
        raise InfoplaneError(
            "A residual rate holds codes against b(z|y), and this network has none: give it a "
            "property by_class, a Diagonal of shape (k, d), or use a loss without, such as vib."
        )
    n, d = at.code.mean.shape
    each = Diagonal(at.code.mean.reshape(n, 1, d), at.code.scale.reshape(n, 1, d))
    return (given * each.divergence(at.classes)).sum(1).mean()


def cross_entropy(at: Coded, given: Float[Tensor, "n k"]) -> Float[Tensor, ""]:
    """−E Σ_y p(y|x) ln c(y|z); H(Y) less it bounds I(Z;Y) from below."""
    return -(given * at.scores.log_softmax(1)).sum(1).mean()


def reversed_divergence(at: Coded, wanted: Float[Tensor, "n k"]) -> Float[Tensor, ""]:
    """E KL(c(y|z) ‖ p̃(y|x)); 0 exactly where they are the same.

    Args:
        at: The minibatch.
        wanted: p̃(y|x), every entry positive.

    Raises:
        InfoplaneError: An entry is not positive.
    """
    if not bool((wanted > 0).all()):
        raise InfoplaneError(
            f"The dual takes the logarithm of every p(y|x), and the least is {wanted.min():g}. "
            "Give a noise model, such as Smoothing(0.02), whose rows are positive."
        )
    said = at.scores.log_softmax(1)
    return (said.exp() * (said - wanted.log())).sum(1).mean()


@final
@dataclass(frozen=True)
class Lagrangian:
    """rate + β CE + γ KL(c ‖ p̃) in nats; a term whose weight is 0 is not computed.

    Attributes:
        compression: What the rate is held against.
        beta: Weight β of the cross-entropy.
        gamma: Weight γ of the reversed divergence.
    """

    compression: Compression
    beta: float
    gamma: float = 0.0

    def __call__(
        self, at: Coded, given: Float[Tensor, "n k"], wanted: Float[Tensor, "n k"] | None = None
    ) -> Float[Tensor, ""]:
        """The loss of a minibatch.

        Args:
            at: What the network says of it.
            given: p(y|x) of what was observed.
            wanted: p̃(y|x) of the noise model; only the reversed divergence needs it.

        Raises:
            InfoplaneError: It is needed and not there, or has entries that are not positive; or
                the network has no b(z|y) and the rate is held against it.
        """
        loss = rate(at) if self.compression == "marginal" else residual(at, given)
        if self.beta:
            loss = loss + self.beta * cross_entropy(at, given)
        if not self.gamma:
            return loss
        if wanted is None:
            raise InfoplaneError(f"gamma={self.gamma} needs p(y|x): give wanted=….")
        return loss + self.gamma * reversed_divergence(at, wanted)


def vib(beta: float) -> Lagrangian:
    """The variational information bottleneck."""
    return Lagrangian("marginal", beta)


def ceb(beta: float) -> Lagrangian:
    """The conditional entropy bottleneck."""
    return Lagrangian("conditional", beta)


def vdual(beta: float) -> Lagrangian:
    """The variational dual bottleneck, with one marginal."""
    return Lagrangian("marginal", 0.0, beta)


def published_vdual(beta: float, gamma: float) -> Lagrangian:
    """The variational dual bottleneck as its authors' code has it, on a residual rate."""
    return Lagrangian("conditional", beta, gamma)


def fitting_classes(at: Coded, given: Float[Tensor, "n k"]) -> Float[Tensor, ""]:
    """A loss of value 0 whose gradient fits b(z|y) to the codes and moves nothing else.

    Objectives that have no b(z|y) take it along, so that I(X;Z|Y) is bounded under all of them.
    """
    still = Coded(at.code.detached(), at.classes, at.scores)
    spent = residual(still, given)
    return spent - spent.detach()


def onehot(labels: Tensor, classes: int) -> Float[Tensor, "n k"]:
    """Rows with 1 at the label, float32."""
    return torch.nn.functional.one_hot(labels, classes).to(torch.float32)
