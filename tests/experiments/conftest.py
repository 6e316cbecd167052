"""Made-up Traces of a watched network."""

import json
import math

import numpy as np
import pytest
import xarray as xr

from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.trace import Row, Trace, trace_of

CEILING = math.log2(100)


def watched(
    layers=("first", "second", "last"),
    *,
    moments=12,
    batches=5,
    estimators=("silverman", "tapia"),
    null=True,
    probes=(),
    level=4.0,
) -> Trace:
    """A network whose informations rise by a logistic curve, the same on every probe."""
    random = np.random.default_rng(0)
    outer = {"probe": list(probes)} if probes else {}
    inner = {**outer, "estimator": list(estimators)}

    def measured(name, value, members=None, over=inner, unit="bit"):
        coords = {**over, **({"layer": list(layers)} if members else {})}
        dims = (*over, "batch", *(("layer",) if members else ()))
        shape = [len(over[key]) for key in over] + [batches] + ([len(layers)] if members else [])
        noise = 1e-3 * random.standard_normal(shape)
        attrs = {"long_name": name, "unit": unit, "n": 100}
        tops = ceilings_json({name: CEILING for name in estimators})
        attrs |= {CEILINGS: tops} if unit == "bit" else {}
        return xr.DataArray(value + noise, dims=dims, coords=coords, attrs=attrs)

    rows = []
    for step in range(moments):
        rise = level / (1 + math.exp(-(step - moments / 2)))
        values = {
            "I_XT": measured("I(input; layer)", rise, True),
            "I_TY": measured("I(layer; target)", rise / 2, True),
            "S_T": measured("S(layer)", rise, True),
            "S_X": measured("S(input)", 5.0),
            "norm_T": measured("mean norm", 1.0, True, outer, "1"),
            "loss": xr.DataArray(1 / (1 + step), attrs={"long_name": "loss", "unit": "1"}),
        }
        if null:
            values["I_XT_null"] = measured("I(input; layer) after shuffling", 0.1, True)
            values["I_TY_null"] = measured("I(layer; target) after shuffling", 0.1, True)
            values["I_XT_p"] = measured(
                "permutation p-value of I(input; layer)", 0.1, True, unit="1"
            )
        rows.append(Row(step, float("nan"), values))
    return trace_of(rows, {"experiment": "watch", "description": "Net, watched for 12 updates"})


@pytest.fixture
def watched_trace():
    """The builder."""
    return watched


def swept(k: int, seed: int = 0, *, layers=("first", "code"), batches=3, more=None, loss=1.0):
    """A run of a made-up experiment: information k + seed + 0.1·batch, a tenth of it as null.

    Args:
        k: A number in its settings.
        seed: Its seed.
        layers: Names of its layers.
        batches: How many batches its probe has.
        more: Further settings.
        loss: Its loss at the last moment, less the seed.
    """
    coords = {"estimator": ["silverman", "tapia"], "layer": list(layers)}
    tops = ceilings_json({name: CEILING for name in coords["estimator"]})
    shape = (2, batches, len(layers))
    values = np.broadcast_to(k + seed + 0.1 * np.arange(batches)[None, :, None], shape).copy()
    words = {"I_XT": "I(input; layer)", "I_TY": "I(layer; output)", "I_XT_null": "null"}
    rows = []
    for step in (0, 10, 100):
        scale = {"I_XT": 0.01, "I_TY": 0.02, "I_XT_null": 0.001}
        measured = {
            name: xr.DataArray(
                scale[name] * (1 + step / 100) * values,
                dims=("estimator", "batch", "layer"),
                coords=coords,
                attrs={"long_name": words[name], "unit": "bit", "n": 100, CEILINGS: tops},
            )
            for name in words
        }
        measured["loss_test"] = xr.DataArray(loss + seed + 100 - step, attrs={"unit": "1"})
        rows.append(Row(step, float(step), measured))
    settings = {"k": k, "seed": seed, **(more or {})}
    return trace_of(
        rows,
        {
            "experiment": "made-up",
            "settings": json.dumps(settings),
            "seed": seed,
            "description": f"Net, k = {k}, seed {seed}",
        },
    )


@pytest.fixture
def swept_trace():
    """The builder."""
    return swept
