"""Information as a loss: one line more, and a layer keeps less of its input."""

import sys
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn

import infoplane as ip

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
UPDATES = 300

images, labels = load_digits(return_X_y=True)
x = torch.tensor(images / 16, dtype=torch.float32)
y = torch.tensor(labels)
probe = (x[1500:1700], y[1500:1700])  # held out

# bits of a minibatch, with a gradient; the width follows the layer, so that shrinking is no escape
information = ip.RenyiInformation(alpha=2.0)
options = {"batches": 2, "permutations": 9, "every": ip.LogSpaced(6), "updates": UPDATES}

for beta in (0.0, 1.0):
    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16), nn.Tanh())
    model = nn.Sequential(layer, nn.Linear(16, 10))
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    with ip.watch(model, probe, layers=["0"], **options) as w:
        for _ in range(UPDATES):
            batch = torch.randint(0, 1500, (100,))
            t = layer(x[batch])
            loss = nn.functional.cross_entropy(model[1](t), y[batch])
            loss = loss + beta * information(x[batch], t)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            w.step(loss)
    right = (model(probe[0]).argmax(1) == probe[1]).double().mean()
    last = w.trace.isel(snapshot=-1).sel(estimator="tapia", layer="0").mean("batch")
    above = [float(last[name] - last[f"{name}_null"]) for name in ("I_XT", "I_TY")]
    print(f"beta {beta}: above the null I(X;T) {above[0]:.3f}, I(T;Y) {above[1]:.3f} bit")
    print(f"beta {beta}: {right:.1%} of the held-out images are right")
print(f"report: {w.report(OUT / 'information_loss.html')}")
