"""What ``w.step`` costs where nothing is due, against the plain loop. Target: under 20 µs."""

import torch
from timing import medians, table
from torch import nn

import infoplane as ip

STEPS = 100_000


def main():
    x, y = torch.randn(100, 8), torch.arange(100) % 3
    loss = torch.zeros((), requires_grad=True) * 2  # with a graph behind it, as in training
    with ip.watch(
        nn.Sequential(nn.Linear(8, 3)), (x, y), every=ip.LogSpaced(2), target="input"
    ) as w:

        def steps(told):
            for _ in range(STEPS):
                w.step(told)

        def nothing():
            for _ in range(STEPS):
                pass

        methods = {
            "a loop of nothing": nothing,
            "w.step()": lambda: steps(None),
            "w.step(loss), a tensor": lambda: steps(loss),
        }
        seconds = medians(methods)
    table(f"{STEPS} updates", seconds, ours="w.step()")
    for name, spent in seconds.items():
        print(f"{name:26} {spent / STEPS * 1e6:6.2f} µs an update")


if __name__ == "__main__":
    main()
