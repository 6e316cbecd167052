"""Bounds on information as functions of a critic's scores, in nats.

``scores[i, j]`` is f(x_i, y_j). Pairs lie on the diagonal; what lies off it, n(n − 1) strangers, is
a sample of independent x and y. Every bound here is at its best where f is the log density ratio
ln p(x, y) / (p(x) p(y)).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus


def pairs(scores: Float[Tensor, "n n"]) -> Float[Tensor, " n"]:
    """f(x_i, y_i).

    >>> pairs(torch.tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [1.0, 4.0]
    """
    return scores.diagonal()


def strangers(scores: Float[Tensor, "n n"]) -> Float[Tensor, " m"]:
    """f(x_i, y_j) for i ≠ j, n(n − 1) of them, row by row.

    >>> strangers(torch.tensor([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [2.0, 3.0]
    """
    n = len(scores)
    # between two entries of the diagonal lie n others: rows of n + 1 put it into one column
    return scores.reshape(-1)[1:].reshape(n - 1, n + 1)[:, :-1].reshape(-1)


def donsker_varadhan(scores: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """E_p[f] − ln E_q[e^f] (belghazi2018mine); p holds pairs, q strangers.

    The logarithm of a mean over few samples lies below that of the expectation, so a value from
    few strangers is too high; see ``effective_strangers``.
    """
    return pairs(scores).mean() - _log_mean_exp(strangers(scores))


def nguyen_wainwright_jordan(scores: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """E_p[f] − E_q[e^f] + 1 (nguyen2010nwj); without bias, whatever the number of samples.

    Written for the log density ratio; poole2019variational shift f by 1.
    """
    return pairs(scores).mean() - strangers(scores).exp().mean() + 1


def info_nce(scores: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """E[f(x_i, y_i) − ln (1/n) Σ_j e^f(x_i, y_j)] ≤ ln n (oord2018infonce, poole2019variational).

    The pair itself is among the n.
    """
    return (pairs(scores) - scores.logsumexp(1)).mean() + math.log(len(scores))


def smile(scores: Float[Tensor, "n n"], clip: float) -> Float[Tensor, ""]:
    """E_p[f] − ln E_q[e^f clipped to e^±clip] (song2020smile); no bound, but of small variance."""
    return pairs(scores).mean() - _log_mean_exp(strangers(scores).clamp(-clip, clip))


def jensen_shannon(scores: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """E_p[−ln(1 + e^−f)] − E_q[ln(1 + e^f)] (nowozin2016fgan), at most 2·JSD − 2 ln 2.

    It is no information; its gradient is bounded, and its best critic is the log density ratio.
    """
    return -softplus(-pairs(scores)).mean() - softplus(strangers(scores)).mean()


def effective_strangers(scores: Float[Tensor, "n n"]) -> Float[Tensor, ""]:
    """(Σ e^f)² / Σ e^2f: of how many strangers E_q[e^f] is the mean in effect.

    >>> float(effective_strangers(torch.zeros(3, 3, dtype=torch.float64)).round(decimals=9))
    6.0
    """
    f = strangers(scores)
    return (2 * f.logsumexp(0) - (2 * f).logsumexp(0)).exp()


def _log_mean_exp(f: Float[Tensor, " m"]) -> Float[Tensor, ""]:
    return torch.logsumexp(f, 0) - math.log(len(f))
