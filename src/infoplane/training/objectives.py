"""Matrix-based Rényi entropy and information as losses: tensors in, one number with a gradient out.

The formulas are those of ``measures.gram``; here the numbers keep the graph that made them. All
Gram matrices and spectra are float64 whatever the network computes in.
"""

from dataclasses import dataclass
from typing import final

from jaxtyping import Float
from torch import Tensor

from infoplane.measures.gram import matrix
from infoplane.measures.samples import as_samples, gram_of, paired
from infoplane.numerics.bandwidth import Bandwidth, Tapia
from infoplane.quantities.spectra import require_order


@final
@dataclass(frozen=True)
class RenyiEntropy:
    """S_α(t) of a minibatch in bits, to be added to a loss.

    Attributes:
        alpha: Order; at 2 the gradient needs no eigenvalues.
        bandwidth: Kernel-width rule. The default is taken anew from every minibatch and is
            scale-invariant, gradient included: growing or shrinking a layer changes nothing.
            ``training.widths.Frozen`` keeps the width of one minibatch instead.

    Source: giraldo2015measures; yu2021measuring, eq. 35 (gradient).

    >>> import torch
    >>> same, far = torch.zeros(4, 1), 1e3 * torch.eye(4)
    >>> abs(round(RenyiEntropy()(same).item(), 6)), round(RenyiEntropy(2.0)(far).item(), 3) > 0
    (0.0, True)
    """

    alpha: float = 2.0
    bandwidth: Bandwidth = Tapia()

    def __post_init__(self) -> None:
        require_order(self.alpha)

    def __call__(self, t: Tensor) -> Float[Tensor, ""]:
        """S_α(t) in bits.

        Args:
            t: Activations (n,), (n, d) or (n, c, h, w), n ≥ 2.

        Raises:
            InfoplaneError: Fewer than two samples, or they are not numeric or not finite.
        """
        return matrix.entropy(gram_of(as_samples(t, "t"), self.bandwidth), self.alpha)


@final
@dataclass(frozen=True)
class RenyiInformation:
    """I_α(x; t) = S_α(x) + S_α(t) − S_α(x, t) of a minibatch in bits, to be added to a loss.

    ``cross_entropy + β·RenyiInformation()(x, t)`` is the deterministic information bottleneck with
    the input as x; minus it, with labels as x, rewards what t tells of the classes. Integers of
    shape (n,) are labels with the class kernel. The value is at most log2 n, and for α ≠ 1 it can
    be slightly negative; nothing is clipped, so that the gradient never vanishes at an edge.

    Attributes:
        alpha: Order; at 2 the gradient needs no eigenvalues, 1.01 is usual where one measures.
        bandwidth: Kernel-width rule, as of ``RenyiEntropy``.
        x_bandwidth: Another rule for x alone, such as ``Tapia(standardise="whole")`` for images;
            None means the same rule.

    Source: giraldo2015measures; yu2021measuring.

    >>> import torch
    >>> labels = torch.arange(8) % 2
    >>> round(RenyiInformation()(labels, labels).item(), 6)
    1.0
    """

    alpha: float = 2.0
    bandwidth: Bandwidth = Tapia()
    x_bandwidth: Bandwidth | None = None

    def __post_init__(self) -> None:
        require_order(self.alpha)

    def __call__(self, x: Tensor, t: Tensor) -> Float[Tensor, ""]:
        """I_α(x; t) in bits.

        Args:
            x: Samples (n,), (n, d) or (n, c, h, w), n ≥ 2.
            t: Activations of as many samples.

        Raises:
            InfoplaneError: Fewer than two samples, or they are not paired, not numeric or not
                finite.
        """
        first, second = paired(x, t)
        a = gram_of(first, self.x_bandwidth or self.bandwidth)
        return matrix.mutual_information(a, gram_of(second, self.bandwidth), self.alpha)
