"""A LightningModule under its Trainer: one callback (pip install 'infoplane[lightning]')."""

import sys
from pathlib import Path

import torch
from lightning import LightningModule, Trainer
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import infoplane as ip

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else ".")

images, labels = load_digits(return_X_y=True)
x = torch.tensor(images / 16, dtype=torch.float32)
y = torch.tensor(labels)


class Classifier(LightningModule):
    """An encoder and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 8), nn.ReLU())
        self.head = nn.Linear(8, 10)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.encoder(inputs))

    def training_step(self, batch: list[Tensor], _: int) -> Tensor:
        return nn.functional.cross_entropy(self(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), 1e-2)


torch.manual_seed(0)
flow = ip.LightningWatch(
    probe=(x[1500:1700], y[1500:1700]),
    layers="encoder.*",
    batches=2,
    every=ip.LogSpaced(8),
    folder=OUT / "lightning_run",  # durable from the first moment on
    report=OUT / "lightning_module.html",
)
quiet = {"logger": False, "enable_checkpointing": False, "enable_model_summary": False}
loader = DataLoader(TensorDataset(x[:1500], y[:1500]), batch_size=100, shuffle=True)
Trainer(max_epochs=5, accelerator="cpu", callbacks=[flow], **quiet).fit(Classifier(), loader)

known = flow.trace["I_TY"].sel(estimator="tapia").mean("batch")
print(f"looked after {flow.trace['step'].values.tolist()} updates")
for layer in flow.flow.layers:
    print(f"{layer}: I(T;Y) {float(known.sel(layer=layer)[-1]):.3f} bit")
print(f"report: {OUT / 'lightning_module.html'}")
