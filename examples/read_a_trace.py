"""Read what was measured: a Trace is an xarray.Dataset, from a folder as from a watch."""

import json
import sys
from pathlib import Path

import torch
import xarray as xr
from sklearn.datasets import load_iris
from torch import nn

import infoplane as ip

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
FOLDER = OUT / "iris_run"

numbers, labels = load_iris(return_X_y=True)
torch.manual_seed(0)
order = torch.randperm(len(labels))  # they come sorted by class, and a batch should hold all
x, y = torch.tensor(numbers, dtype=torch.float32)[order], torch.tensor(labels)[order]
model = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3))
optimiser = torch.optim.Adam(model.parameters(), 1e-2)

options = {"batches": 3, "permutations": 9, "every": ip.EvenlySpaced(5), "updates": 100}
with ip.watch(model, (x, y), folder=FOLDER, **options) as w:
    for _ in range(100):
        loss = nn.functional.cross_entropy(model(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        w.step(loss)

# later, elsewhere, without the model and without infoplane
# (say zarr_format=3 of a folder from elsewhere: a store in the older format 2 may run code)
trace = xr.open_zarr(FOLDER / "trace.zarr", consolidated=False, zarr_format=3).load()
print(f"dimensions: {dict(trace.sizes)}")
print(f"variables: {', '.join(map(str, trace))}")
about = trace["I_TY"].attrs
ceiling = json.loads(about["ceilings"])["tapia"]
print(f"I_TY is {about['long_name']} in {about['unit']}, at most {ceiling:.3f}")

# by label, in xarray: mean and standard error over the probe's batches
last = trace["I_TY"].isel(snapshot=-1).sel(estimator="tapia")
stderr = last.std("batch", ddof=1) / last.sizes["batch"] ** 0.5
for layer in trace["layer"].values:
    mean = float(last.sel(layer=layer).mean("batch"))
    print(f"layer {layer}: {mean:.3f} ± {float(stderr.sel(layer=layer)):.3f} bit")

# as a table, in pandas: one row for every number, then steps against layers
table = trace[["I_XT", "I_TY", "I_TY_null"]].to_dataframe().reset_index()
tapia = table[table["estimator"] == "tapia"]
print(tapia.pivot_table(index="step", columns="layer", values="I_TY").round(3))
table.to_csv(OUT / "iris.csv", index=False)
print(f"table: {OUT / 'iris.csv'}")
