"""Watch a network of your own in a training loop of your own: three lines more."""

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

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 8), nn.Tanh(), nn.Linear(8, 10))
optimiser = torch.optim.Adam(model.parameters(), 1e-2)

# batches of 100 samples, whose spread is the uncertainty; 9 shuffles each for the null
options = {"batches": 2, "permutations": 9, "every": ip.LogSpaced(6), "updates": UPDATES}
with ip.watch(model, probe, **options) as w:
    for _ in range(UPDATES):
        batch = torch.randint(0, 1500, (100,))
        loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        w.step(loss)

# what each layer knows of the labels above what shuffled samples show, before and after training
trace = w.trace.sel(estimator="tapia").mean("batch")
above = trace["I_TY"] - trace["I_TY_null"]
for layer in w.layers:
    before, after = above.sel(layer=layer).values[[0, -1]]
    print(f"layer {layer}: I(T;Y) above the null {before:.3f} → {after:.3f} bit")
print(f"report: {w.report(OUT / 'own_loop.html')}")
