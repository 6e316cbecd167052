"""A training that is over: its saved checkpoints show what a watch would have seen."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from torch import nn

import infoplane as ip

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
SAVED = OUT / "checkpoints"
SAVED.mkdir(parents=True, exist_ok=True)

images, labels = load_digits(return_X_y=True)
x = torch.tensor(images / 16, dtype=torch.float32)
y = torch.tensor(labels)


def network() -> nn.Module:
    return nn.Sequential(
        nn.Linear(64, 24), nn.Tanh(), nn.Linear(24, 6), nn.Tanh(), nn.Linear(6, 10)
    )


# somebody's training, long ago
torch.manual_seed(0)
model = network()
optimiser = torch.optim.Adam(model.parameters(), 1e-2)
for step in range(201):
    if step % 50 == 0:
        save_file(model.state_dict(), SAVED / f"step-{step}.safetensors")
    batch = torch.randint(0, 1500, (100,))
    loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

# today
probe = (x[1500:1700], y[1500:1700])
flow = ip.watch_checkpoints(SAVED, network, probe, batches=2, permutations=9)

at = flow.trace.sel(estimator="tapia", layer="3").mean("batch")
for step, value, null in zip(flow.steps, at["I_TY"].values, at["I_TY_null"].values, strict=True):
    print(f"step {step}: I(T;Y) of layer 3 is {value:.3f} bit (null {null:.3f})")
print(f"report: {flow.report(OUT / 'checkpoints.html')}")
