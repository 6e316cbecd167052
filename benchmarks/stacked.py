"""Forty networks of the 12-bit problem trained side by side, against forty loops of their own.

Targets: at least 8 times the throughput of separate loops at batch 512, shuffling included, and the
same gradient as autograd within 1e-6 in single precision; the bins of 4096 patterns × 6 layers × 40
networks × 400 moments in minutes.
"""

from timing import medians, table  # pins threads before torch loads

# isort: split
import itertools
import time

import numpy as np
import torch
from torch import nn

from infoplane.datasets.known import icosahedron
from infoplane.experiments.blackbox.problem import WIDTHS, learned_from, patterns
from infoplane.experiments.blackbox.settings import PROTOCOLS
from infoplane.models.stacked import StackedNetworks
from infoplane.numerics.binning import Edges30
from infoplane.observe.stacked_estimators import Counted
from infoplane.training.stacked_loss import StackedLoss, orders_of_each

NETS, BATCH, EPOCHS, MOMENTS = 40, 512, 2, 400
PLAN = PROTOCOLS["ibsgd"]


def side_by_side() -> tuple[StackedLoss, torch.optim.Optimizer]:
    problem = patterns("hard", 0)
    model = StackedNetworks(WIDTHS, NETS, seed=0)
    task = StackedLoss(model, problem.x, problem.y, learned_from(PLAN, NETS, 0))
    return task, torch.optim.Adam(model.parameters(), lr=PLAN.learning_rate, fused=True)


def together(task: StackedLoss, optimiser: torch.optim.Optimizer) -> None:
    m = task.chosen.shape[1]
    for places in itertools.islice(orders_of_each(NETS, m, BATCH, seed=0), EPOCHS * -(-m // BATCH)):
        optimiser.zero_grad()
        loss = task(places)
        loss.backward()
        optimiser.step()
        loss.item()


def alone(task: StackedLoss, fused: bool | None) -> list[tuple[nn.Module, torch.optim.Optimizer]]:
    """Plain modules that end with class scores, as one would write them."""
    made = [task.model.alone(place)[:-1] for place in range(NETS)]
    rate = PLAN.learning_rate
    return [(one, torch.optim.Adam(one.parameters(), lr=rate, fused=fused)) for one in made]


def apart(task: StackedLoss, networks: list[tuple[nn.Module, torch.optim.Optimizer]]) -> None:
    for (network, optimiser), chosen in zip(networks, task.chosen, strict=True):
        x, y = task.x[chosen], task.y[chosen]
        for _ in range(EPOCHS):
            for some in torch.randperm(len(x)).split(BATCH):
                optimiser.zero_grad()
                loss = nn.functional.cross_entropy(network(x[some]), y[some])
                loss.backward()
                optimiser.step()
                loss.item()


def by_autograd(task: StackedLoss, places: torch.Tensor) -> torch.Tensor:
    samples = task.chosen.gather(1, places)
    answers = task.model(task.x[samples].transpose(0, 1))
    return -answers.gather(2, task.y[samples].T[..., None]).log().mean(0).sum()


def differing(task: StackedLoss) -> float:
    """Largest difference of the two gradients."""
    places = next(orders_of_each(NETS, task.chosen.shape[1], BATCH, seed=0))
    parameters = list(task.model.parameters())
    mine = torch.autograd.grad(task(places), parameters)
    theirs = torch.autograd.grad(by_autograd(task, places), parameters)
    return max(float((one - other).abs().max()) for one, other in zip(mine, theirs, strict=True))


def bins() -> None:
    """All layers of all networks once, and what that makes of all moments."""
    task, _ = side_by_side()
    units, layers = task.x[:, None].expand(-1, NETS, -1), []
    with torch.no_grad():
        for stage in task.model.stages:
            units = stage(units)
            layers.append(units.transpose(0, 1))
    p = torch.eye(2).double()[torch.from_numpy(icosahedron.hard_labels())]
    count = Counted("edges30", Edges30())

    def packed() -> None:
        for layer in layers:
            count(layer, p)

    def rows() -> None:
        edges = np.linspace(-1, 1, 30)
        labels = p[:, 1].numpy() > 0
        for one in (layer[0].numpy() for layer in layers):  # one network of forty
            states = edges[np.digitize(one, edges) - 1]
            for some in (states, states[labels], states[~labels]):
                np.unique(some, axis=0, return_counts=True)

    found = medians({"packed codes, 40 networks": packed, "unique rows, 1 network": rows}, 5)
    found["unique rows, 1 network"] *= NETS
    found = {name.replace("1 network", "40 networks"): value for name, value in found.items()}
    table("published bins, 4096 patterns × 6 layers", found, ours="packed codes, 40 networks")
    seconds = MOMENTS * found["packed codes, 40 networks"]
    print(f"  {MOMENTS} moments: {seconds / 60:.1f} minutes (target: minutes)")


def main() -> None:
    begun = time.perf_counter()
    task, optimiser = side_by_side()
    usual, fused = alone(task, None), alone(task, True)
    print(f"gradient against autograd, single precision: {differing(task):.1e} (target 1e-6)")
    ours = "side by side"
    rows = medians(
        {
            ours: lambda: together(task, optimiser),
            "40 loops": lambda: apart(task, usual),
            "40 loops, fused Adam": lambda: apart(task, fused),
        },
        5,
    )
    table(f"{EPOCHS} epochs of {NETS} networks, batch {BATCH}, shuffling included", rows, ours=ours)
    print(f"  {rows['40 loops'] / rows[ours]:.1f} times the throughput (target 8)")
    updates = EPOCHS * -(-task.chosen.shape[1] // BATCH)
    print(f"  {1000 * rows[ours] / updates:.2f} ms an update of all networks")
    bins()
    print(f"  whole benchmark {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
