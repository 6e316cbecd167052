"""A trained bound against the floor: the same updates of two bare networks of torch, same sizes.

Target: no more than 1.2 times the floor, and seconds for n = 1000.
"""

import torch
from timing import medians, table
from torch import nn

from infoplane.measures.variational.bounds import info_nce
from infoplane.measures.variational.critic import Critic
from infoplane.measures.variational.estimators import MINE, NWJ, SMILE, InfoNCE


def bare(critic: Critic, x: torch.Tensor, y: torch.Tensor) -> None:
    """As many updates of as large networks, without division, stopping or measuring."""
    networks = [_network(one.shape[1], critic) for one in (x, y)]
    weights = [weight for network in networks for weight in network.parameters()]
    optimiser = torch.optim.Adam(weights, critic.learning_rate)
    for _ in range(critic.steps):
        batch = torch.randint(len(x), (critic.batch_size,))
        optimiser.zero_grad()
        g, h = (network(one[batch]) for network, one in zip(networks, (x, y), strict=True))
        (-info_nce(g @ h.T / critic.features)).backward()
        optimiser.step()


def _network(inputs: int, critic: Critic) -> nn.Sequential:
    widths = [inputs, *critic.hidden]
    layers = [
        part
        for before, after in zip(widths[:-1], widths[1:], strict=True)
        for part in (nn.Linear(before, after), nn.SiLU())
    ]
    return nn.Sequential(*layers, nn.Linear(widths[-1], critic.features)).double()


def main() -> None:
    fixed = Critic(steps=500, patience=10**6)  # so many updates, whatever becomes of them
    for d in (1, 20):
        x = torch.randn(1000, d, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        y = x + torch.randn(1000, d, generator=torch.Generator().manual_seed(1))
        methods = {"500 updates of bare networks": lambda x=x, y=y: bare(fixed, x, y)}
        for kind in (InfoNCE, MINE, NWJ, SMILE):
            one = kind(fixed)
            methods[f"{kind.__name__}, 500 updates"] = lambda x=x, y=y, one=one: one(x, y)
        methods["InfoNCE, as it comes"] = lambda x=x, y=y: InfoNCE()(x, y)
        ours = "500 updates of bare networks"
        table(f"n = 1000, d = {d}", medians(methods, rounds=5), ours=ours)


if __name__ == "__main__":
    main()
