"""The public face of infinitely wide networks, as the documentation has it."""

import re
from pathlib import Path

import torch

import infoplane as ip

PAGE = Path(__file__).parents[2] / "docs/wide.md"


def test_the_example_of_the_documentation_runs_and_says_what_it_should():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    found: dict[str, object] = {}
    exec(code, found)  # our own documentation
    informed = found["found"]
    assert bool((informed.input_upper.mean(1).diff() > 0).all())
    finite = found["networks"](found["new_x"][:10]).mean(0).detach()
    wanted = found["ensemble"].at(0.1).predict(found["new_x"][:10])
    error = (wanted.variance / 100).sqrt()[:, None]
    assert float((finite - wanted.mean).abs().div(error).square().mean()) < 4
    assert bool(torch.isfinite(found["k"]).all() and torch.isfinite(found["theta"]).all())


def test_every_name_of_the_public_face_is_there():
    assert "wide" in dir(ip) and "Wide" in dir(ip)
    for name in ("serial", "Dense", "Relu", "Erf", "Conv", "residual", "Ensemble", "information"):
        assert hasattr(ip.wide, name)
