"""Loops that NumPy cannot fuse, compiled by numba: the extra ``fast``."""

from typing import no_type_check

import numpy as np
from jaxtyping import Float, Int, Shaped
from numba import njit, types
from numba.extending import intrinsic
from numpy import ndarray

BLOCK = 192
"""Rows of the second table, three a pass, that stay in the cache while all of the first go by."""


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
def _transfer(joint, source, target, known, ends_seen, log2, values, degrees, freedom):  # noqa: ANN001, ANN202
    """Bits, K_xyz + K_z − K_xz − K_yz and degrees of freedom of every pair.

    The counts of states that begin with the first are what the others leave of the sums. ``known``
    is log n_pq − log n_p of the targets, ``ends_seen`` how many futures follow each past.
    """
    sources, states, targets, words = joint.shape
    pasts, ends = target.shape[1], target.shape[2]
    n = source[0].sum()
    cells = np.empty((states + 1, pasts * ends), dtype=np.int64)
    for i in range(sources):
        for j in range(targets):
            for c in range(pasts * ends):
                cells[0, c] = target[j, c // ends, c % ends]
            for s in range(states):
                left = source[i, s + 1]
                for c in range(words):
                    count = joint[i, s, j, c]
                    cells[s + 1, c + 1] = count
                    cells[0, c + 1] -= count
                    left -= count
                cells[s + 1, 0] = left
                cells[0, 0] -= left
            total = 0.0
            occupied = 0
            free = 0
            for p in range(pasts):
                futures = ends_seen[j, p]
                sources_seen = 0
                for s in range(states + 1):
                    of_source = 0
                    for q in range(ends):
                        of_source += cells[s, p * ends + q]
                    sources_seen += of_source > 0
                    log_of_source = log2[of_source]
                    for q in range(ends):
                        count = cells[s, p * ends + q]
                        occupied += count > 0
                        total += count * ((log2[count] - log_of_source) - known[j, p, q])
                occupied += (futures > 0) - futures - sources_seen
                if futures > 0:
                    free += (sources_seen - 1) * (futures - 1)
            values[i, j] = total / n
            degrees[i, j] = occupied
            freedom[i, j] = free


@njit(cache=True, nogil=True)
@no_type_check
def _of_two_states(joint, source, target, known, ends_seen, log2, values, degrees, freedom):  # noqa: ANN001, ANN202
    """The same of two states and pasts of one step, without inner loops."""
    sources, targets = joint.shape[0], joint.shape[2]
    n = source[0].sum()
    for i in range(sources):
        on = source[i, 1]
        for j in range(targets):
            a1 = joint[i, 0, j, 0]  # source on; past and future 01, 10, 11
            a2 = joint[i, 0, j, 1]
            a3 = joint[i, 0, j, 2]
            a0 = on - a1 - a2 - a3
            b0 = target[j, 0, 0] - a0
            b1 = target[j, 0, 1] - a1
            b2 = target[j, 1, 0] - a2
            b3 = target[j, 1, 1] - a3
            on_off, on_on = log2[a0 + a1], log2[a2 + a3]
            off_off, off_on = log2[b0 + b1], log2[b2 + b3]
            k0, k1, k2, k3 = known[j, 0, 0], known[j, 0, 1], known[j, 1, 0], known[j, 1, 1]
            values[i, j] = (
                (a0 * ((log2[a0] - on_off) - k0) + a1 * ((log2[a1] - on_off) - k1))
                + (a2 * ((log2[a2] - on_on) - k2) + a3 * ((log2[a3] - on_on) - k3))
                + (b0 * ((log2[b0] - off_off) - k0) + b1 * ((log2[b1] - off_off) - k1))
                + (b2 * ((log2[b2] - off_on) - k2) + b3 * ((log2[b3] - off_on) - k3))
            ) / n
            off_seen = (a0 + a1 > 0) + (b0 + b1 > 0)
            on_seen = (a2 + a3 > 0) + (b2 + b3 > 0)
            f0, f1 = ends_seen[j, 0], ends_seen[j, 1]
            cells = (a0 > 0) + (a1 > 0) + (a2 > 0) + (a3 > 0)
            cells += (b0 > 0) + (b1 > 0) + (b2 > 0) + (b3 > 0)
            degrees[i, j] = cells + (f0 > 0) + (f1 > 0) - off_seen - on_seen - f0 - f1
            free = 0
            if f0 > 0:
                free += (off_seen - 1) * (f0 - 1)
            if f1 > 0:
                free += (on_seen - 1) * (f1 - 1)
            freedom[i, j] = free


def together(a: Shaped[ndarray, "a words"], b: Shaped[ndarray, "b words"]) -> Int[ndarray, "a b"]:
    """Bits that two rows both have, for all pairs of rows."""
    found = np.empty((len(a), len(b)), dtype=np.int64)
    _together(a, b, found, BLOCK)
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
    known = log2[target] - log2[target.sum(2)][..., None]
    small = joint.shape[1::2] == (1, 3) and target.shape[1:] == (2, 2)
    loop = _of_two_states if small else _transfer
    loop(joint, source, target, known, (target > 0).sum(2), log2, values, degrees, freedom)
    return values, degrees, freedom
