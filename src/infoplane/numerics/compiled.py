"""Loops that NumPy cannot fuse, compiled by numba: the extra ``fast``."""

from typing import no_type_check

import numpy as np
from jaxtyping import Float, Int, Shaped
from numba import njit, types
from numba.extending import intrinsic
from numpy import ndarray

BLOCK = 256
"""Rows of the second table that stay in the cache while all of the first pass by."""


@intrinsic
@no_type_check
def _population(typing, word):  # noqa: ANN001, ANN202, ARG001 — numba's own form
    """The number of bits that are on, one instruction."""

    def generate(context, builder, signature, arguments):  # noqa: ANN001, ANN202, ARG001
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit(cache=True, nogil=True)
@no_type_check
def _together(a, b, found, block):  # noqa: ANN001, ANN202
    rows, words = a.shape
    columns = b.shape[0]
    for left in range(0, columns, block):
        right = min(left + block, columns)
        for i in range(rows):
            j = left
            while j + 3 <= right:  # three at once: a word of the first is read once for all
                first = np.uint64(0)
                second = np.uint64(0)
                third = np.uint64(0)
                for w in range(words):
                    word = a[i, w]
                    first += _population(word & b[j, w])
                    second += _population(word & b[j + 1, w])
                    third += _population(word & b[j + 2, w])
                found[i, j] = first
                found[i, j + 1] = second
                found[i, j + 2] = third
                j += 3
            while j < right:
                first = np.uint64(0)
                for w in range(words):
                    first += _population(a[i, w] & b[j, w])
                found[i, j] = first
                j += 1


@njit(cache=True, nogil=True)
@no_type_check
def _transfer(joint, source, target, log2, values, degrees, freedom):  # noqa: ANN001, ANN202
    """Bits, K_xyz + K_z − K_xz − K_yz and degrees of freedom of every pair.

    The counts of states that begin with the first are what the others leave of the sums.
    """
    sources, states, targets, words = joint.shape
    ends = target.shape[2]
    pasts = (words + 1) // ends
    n = source[0].sum()
    cells = np.empty((states + 1, pasts, ends), dtype=np.int64)
    for i in range(sources):
        for j in range(targets):
            for p in range(pasts):
                for q in range(ends):
                    cells[0, p, q] = target[j, p, q]
            for s in range(states):
                left = source[i, s + 1]
                for c in range(words):
                    count = joint[i, s, j, c]
                    cells[s + 1, (c + 1) // ends, (c + 1) % ends] = count
                    cells[0, (c + 1) // ends, (c + 1) % ends] -= count
                    left -= count
                cells[s + 1, 0, 0] = left
                cells[0, 0, 0] -= left
            total = 0.0
            occupied = 0
            free = 0
            for p in range(pasts):
                of_past = 0
                ends_seen = 0
                for q in range(ends):
                    of_past += target[j, p, q]
                    ends_seen += target[j, p, q] > 0
                    occupied -= target[j, p, q] > 0
                if of_past == 0:
                    continue
                occupied += 1
                sources_seen = 0
                for s in range(states + 1):
                    of_source = 0
                    for q in range(ends):
                        of_source += cells[s, p, q]
                    if of_source == 0:
                        continue
                    sources_seen += 1
                    occupied -= 1
                    for q in range(ends):
                        count = cells[s, p, q]
                        if count > 0:
                            occupied += 1
                            gained = (log2[count] - log2[of_source]) - (
                                log2[target[j, p, q]] - log2[of_past]
                            )
                            total += count * gained
                free += (sources_seen - 1) * (ends_seen - 1)
            values[i, j] = total / n
            degrees[i, j] = occupied
            freedom[i, j] = free


def together(a: Shaped[ndarray, "a words"], b: Shaped[ndarray, "b words"]) -> Int[ndarray, "a b"]:
    """Bits that two rows both have, for all pairs of rows."""
    found = np.empty((len(a), len(b)), dtype=np.int64)
    _together(a, b, found, 3 * BLOCK)
    return found


def transfer(
    joint: Int[ndarray, "a s b t"],
    source: Int[ndarray, "a u"],
    target: Int[ndarray, "b p q"],
    log2: Float[ndarray, " counts"],
) -> tuple[Float[ndarray, "a b"], Int[ndarray, "a b"], Int[ndarray, "a b"]]:
    """Bits, excess of occupied cells and degrees of freedom, as ``populations`` explains them."""
    shape = joint.shape[0], joint.shape[2]
    values = np.empty(shape)
    degrees, freedom = np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64)
    _transfer(joint, source, target, log2, values, degrees, freedom)
    return values, degrees, freedom
