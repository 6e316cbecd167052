"""A small transformer on sequences: say with tokens what one sample is."""

import sys
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

import infoplane as ip

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
UPDATES = 120

digits = load_digits()
x = torch.tensor(digits.images / 16, dtype=torch.float32)  # rows as tokens: (n, t = 8, d = 8)
y = torch.tensor(digits.target)


class Rows(nn.Module):
    """Reads an image row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Linear(8, 16)
        self.places = nn.Parameter(torch.randn(8, 16) / 4)
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(16, 10)

    def forward(self, rows: Tensor) -> Tensor:
        return self.head(self.encoder(self.embedding(rows) + self.places).mean(1))


torch.manual_seed(0)
model = Rows()
optimiser = torch.optim.Adam(model.parameters(), 1e-2)
layers = ["embedding", "encoder.layers.0", "encoder.layers.1", "head"]

# "mean" makes a sequence one sample of 16 numbers; "all", "each" or a position are the others
options = {"tokens": "mean", "batches": 2, "every": ip.LogSpaced(6), "updates": UPDATES}
with ip.watch(model, (x[1500:1700], y[1500:1700]), layers, **options) as w:
    for _ in range(UPDATES):
        batch = torch.randint(0, 1500, (100,))
        loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        w.step(loss)

plane = w.trace.isel(snapshot=-1).sel(estimator="tapia").mean("batch")
for layer in w.layers:
    here = plane.sel(layer=layer)
    print(f"{layer}: I(X;T) {float(here['I_XT']):.3f} bit, I(T;Y) {float(here['I_TY']):.3f} bit")
print(f"report: {w.report(OUT / 'transformer.html')}")
