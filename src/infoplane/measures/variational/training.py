"""A critic is trained on one part of the samples, and stopped by another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Int
from torch import Tensor

from infoplane.measures.samples import are_labels
from infoplane.measures.variational.critic import Critic, Inputs, Networks, drawn
from infoplane.measures.variational.held_out import BLOCK, OfScores
from infoplane.numerics.workers import torch_threads
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream

LOOK = 20
"""Updates between two looks at the validation part."""
FEWEST = 5
"""Samples that each part needs at least."""
CONSTANT = 1e-12
"""A column is constant if it varies less than this share of its largest entry: that is rounding."""


@final
@dataclass(frozen=True)
class Split:
    """Which samples are for what: places of shape (n,) that share none."""

    training: Int[Tensor, " n"]
    validation: Int[Tensor, " v"]
    test: Int[Tensor, " t"]


@final
@dataclass(frozen=True)
class Training:
    """What came of it.

    Attributes:
        networks: The best on the validation part.
        best: After how many updates that was.
        steps: How many updates were done.
        patient: Whether it stopped because nothing better came.
        finite: Whether all scores stayed finite.
    """

    networks: Networks
    best: int
    steps: int
    patient: bool
    finite: bool


def split(n: int, critic: Critic, seed: int) -> Split:
    """The samples divided at random.

    Raises:
        InfoplaneError: A part would be too small.
    """
    test = round(critic.held_out * n)
    validation = min(test, BLOCK)
    if min(test, n - test - validation) < FEWEST:
        raise InfoplaneError(
            f"{n} samples leave {n - test - validation} to train on and {test} to measure on "
            f"(held_out={critic.held_out}); a critic needs {FEWEST} of each, and is of use with "
            "some hundreds. Give more samples, or take KSG or Gaussian."
        )
    order = torch.randperm(n, generator=stream(seed, "split"), device="cpu")
    return Split(order[test + validation :], order[test : test + validation], order[:test])


def encoded(x: Tensor, fitted: Int[Tensor, " m"]) -> Inputs:
    """Checked samples as a network reads them.

    Args:
        x: As ``as_samples`` gives them.
        fitted: Places of the samples whose mean and spread standardise the columns.

    Returns:
        Labels as classes 0 … k − 1, everything else as float64 columns, each with mean 0 and
        standard deviation 1 among ``fitted``; constant columns are 0.
    """
    if are_labels(x):
        return x.unique(return_inverse=True)[1]
    columns = x.detach().double()
    known = columns[fitted.to(x.device)]
    spread = known.std(0, correction=0)
    varies = spread > CONSTANT * known.abs().amax(0)
    centred = torch.where(varies, columns - known.mean(0), 0.0)
    return centred / torch.where(varies, spread, 1.0)


def trained(
    critic: Critic, objective: OfScores, x: Inputs, y: Inputs, divided: Split, seed: int
) -> Training:
    """The critic after training, the best one on the validation part.

    Args:
        critic: What to train, and how.
        objective: What is raised, on batches and on the validation part.
        x: All samples of one variable.
        y: All samples of the other.
        divided: Which of them are for what.
        seed: Seed of the first weights and of the batches.
    """
    device = x.device
    networks = drawn(critic, x, y, stream(seed, "weights"), len(divided.training))
    optimiser = torch.optim.Adam(networks.weights, critic.learning_rate, fused=True)
    batches = _batches(divided.training.to(device), critic.batch_size, stream(seed, "batches"))
    kept = divided.validation.to(device)
    best, at, weights, patient = -torch.inf, 0, _copied(networks), False
    for step in range(critic.steps + 1):
        if step % LOOK == 0 or step == critic.steps:
            value = _looked(networks, objective, x[kept], y[kept])
            if not value < torch.inf:
                break
            if value > best:
                best, at, weights = value, step, _copied(networks)
            patient = step - at >= critic.patience * LOOK
        if patient or step == critic.steps:
            break
        batch = next(batches)
        optimiser.zero_grad()
        (-objective(networks.scores(x[batch], y[batch]))).backward()
        optimiser.step()
    _put_back(networks, weights)
    return Training(networks, at, step, patient, bool(value < torch.inf))


@contextmanager
def own_gradients() -> Iterator[None]:
    """Gradients as if nobody had forbidden them, on one thread: networks so small gain by none.

    Whoever watches a network calls its estimators without gradients, in inference mode even.
    """
    with (
        torch_threads(1),
        torch.inference_mode(False),
        torch.enable_grad(),
    ):
        yield


def _batches(
    places: Int[Tensor, " n"], size: int, generator: torch.Generator
) -> Iterator[Int[Tensor, " b"]]:
    """Batches without end, every sample once per round but those that do not fill one."""
    n = len(places)
    size = min(size, n)
    while True:
        order = torch.randperm(n, generator=generator, device="cpu").to(places.device)
        for start in range(0, n - size + 1, size):
            yield places[order[start : start + size]]


def _looked(networks: Networks, objective: OfScores, x: Inputs, y: Inputs) -> float:
    with torch.no_grad():
        return float(objective(networks.scores(x, y)))


def _copied(networks: Networks) -> list[Tensor]:
    return [one.detach().clone() for one in networks.weights]


def _put_back(networks: Networks, weights: list[Tensor]) -> None:
    with torch.no_grad():
        for one, value in zip(networks.weights, weights, strict=True):
            one.copy_(value)
