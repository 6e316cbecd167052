"""A problem of five inputs and two classes, solved exactly, and the same losses trained on it.

Its code has one coordinate, so that what a trained encoder shares with input and class is an
integral along a line, and no bound.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import final

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from infoplane.bottleneck.joint import Joint
from infoplane.bottleneck.solver import solve
from infoplane.experiments.dual.settings import Objective
from infoplane.models.stochastic import StochasticClassifier
from infoplane.observe.stopwatch import Stopwatch
from infoplane.quantities.diagonal import Diagonal
from infoplane.record.snapshot import Snapshot
from infoplane.record.undisturbed import same_draws
from infoplane.training.variational.losses import Lagrangian, coded
from infoplane.values.seeds import stream
from infoplane.values.trace import Measured
from infoplane.values.units import BIT, LN2

P1 = (0.12, 0.23, 0.4, 0.6, 0.76)
"""p(y = 1|x) of five inputs that are equally likely."""
BETAS = (4.5, 4.8, 5.2, 5.8, 6.6, 8.0, 11.0, 18.0, 35.0, 80.0)
"""β at which it is solved: densest above the onset at 4.44, where the curve bends most."""
TOLERANCE = 1e-6
"""Bits by which the integrals may err."""
LEARNING_RATE, COPIES = 0.02, 16
REACH, STEP, NODES = 9.0, 0.25, 8
"""Around every mean the line is cut so many standard deviations to both sides, into pieces of so
many, and every piece that is left between two cuts has so many nodes."""


def joint() -> Joint:
    """p(x, y), shape (5, 2)."""
    p = np.array(P1)
    return Joint.of_table(np.stack([1 - p, p], 1) / len(p))


@final
@dataclass(frozen=True, eq=False)
class Exact:
    """Points of the exact curve at ``BETAS``.

    Attributes:
        rates: I(X;T) in bits, shape (point,).
        relevances: I(T;Y) in bits.
        least: The least of I(X;T) − β I(T;Y) at each β, in bits; nothing is below it.
    """

    rates: ndarray
    relevances: ndarray
    least: ndarray

    def ceiling(self, rate: float) -> float:
        """What I(T;Y) cannot exceed at a rate: the lowest of the lines that touch the curve."""
        lines = (rate - self.least) / np.array(BETAS)
        return float(min(lines.min(), joint().information))


@lru_cache(maxsize=2)
def exact(dual: bool) -> Exact:
    """The curve of the bottleneck, or the points of its dual, of which ``least`` says nothing."""
    found = [solve(joint(), beta, dual=dual) for beta in BETAS]
    return Exact(
        np.array([one.rate for one in found]),
        np.array([one.relevance for one in found]),
        np.array([one.lagrangian - (one.gap or 0.0) for one in found]),
    )


def trained(lagrangian: Lagrangian, steps: int, seed: int) -> Diagonal:
    """e(z|x) of the five inputs after so many updates, shape (5, 1).

    Args:
        lagrangian: What is minimised, with the true p(y|x) in the place of labels.
        steps: Updates of Adam, its learning rate falling to 0.
        seed: Of weights and draws.
    """
    model = StochasticClassifier((len(P1),), (), 1, 2, decoder=(16,), seed=seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 1e-3, total_iters=steps)
    p = torch.tensor(P1)
    x = torch.eye(len(P1)).repeat(COPIES, 1)  # several draws of every code
    given = torch.stack([1 - p, p], 1).repeat(COPIES, 1)
    with same_draws(torch.device("cpu")), torch.enable_grad():
        torch.manual_seed(stream(seed, "known").initial_seed())
        for _ in range(steps):
            optimiser.zero_grad()
            lagrangian(coded(model, x), given, given).backward()
            optimiser.step()
            falling.step()
    with torch.no_grad():
        return model.encode(torch.eye(len(P1)))


def informations(code: Diagonal) -> tuple[float, float]:
    """I(X;Z) and I(Z;Y) of an encoder of the five inputs, in bits, within ``TOLERANCE``.

    Args:
        code: e(z|x), shape (5, 1).
    """
    code = Diagonal(code.mean.double(), code.scale.double())
    n = len(code.mean)
    z, weights = _nodes(code)
    each = code.log_density(z[:, None, None])  # (node, x)
    whole = torch.logsumexp(each, 1, keepdim=True) - np.log(n)
    rate = weights @ (each.exp() * (each - whole)).mean(1)
    p = torch.tensor(joint().table * n, dtype=torch.float64)
    of_class = torch.logsumexp(each[..., None] + p.log(), 1) - np.log(n)  # ln p(z, y)
    ratio = of_class - whole - p.mean(0).log()
    relevance = weights @ (of_class.exp() * ratio).sum(1)
    return float(rate) / LN2, float(relevance) / LN2


def _nodes(code: Diagonal) -> tuple[Float[Tensor, " m"], Float[Tensor, " m"]]:
    """Nodes and weights of an integral over z, Gauss–Legendre between the cuts of all inputs.

    No piece is longer than ``STEP`` standard deviations of any input whose code reaches there:
    a grid of each input's own would step over those that are much narrower than it.
    """
    steps = round(REACH / STEP)
    at = STEP * torch.arange(-steps, steps + 1, dtype=torch.float64)
    cuts = (code.mean + code.scale * at).flatten().unique()
    nodes, weights = map(torch.from_numpy, np.polynomial.legendre.leggauss(NODES))
    half = 0.5 * cuts.diff()[:, None]
    return (cuts[:-1, None] + half * (1 + nodes)).flatten(), (half * weights).flatten()


@final
@dataclass(frozen=True)
class Known:
    """Trains an objective on the known problem, and says where it comes to lie.

    Attributes:
        objective: What is minimised.
        steps: Updates.
        at: The step of the run at which it is done.
        seed: Of weights and draws.
    """

    objective: Objective
    steps: int
    at: int
    seed: int

    def __call__(self, snapshot: Snapshot) -> Measured:
        """``known_…``: the trained encoder, and how far it lies below the exact curve."""
        clock = Stopwatch()
        if not self.steps or snapshot.step != self.at:
            return Measured({}, clock.seconds)
        with clock.timing("known problem"):
            found = trained(self.objective.lagrangian, self.steps, self.seed)
            rate, relevance = informations(found)
            curve, turned = exact(False), exact(True)
        values = {
            "known_rate": _told(rate, "I(X;Z), trained on the known problem"),
            "known_relevance": _told(relevance, "I(Z;Y), trained on the known problem"),
            "known_below": _told(
                curve.ceiling(rate) - relevance, "bits of I(Z;Y) below the exact curve"
            ),
            "exact_rates": _along(curve.rates, "I(X;T) of the exact bottleneck"),
            "exact_relevances": _along(curve.relevances, "I(T;Y) of the exact bottleneck"),
            "dual_rates": _along(turned.rates, "I(X;T) of the exact dual"),
            "dual_relevances": _along(turned.relevances, "I(T;Y) of the exact dual"),
        }
        if self.objective.exact is not None:
            beta, dual = self.objective.exact
            same = solve(joint(), beta, dual=dual)
            values["same_rate"] = _told(same.rate, "I(X;T), exact, at the same β")
            values["same_relevance"] = _told(same.relevance, "I(T;Y), exact, at the same β")
        return Measured(values, clock.seconds)


def _told(value: float, words: str) -> xr.DataArray:
    return xr.DataArray(value, attrs={"long_name": words, "unit": BIT})


def _along(values: ndarray, words: str) -> xr.DataArray:
    return xr.DataArray(
        values,
        {"solved_at": list(BETAS)},
        ("solved_at",),
        attrs={"long_name": words, "unit": BIT},
    )
