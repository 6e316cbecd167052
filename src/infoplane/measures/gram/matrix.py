"""The matrix-based Rényi family over Gram objects: tensors in, bits out, differentiable.

Every function takes Gram matrices of any representation and broadcasts over their batches. Bounds
hold as follows: joint ≥ each marginal for every α; joint ≤ sum of marginals (I ≥ 0) is a law at
α = 1 alone, and I can be slightly negative elsewhere. Nothing is clipped.
"""

import math
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infoplane.numerics.gram import Gram, joint
from infoplane.numerics.workers import parallel
from infoplane.quantities.spectra import collision_entropy, renyi_entropy


def entropy(gram: Gram, alpha: float) -> Float[Tensor, "*batch"]:
    """S_α(A) in bits; α = 2 needs no eigenvalues.  [giraldo2015measures, Definition 2]."""
    if alpha == 2:
        return collision_entropy(gram.purity())
    return renyi_entropy(gram.spectrum(), alpha)


def entropies(groups: Iterable[Sequence[Gram]], alpha: float) -> list[Tensor]:
    """Joint entropies S_α(A, B, …) of many groups of variables, on all cores, without gradients.

    The joint matrices are formed one at a time where they are used, never all at once.
    """
    return parallel(lambda group: entropy(joint(*group), alpha), groups)


def shuffled_entropies(a: Gram, b: Gram, orders: Int[Tensor, "s n"], alpha: float) -> list[Tensor]:
    """S_α(A, B[order]) in bits for every order, on all cores, one reordered copy per core."""
    return parallel(lambda order: entropy(a.times(b.reordered(order)), alpha), orders)


def mutual_information(a: Gram, b: Gram, alpha: float) -> Float[Tensor, "*batch"]:
    """I_α(A; B) = S_α(A) + S_α(B) − S_α(A, B) in bits."""
    return entropy(a, alpha) + entropy(b, alpha) - entropy(joint(a, b), alpha)


def normalised_information(a: Gram, b: Gram, alpha: float) -> Float[Tensor, "*batch"]:
    """I_α / max(S_α(A), S_α(B)), without unit.  [yu2021measuring, eq. 16]."""
    larger = torch.maximum(entropy(a, alpha), entropy(b, alpha))
    return mutual_information(a, b, alpha) / larger


def dime(a: Gram, b: Gram, orders: Int[Tensor, "s n"], alpha: float) -> Float[Tensor, "*batch"]:
    """I_α above its permutation mean: E_P S_α(A, PBPᵀ) − S_α(A, B), in bits.

    Zero in the mean for independent variables, by construction.  [skean2023dime].
    """
    shuffled = [entropy(joint(a, b.reordered(order)), alpha) for order in orders]
    return torch.stack(shuffled).mean(0) - entropy(joint(a, b), alpha)


def ceiling(n: int) -> float:
    """log2 n: the largest entropy, and information, that n samples can show."""
    return math.log2(n)
