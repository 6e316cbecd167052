"""Exact transfer of a given Markov chain of two variables, from its transition probabilities."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from infoplane.quantities.tables import conditional_information
from infoplane.values.errors import InfoplaneError

LARGEST = 1 << 22
"""Tables of more words than this are not made."""
SINGLE = 1e-9
"""A second eigenvalue this near to 1 means a second stationary distribution."""


def exact_te(transitions: Any, *, k: int = 1, l: int = 1, lag: int = 1) -> float:  # noqa: ANN401 — an array
    """I(x_past; y_next | y_past) of a stationary Markov chain (x, y), in bits.

    Args:
        transitions: p(x', y' | x, y) of shape (x, y, x', y'); each (x, y) sums to 1.
        k: How many states of the target's own past are known.
        l: How many states of the source's past are asked about.
        lag: Steps from the last of them to the target; at least 1.

    Source: schreiber2000measuring.

    Raises:
        InfoplaneError: It is no transition table, its stationary distribution is not the only one,
            or the words are too many.

    >>> coin = np.full((2, 2), 0.5)  # the source is drawn anew, the target copies what it was
    >>> copied = np.einsum("xc,xq->xcq", coin, np.eye(2))[:, None].repeat(2, 1)
    >>> round(exact_te(copied), 9)
    1.0
    """
    p = _checked(transitions)
    for name, given in (("k", k), ("l", l), ("lag", lag)):
        if given < 1:
            raise InfoplaneError(f"{name}={given}: give 1, 2, 3, …")
    length = max(k, lag + l - 1) + 1
    cells = float(np.prod(p.shape[:2])) ** length
    if cells > LARGEST:
        raise InfoplaneError(
            f"Words of {length} steps have {cells:.3g} states, more than {LARGEST}: ask about a "
            "shorter past."
        )
    words = _words(p, length)
    past_x = [2 * (length - 1 - lag - i) for i in range(l)]
    past_y = [2 * (length - 2 - i) + 1 for i in range(k)]
    return conditional_information(_table(words, past_x, [2 * length - 1], past_y))


def stationary(matrix: Float[ndarray, "s s"]) -> Float[ndarray, " s"]:
    """The distribution that a transition matrix (rows sum to 1) leaves as it is.

    Raises:
        InfoplaneError: There are several.
    """
    size = len(matrix)
    values = np.linalg.eigvals(matrix)
    if int((np.abs(values - 1) < SINGLE).sum()) > 1:
        raise InfoplaneError(
            "The chain falls apart into several, each with a stationary distribution of its own: "
            "ask about one of them, or let it pass between them."
        )
    equations = np.vstack([matrix.T - np.eye(size), np.ones(size)])
    right = np.append(np.zeros(size), 1.0)
    found = np.linalg.lstsq(equations, right, rcond=None)[0].clip(0)
    return found / found.sum()


def _checked(transitions: Any) -> Float[ndarray, "x y x y"]:  # noqa: ANN401
    p = np.asarray(transitions, dtype=np.float64)
    if p.ndim != 4 or p.shape[:2] != p.shape[2:]:
        raise InfoplaneError(
            f"Transitions p(x', y' | x, y) have shape (x, y, x, y), and these {p.shape}."
        )
    sums = p.sum((2, 3))
    if not (np.isfinite(p).all() and (p >= 0).all() and np.abs(sums - 1).max() <= SINGLE):
        raise InfoplaneError(
            f"Transition probabilities are at least 0 and sum to 1 from every (x, y); these sum to "
            f"{sums.min():g} … {sums.max():g} and the smallest is {p.min():g}."
        )
    return p


def _words(p: Float[ndarray, "x y x y"], length: int) -> Float[ndarray, "..."]:
    """Probability of every word (x_1, y_1, x_2, y_2, …), two axes a step."""
    x, y = p.shape[:2]
    step = p.reshape(x * y, x * y)
    words = stationary(step)
    for _ in range(length - 1):
        words = words[..., None] * step
    return words.reshape((x, y) * length)


def _table(words: Float[ndarray, "..."], *groups: list[int]) -> Tensor:
    """The marginal of some axes, those of a group joined to one."""
    kept = [axis for group in groups for axis in group]
    rest = tuple(axis for axis in range(words.ndim) if axis not in kept)
    # summing keeps the axes in order, so each is found again by its rank
    ranks = {axis: rank for rank, axis in enumerate(sorted(kept))}
    left = words.sum(rest).transpose([ranks[axis] for axis in kept])
    sizes = [int(np.prod([words.shape[axis] for axis in group])) for group in groups]
    return torch.from_numpy(np.ascontiguousarray(left.reshape(sizes)))
