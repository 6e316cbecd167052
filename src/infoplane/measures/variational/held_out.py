"""What a critic is worth on samples it has not seen: a bound, and how far it would scatter."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

BLOCK = 1024
"""Largest number of samples among which strangers are sought; more are measured block by block."""
GROUPS = 20
"""How many groups are left out in turn; fewer samples than that, one by one."""

OfScores = Callable[[Float[Tensor, "n n"]], Float[Tensor, ""]]
"""A number in nats of a matrix of scores, pairs on the diagonal."""


def blocks(n: int) -> list[slice]:
    """All of n samples in consecutive blocks, nearly equal and of at most ``BLOCK``.

    >>> [(block.start, block.stop) for block in blocks(1025)]
    [(0, 513), (513, 1025)]
    """
    count = -(-n // BLOCK)
    size, longer = divmod(n, count)
    starts = [i * size + min(i, longer) for i in range(count + 1)]
    return [slice(start, stop) for start, stop in zip(starts[:-1], starts[1:], strict=True)]


def jackknife(bound: OfScores, scores: Float[Tensor, "n n"]) -> float:
    """Standard error of a bound over its samples, by leaving out groups of pairs in turn.

    A sample leaves with its row and its column, so what strangers have in common is counted.

    Args:
        bound: What is computed of the scores.
        scores: Of at least three samples.
    """
    n = len(scores)
    groups = min(GROUPS, n)
    place = torch.arange(n, device=scores.device)
    kept = [place[place % groups != group] for group in range(groups)]
    values = torch.stack([bound(scores[rows][:, rows]) for rows in kept])
    return float(((groups - 1) * values.var(correction=0)).sqrt())


def error_of_mean(stderrs: list[float]) -> float:
    """Standard error of the mean of independent values.

    >>> error_of_mean([3.0, 4.0])
    2.5
    """
    return math.hypot(*stderrs) / len(stderrs)
