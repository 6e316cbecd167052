"""A convolutional network with BatchNorm, seen on training and on test images, against its null."""

import sys
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn

import infoplane as ip

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
UPDATES = 120

digits = load_digits()
x = torch.tensor(digits.images / 16, dtype=torch.float32).unsqueeze(1)  # (n, 1, 8, 8)
y = torch.tensor(digits.target)
probes = {"train": (x[:200], y[:200]), "test": (x[1500:1700], y[1500:1700])}

torch.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1),
    nn.BatchNorm2d(8),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(16, 10),
)
optimiser = torch.optim.Adam(model.parameters(), 1e-2)

options = {"batches": 2, "permutations": 9, "every": ip.LogSpaced(5), "updates": UPDATES}
with ip.watch(model, probes, layers=["2", "6", "9"], **options) as w:
    for _ in range(UPDATES):
        batch = torch.randint(0, 1500, (100,))
        loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        w.step(loss)

# bits above what shuffled samples show; the two probes must be of equal size to be compared
last = w.trace.isel(snapshot=-1).sel(estimator="tapia").mean("batch")
above = last["I_TY"] - last["I_TY_null"]
for layer in w.layers:
    train, test = (float(above.sel(layer=layer, probe=side)) for side in ("train", "test"))
    print(f"layer {layer}: I(T;Y) above the null {train:.3f} bit (train), {test:.3f} bit (test)")
print(f"report: {w.report(OUT / 'cnn.html')}")
