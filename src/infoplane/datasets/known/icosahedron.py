"""The 12-bit problem: 4096 patterns on the vertices of an icosahedron, and two rules for a label.

Both rules depend on a pattern up to the 120 rotations and reflections of the icosahedron, so that
82 kinds of patterns are left. The hard rule gives the labels that were published with the original
experiment; the soft one gives the probability of a label from the norms of the pattern's spherical
harmonics of degree 0, 1 and 2. Both were recovered from published labels.

Source: shwartz2017opening (the problem).
"""

import math
from functools import cache

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from infoplane.values.errors import InfoplaneError

BITS = 12
NEIGHBOURS = (
    (1, 3, 5, 10, 11),
    (0, 2, 3, 4, 11),
    (1, 3, 4, 8, 9),
    (0, 1, 2, 8, 10),
    (1, 2, 6, 9, 11),
    (0, 6, 7, 10, 11),
    (4, 5, 7, 9, 11),
    (5, 6, 8, 9, 10),
    (2, 3, 7, 9, 10),
    (2, 4, 6, 7, 8),
    (0, 3, 5, 7, 8),
    (0, 1, 4, 5, 6),
)
"""The five nearest vertices of every vertex."""
ANTIPODES = (9, 7, 5, 6, 10, 2, 3, 1, 11, 0, 4, 8)
"""The opposite vertex of every vertex."""
HARD = 7.85
"""Threshold of the hard rule; all between 7.7528 and 7.9645 give the same labels."""
SHARPNESS, THRESHOLD, WEIGHTS = 12.0, 5.89, (2.0, 5.0, 4.0)
"""σ, θ and the weights of the degrees of the published soft rule."""


def patterns() -> Int[ndarray, "4096 12"]:
    """All patterns: row n holds the bits of n, the most significant first."""
    return (np.arange(2**BITS)[:, None] >> np.arange(BITS)[::-1]) & 1


def gram() -> Float[ndarray, "12 12"]:
    """Cosines between vertices: 1, 1/√5 for neighbours, −1 for antipodes, −1/√5 otherwise."""
    found = np.full((BITS, BITS), -1 / math.sqrt(5))
    for i, (near, far) in enumerate(zip(NEIGHBOURS, ANTIPODES, strict=True)):
        found[i, list(near)], found[i, far], found[i, i] = 1 / math.sqrt(5), -1.0, 1.0
    return found


@cache
def symmetries() -> Int[ndarray, "g 12"]:
    """The permutations of vertices that keep neighbours neighbours: 120 of them."""
    grown: list[list[int]] = [[]]
    for i in range(BITS):
        grown = [[*one, v] for one in grown for v in range(BITS) if _fits(one, i, v)]
    return np.array(grown)


@cache
def orbits() -> Int[ndarray, " 4096"]:
    """Which kind every pattern is, 0 … 81 in the order of their first patterns."""
    values = 1 << np.arange(BITS)[::-1]
    bits = patterns()
    least = np.min([bits[:, one] @ values for one in symmetries()], axis=0)
    return np.unique(least, return_inverse=True)[1]


def hard_labels() -> Int[ndarray, " 4096"]:
    """The published labels: 1 where k + (2/√3)‖Σ r_i‖ > 7.85, k ones at the vertices r_i."""
    bits = patterns()
    length = _by_orbit(np.sqrt(np.maximum(0.0, ((bits @ gram()) * bits).sum(1))))
    return (bits.sum(1) + 2 / math.sqrt(3) * length > HARD).astype(np.int64)


def band_score(weights: tuple[float, float, float] = WEIGHTS) -> Float[ndarray, " 4096"]:
    """Σ_l weight_l/(2l + 1) ‖a_l‖ of every pattern; a_l are its spherical harmonics of degree l.

    ‖a_l‖² = (4π/12)² (2l + 1)/(4π) xᵀ P_l(G) x with Legendre's P_l of the cosines G, so that no
    coordinates are needed.
    """
    bits, cosines = patterns(), gram()
    legendre = (np.ones_like(cosines), cosines, 1.5 * cosines**2 - 0.5)
    total = np.zeros(len(bits))
    for degree, (weight, kernel) in enumerate(zip(weights, legendre, strict=True)):
        many = 2 * degree + 1
        power = np.maximum(0.0, ((bits @ kernel) * bits).sum(1))
        power = np.where(power < 1e-9, 0.0, power)  # rounding of what is 0, before a square root
        total += weight / many * (4 * math.pi / BITS) * np.sqrt(many / (4 * math.pi) * power)
    return _by_orbit(total)


def soft_rule(
    sharpness: float = SHARPNESS,
    threshold: float = THRESHOLD,
    weights: tuple[float, float, float] = WEIGHTS,
) -> Float[ndarray, " 4096"]:
    """p(y = 1|x) = 1/(1 + exp(−σ (f(x) − θ))) of every pattern.

    Raises:
        InfoplaneError: A sharpness that is not finite or below 0.
    """
    if not (math.isfinite(sharpness) and sharpness >= 0):
        raise InfoplaneError(f"sharpness={sharpness}: it is finite and at least 0.")
    return 1 / (1 + np.exp(-sharpness * (band_score(weights) - threshold)))


def joint(of_one: Float[ndarray, " 4096"], *, lumped: bool = False) -> Float[ndarray, "x 2"]:
    """p(x, y) with all patterns equally likely.

    Args:
        of_one: p(y = 1|x) of every pattern; labels serve as well.
        lumped: One row a kind of pattern, 82 in all, instead of 4096.
    """
    table = np.stack([1 - of_one, of_one], 1) / len(of_one)
    if not lumped:
        return table
    found = np.zeros((orbits().max() + 1, 2))
    np.add.at(found, orbits(), table)
    return found


def _fits(one: list[int], i: int, v: int) -> bool:
    near = all((j in NEIGHBOURS[i]) == (w in NEIGHBOURS[v]) for j, w in enumerate(one))
    return v not in one and near


def _by_orbit(values: Float[ndarray, " 4096"]) -> Float[ndarray, " 4096"]:
    """The value of a kind's first pattern for all of it, so that equals are equal to the bit."""
    _, first = np.unique(orbits(), return_index=True)
    return values[first][orbits()]
