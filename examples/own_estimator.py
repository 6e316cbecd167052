"""An estimator of your own beside one of ours: anything that is called as (x, y)."""

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale
from torch import Tensor, nn

import infoplane as ip

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else ".")


@dataclass(frozen=True)
class Gaussian:
    """I = −½ Σ log2(1 − ρ²) over canonical correlations ρ: exact if all is Gaussian.

    Attributes:
        ridge: Added to every variance, so that covariances can be inverted.
    """

    ridge: float = 1e-3

    def __call__(self, x: Tensor, y: Tensor) -> ip.Estimate:
        a, b = (self._whitened(samples) for samples in (x, y))
        correlations = torch.linalg.svdvals(a.T @ b)
        bits = -0.5 * torch.log2(1 - correlations**2).sum()
        return ip.Estimate(float(bits), n=len(x), method=repr(self))

    def _whitened(self, samples: Tensor) -> Tensor:
        """Columns of unit covariance, divided by √n."""
        centred = samples.double().flatten(1) if samples.ndim > 1 else samples.double()[:, None]
        centred = centred - centred.mean(0)
        u, s, _ = torch.linalg.svd(centred, full_matrices=False)
        return u * (s / torch.sqrt(s**2 + len(samples) * self.ridge))


numbers, target = load_diabetes(return_X_y=True)
x = torch.tensor(scale(numbers), dtype=torch.float32)
y = torch.tensor(scale(target), dtype=torch.float32)

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(10, 6), nn.Tanh(), nn.Linear(6, 2), nn.Tanh(), nn.Linear(2, 1))
optimiser = torch.optim.Adam(model.parameters(), 1e-2)
estimators = {"gaussian": Gaussian(), "renyi": ip.Renyi(1.01, ip.Tapia())}

with ip.watch(model, (x[240:440], y[240:440]), batches=2, estimators=estimators) as w:
    for _ in range(200):
        loss = (model(x[:240]).squeeze(1) - y[:240]).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        w.step(loss)

last = w.trace["I_TY"].isel(snapshot=-1).mean("batch")
print(last.to_series().unstack("estimator").round(3))
print(f"report: {w.report(OUT / 'own_estimator.html')}")
