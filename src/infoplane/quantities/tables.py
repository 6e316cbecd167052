"""Shannon's quantities of a given table, and entropies of a table that was only sampled, in bits.

Tables of probabilities have one axis for every variable and sum to 1. Tables of counts are lists
of occupied cells, because tables of samples are mostly empty.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import torch
from jaxtyping import Float, Num
from numpy import ndarray
from scipy.special import xlogy
from torch import Tensor

from infoplane.numerics.counts import Contingency
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2

Correction = Literal["none", "miller-madow", "shrinkage"]
"""What is done about the bias of entropies that are computed from counts."""
CORRECTIONS: tuple[Correction, ...] = ("none", "miller-madow", "shrinkage")

Terms = Mapping[tuple[int, ...], int]
"""A sum of entropies: how often the entropy of these variables of a table is counted."""
INFORMATION: Terms = {(0,): 1, (1,): 1, (0, 1): -1}
"""I(X; Y) = H(X) + H(Y) − H(X, Y)."""
CONDITIONAL: Terms = {(0, 2): 1, (1, 2): 1, (2,): -1, (0, 1, 2): -1}
"""I(X; Y | Z) = H(X, Z) + H(Y, Z) − H(Z) − H(X, Y, Z)."""
CONDITIONAL_ENTROPY: Terms = {(0, 1): 1, (0,): -1}
"""H(Y | X) = H(X, Y) − H(X)."""


SMALLEST = 1e-290
"""The smallest product of two probabilities with all its digits."""


def entropy(p: Float[ndarray, "*cells"] | Float[Tensor, "*cells"]) -> float:
    """H = −Σ p log2 p of probabilities that sum to 1, in bits.

    >>> entropy(torch.tensor([0.5, 0.25, 0.25]))
    1.5
    """
    p = _array(p)
    return float(-xlogy(p, p).sum() / LN2) + 0.0  # of a constant 0.0, and not −0.0


def mutual_information(joint: Float[ndarray, "x y"] | Float[Tensor, "x y"]) -> float:
    """I(X; Y) = Σ p(x, y) log2 p(x, y)/(p(x) p(y)), in bits; 0 exactly where X or Y is constant.

    The ratio is taken before the logarithm, so that small informations keep their digits.
    """
    joint = _array(joint)
    px, py = joint.sum(1, keepdims=True), joint.sum(0, keepdims=True)
    independent = px * py
    ratio = np.divide(joint, independent, out=np.ones_like(joint), where=independent > SMALLEST)
    rare = (joint > 0) & (independent <= SMALLEST)  # a product that has no digits left
    ratio[rare] = (joint / np.where(px > 0, px, 1) / np.where(py > 0, py, 1))[rare]
    # Σ (joint − independent) is 0, but not its rounding, which would drown what is small; with it
    # every term is at least 0, but for its own rounding
    terms = np.maximum(xlogy(joint, ratio) - (joint - independent), 0.0)
    return float(terms.sum() / LN2)


def conditional_information(joint: Float[Tensor, "x y z"]) -> float:
    """I(X; Y | Z) of a table p(x, y, z), in bits."""
    with_x, with_y = entropy(joint.sum(1)), entropy(joint.sum(0))
    return with_x + with_y - entropy(joint.sum((0, 1))) - entropy(joint)


def total_correlation(joint: Float[Tensor, "*variables"]) -> float:
    """Σ H(X_i) − H(X_1, …, X_k) of a table with one axis a variable, in bits."""
    axes = range(joint.ndim)
    alone = [entropy(joint.sum([j for j in axes if j != i])) for i in axes]
    return sum(alone) - entropy(joint)


def dual_total_correlation(joint: Float[Tensor, "*variables"]) -> float:
    """Σ H(all but X_i) − (k − 1) H(X_1, …, X_k) of a table with one axis a variable, in bits."""
    without = [entropy(joint.sum(i)) for i in range(joint.ndim)]
    return sum(without) - (joint.ndim - 1) * entropy(joint)


def require_table(joint: Tensor, axes: int) -> None:
    """Refuses what is no table of probabilities with so many axes.

    Raises:
        InfoplaneError: Other axes, no floats, negative or not finite entries, a sum that is not 1.
    """
    if joint.ndim != axes or not joint.is_floating_point():
        raise InfoplaneError(
            f"A table of shape {tuple(joint.shape)} and {joint.dtype} is none of probabilities of "
            f"{axes} variables: give floats with {axes} axes."
        )
    total = float(joint.sum())
    if not abs(total - 1) <= 1e-6 or bool((joint < 0).any()):
        raise InfoplaneError(
            f"Probabilities are at least 0 and sum to 1; these sum to {total:g} and the smallest "
            f"is {float(joint.min()):g}. Divide counts by their sum."
        )


@final
@dataclass(frozen=True)
class Counted:
    """A sum of entropies of a table of counts.

    Attributes:
        value: Corrected as was asked for, in bits.
        plain: The same without a correction, in bits.
        variance: Variance over the samples of what each adds to ``plain``, in bits²; a sample of
            n has the variance ``variance``/n to first order.
        degrees: Twice n times the bias of ``plain`` in nats to first order: for the information
            of two variables K_xy − K_x − K_y + 1, K counting states that occur. Where every state
            of one occurs with every state of the other, these are the (K_x − 1)(K_y − 1) degrees
            of freedom of the χ² test of independence; every empty cell takes one away, down to
            −(K_y − 1) where y is a function of x.
        entropies: Of every group of variables in the sum, corrected in the same way, in bits.
        occupied: How many states of every group occur.
        n: Number of samples.
    """

    value: float
    plain: float
    variance: float
    degrees: int
    entropies: Mapping[tuple[int, ...], float]
    occupied: Mapping[tuple[int, ...], int]
    n: int


def counted_entropy(counts: Num[Tensor, " k"]) -> float:
    """Plug-in entropy log2 n − Σ c log2 c / n of counts, in bits; counts of 0 add nothing."""
    c = counts.double()
    n = c.sum()
    return float((n.log() - torch.special.xlogy(c, c).sum() / n) / LN2)


def surprise_variance(counts: Num[Tensor, " k"]) -> float:
    """Variance of log2 p of a sample's own state, in bits²: n times that of a plug-in entropy."""
    p = counts[counts > 0].double() / counts.sum()
    surprise = p.log2()
    return float(p @ (surprise - p @ surprise).square())


def miller_madow(occupied: int, n: int) -> float:
    """(K − 1)/(2n) in bits, the first-order bias of a plug-in entropy of K occupied states.

    Source: miller1955note.
    """
    return (occupied - 1) / (2 * n * LN2)


def shrinkage_intensity(counts: Num[Tensor, " k"], cells: int) -> float:
    """λ = (1 − Σ p²)/((n − 1) Σ (1/K − p)²) in [0, 1]: how far to shrink towards uniform.

    Args:
        counts: Of the states that occur, n in all.
        cells: Number of states K, with those that do not occur.

    Source: hausser2009entropy.
    """
    c = counts.double()
    n, squares = float(c.sum()), float((c / c.sum()).square().sum())
    distance = (n - 1) * (squares - 1 / cells)
    if distance <= 1 - squares:  # also if the frequencies are uniform, where any λ is the same
        return 1.0
    return (1 - squares) / distance


def shrunk_entropy(counts: Num[Tensor, " k"], cells: int, intensity: float) -> float:
    """Entropy of (1 − λ)·p + λ/K in bits, the K − occupied empty states in closed form.

    Source: hausser2009entropy.
    """
    c = counts[counts > 0].double()
    floor = intensity / cells
    p = (1 - intensity) * c / c.sum() + floor
    empty = (cells - len(c)) * floor * math.log(floor) if floor > 0 else 0.0
    return (-float(torch.special.xlogy(p, p).sum()) - empty) / LN2


def corrected_entropy(counts: Num[Tensor, " k"], cells: int, correction: Correction) -> float:
    """Entropy of counts in bits.

    Args:
        counts: Of every state.
        cells: Number of states, with those that do not occur, towards which shrinkage goes.
        correction: What is done about the bias.
    """
    if correction == "shrinkage":
        return shrunk_entropy(counts, cells, shrinkage_intensity(counts, cells))
    bias = miller_madow(int(counts.count_nonzero()), int(counts.sum()))
    return counted_entropy(counts) + (bias if correction == "miller-madow" else 0.0)


def counted(table: Contingency, terms: Terms, correction: Correction = "none") -> Counted:
    """A sum of entropies of a table of counts, with its spread, in bits.

    What a sample adds is −Σ ± log2 p of its states; the mean is the plug-in value and the variance
    its sampling variance to first order (delta method). Shrinkage is that of the whole table, over
    all combinations of the states that occur, so that the parts are marginals of one distribution.

    Source: paninski2003estimation (plug-in); miller1955note; hausser2009entropy.
    """
    n, signs = table.n, [float(sign) for sign in terms.values()]
    parts = {axes: table.marginal(axes) for axes in terms}
    logs = np.stack([part.log2_at_cells() for part in parts.values()])
    sums = (logs @ table.counts).tolist()
    entropies = {axes: math.log2(n) - one / n for axes, one in zip(terms, sums, strict=True)}
    occupied = {axes: part.occupied for axes, part in parts.items()}
    plain = sum(terms[axes] * entropies[axes] for axes in terms)
    beyond = sum(signs) * math.log2(n) - plain - np.array(signs) @ logs
    variance = float(table.counts @ beyond**2) / n
    value, degrees = plain, -sum(terms[axes] * (occupied[axes] - 1) for axes in terms)
    if correction == "miller-madow":
        entropies = {axes: entropies[axes] + miller_madow(occupied[axes], n) for axes in terms}
        value -= degrees / (2 * n * LN2)
    elif correction == "shrinkage":
        counts = {axes: torch.from_numpy(one.counts) for axes, one in parts.items()}
        entropies = _shrunk(table, counts)
        value = sum(terms[axes] * entropies[axes] for axes in terms)
    return Counted(value, plain, variance, degrees, entropies, occupied, n)


def information_interval(found: Counted, z: float) -> tuple[float, float]:
    """Where the information lies by the spread and the bias of its plug-in value, in bits.

    2n·I of samples spreads about 2n·I + degrees with variance 2·degrees + 4n·V, like a noncentral
    χ²; V, the variance of what a sample adds, is taken to be proportional to I, as it is for weak
    dependence. The ends are the I at which the sample lies z standard deviations away (as in
    Wilson's interval of a proportion), so that independence is covered as well as dependence,
    where V alone would be 0. They are not clipped at 0.

    2·degrees is the variance of the χ² of a table whose cells all occur. Empty cells can make
    degrees negative, such as of a function y of x, and then they are no variance: that of the
    samples alone remains, which makes intervals too wide rather than too narrow where the occupied
    cells are equally likely.

    Args:
        found: An information, conditional or not.
        z: Normal quantile; 1.645 for 90 %.
    """
    scale = 2 * found.n * LN2
    centre = scale * found.plain - found.degrees
    dispersion = found.variance * LN2 / (2 * found.plain) if found.plain > 0 else 1.0
    half = 2 * dispersion * z**2
    own = 2 * max(0, found.degrees) * z**2
    root = math.sqrt(max(0.0, half * (half + 2 * centre) + own))
    return (centre + half - root) / scale, (centre + half + root) / scale


def _array(given: ndarray | Tensor) -> ndarray:
    """As it is, or without its graph."""
    return given.detach().cpu().numpy() if isinstance(given, Tensor) else given


def _shrunk(
    table: Contingency, parts: Mapping[tuple[int, ...], Num[Tensor, " k"]]
) -> dict[tuple[int, ...], float]:
    """Entropies of the marginals of the whole table, shrunk."""
    alphabet = [table.marginal((i,)).occupied for i in range(len(table.sizes))]
    intensity = shrinkage_intensity(torch.from_numpy(table.counts), math.prod(alphabet))
    return {
        axes: shrunk_entropy(counts, math.prod(alphabet[i] for i in axes), intensity)
        for axes, counts in parts.items()
    }
