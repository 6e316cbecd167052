"""States of many layers at once: a row of bins packed into one integer, then sorted.

Sorting integers is much faster than telling rows of numbers apart, and leaves one pass over all
networks for every entropy.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.special import xlogy

from infoplane.values.units import LN2

LARGEST = 2**62
"""Codes with the number of the sample behind them stay below this."""


def packed(bins: Int[ndarray, "n net d"]) -> Int[ndarray, "net n"]:
    """One integer for every row of bins: equal exactly where the rows of a network are equal.

    A number in mixed radix; where that would not fit, what is packed so far is numbered anew.
    """
    low = bins.min((0, 1))
    sizes = (bins.max((0, 1)) - low + 1).tolist()
    most = LARGEST // _room(len(bins))
    code, size = np.zeros(bins.shape[:2], dtype=np.int64), 1
    for column, width in enumerate(sizes):
        if size * width > most:
            kept, code = np.unique(code, return_inverse=True)
            code, size = code.reshape(bins.shape[:2]), len(kept)
        code = code * width + (bins[..., column] - low[column])
        size *= width
    return np.ascontiguousarray(code.T)


@final
@dataclass(frozen=True)
class Occupied:
    """How often the states of every network occur, and how the classes lie among them.

    Attributes:
        row: Network of every occupied state.
        weights: Expected number of samples of every class in it, shape (state, class).
        nets: How many networks.
        n: Samples of each.
    """

    row: Int[ndarray, " state"]
    weights: Float[ndarray, "state k"]
    nets: int
    n: int

    @property
    def entropy(self) -> Float[ndarray, " net"]:
        """H of the states in bits."""
        return self._summed(-_plogp(self.weights.sum(1) / self.n))

    @property
    def information(self) -> Float[ndarray, " net"]:
        """I(state; class) in bits, of the class probabilities that were given."""
        p = self.weights / self.n
        joint = self._summed(-_plogp(p).sum(1))
        of_class = -_plogp(p[self.row == 0].sum(0)).sum()
        return self.entropy + of_class - joint

    def _summed(self, terms: Float[ndarray, " state"]) -> Float[ndarray, " net"]:
        return np.bincount(self.row, terms, minlength=self.nets) + 0.0


def occupied(codes: Int[ndarray, "net n"], p: Float[ndarray, "n k"]) -> Occupied:
    """The occupied states of every network.

    Args:
        codes: State of every sample as an integer, as ``packed`` gives them.
        p: Probability of every class at every sample; labels are rows of 0 and 1.
    """
    nets, n = codes.shape
    room = _room(n)
    # the sample's number behind the code: sorting such integers is faster than sorting places
    ordered = np.sort(codes * room + np.arange(n), axis=1)
    sample, code = ordered & (room - 1), ordered // room
    new = np.ones((nets, n), dtype=bool)
    new[:, 1:] = code[:, 1:] != code[:, :-1]
    starts = np.flatnonzero(new)
    weights = np.stack([np.add.reduceat(one[sample].ravel(), starts) for one in p.T], 1)
    return Occupied(starts // n, weights, nets, n)


def _room(n: int) -> int:
    """The least power of 2 that is at least n."""
    return 1 << max(0, n - 1).bit_length()


def _plogp(p: ndarray) -> ndarray:
    return xlogy(p, p) / LN2
