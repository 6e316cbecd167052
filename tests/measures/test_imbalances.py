"""Imbalances of many pairs at once are those of each pair by itself."""

from itertools import permutations

import numpy as np
import pytest
import torch

from infoplane.measures.geometry import imbalance
from infoplane.measures.geometry.gride import Gride, dimensions
from infoplane.measures.geometry.imbalance import imbalances, information_imbalance
from infoplane.measures.geometry.two_nn import TwoNN
from infoplane.values.errors import InfoplaneError

R = np.random.default_rng(0)
X = {
    "plane": R.standard_normal((60, 2)),
    "grid": R.integers(0, 3, (60, 2)).astype(float),
    "wide": R.standard_normal((60, 30)),
    "constant": np.ones((60, 1)),
}
PAIRS = [*permutations(X, 2), ("plane", "plane")]


@pytest.mark.parametrize("many", [0, 10**9])
@pytest.mark.parametrize("block", [300, 10**6])
def test_they_are_those_of_each_pair(monkeypatch, many, block):
    alone = {
        k: {p: information_imbalance(X[p[0]], X[p[1]], k).forward for p in PAIRS} for k in (1, 5)
    }
    monkeypatch.setattr(imbalance, "MANY", many)
    monkeypatch.setattr(imbalance, "BLOCK", block)
    found = imbalances(X, PAIRS, (1, 5))
    assert list(found) == [1, 5] and list(found[1]) == PAIRS
    for k, by_pair in found.items():
        for pair, one in by_pair.items():
            assert one.value == pytest.approx(alone[k][pair].value, abs=1e-12)
            assert one.stderr == pytest.approx(alone[k][pair].stderr, abs=1e-12)


def test_notes_name_what_repeats():
    found = imbalances(X, [("plane", "grid"), ("plane", "wide")], (1,))[1]
    assert "of grid repeat" in " ".join(found["plane", "grid"].notes)
    assert found["plane", "wide"].notes == ()


def test_bad_pairs_and_samples():
    with pytest.raises(InfoplaneError, match=r"no representation \['deep'\]"):
        imbalances(X, [("plane", "deep")], (1,))
    with pytest.raises(InfoplaneError, match="k is how many neighbours"):
        imbalances(X, [("plane", "wide")], (0,))
    with pytest.raises(InfoplaneError, match="lower k"):
        imbalances(X, [("plane", "wide")], (1, 60))


def test_dimensions_from_one_search_are_those_of_each_estimator():
    x = torch.tensor(X["wide"])
    methods = {"two": TwoNN(), "likely": TwoNN("likelihood"), "four": Gride(4), "one": Gride()}
    found = dimensions(x, methods)
    for name, method in methods.items():
        assert found[name].value == pytest.approx(method(x).value, rel=1e-12)
        assert found[name].method == method(x).method
    with pytest.raises(InfoplaneError, match="Gride"):
        dimensions(x[:8], methods)
