"""The losses under their public name, as the documentation has them."""

import math
import re
from pathlib import Path

import torch

import infoplane as ip

DUAL = Path(__file__).parents[2] / "docs/dual.md"


def test_the_example_of_the_documentation_runs_and_its_bounds_are_in_order():
    (code,) = re.findall(r"```python\n(.*?)```", DUAL.read_text(), re.S)
    found: dict[str, object] = {}
    exec(code, found)  # our own documentation
    kept, told = found["kept"], found["told"]
    assert kept > told > 0.5
    assert told < 1.0  # H(Y) of two classes


def test_every_objective_of_the_documentation_has_a_public_name():
    v = ip.variational
    named = set(re.findall(r"`(\w+)`", DUAL.read_text().split("**From Python**")[1]))
    named -= {"encode", "decode", "by_class", "wanted"}
    assert {"vib", "ceb", "vdual", "published_vdual", "Smoothing", "coded"} <= named
    assert all(hasattr(v, name) for name in named), named
    assert "variational" in dir(ip) and "Dual" in dir(ip)


def test_a_dual_is_trained_with_what_the_package_has():
    v = ip.variational
    model, x = v.StochasticClassifier((3,), (), 2, 4, seed=0), torch.eye(3)
    labels = torch.arange(3)
    wanted = v.Smoothing(0.1)(x, labels, 4)
    loss = v.vdual(2.0)(v.coded(model, x), v.onehot(labels, 4), wanted)
    assert math.isfinite(loss.item())
