"""The bias of estimators of dimension, as it is shipped and as it is read backwards."""

import math

import numpy as np
import pytest
import torch

from infoplane.analysis.on_normals import OnNormals, as_json, corrected, shipped
from infoplane.observe.dimension import METHODS, MOST
from infoplane.values.seeds import stream

HALF = OnNormals("half", (100, 400), (1.0, 4.0, 16.0), np.array([[1, 2, 4], [1.0, 4, 16]]))
"""Says √d of 100 samples, d of 400, and so d^0.75 of 200."""


def test_a_correction_undoes_the_bias():
    for d in (1.1, 2.0, 9.0, 15.0):
        assert HALF.corrected(math.sqrt(d), 100) == pytest.approx(d)
        assert HALF.corrected(d**0.75, 200) == pytest.approx(d)
        assert HALF.corrected(d, 400) == pytest.approx(d)


def test_what_is_not_in_the_table_is_not_guessed():
    assert HALF.corrected(4.1, 100) == math.inf
    assert math.isnan(HALF.corrected(2.0, 99)) and math.isnan(HALF.corrected(2.0, 401))
    assert math.isnan(HALF.corrected(math.nan, 100)) and math.isnan(corrected("none", 2.0, 100))
    assert HALF.corrected(0.5, 100) == 0.5


def test_the_table_is_about_the_methods_as_they_are():
    assert {name: one.method for name, one in shipped().items()} == {
        name: repr(method) for name, method in METHODS.items()
    }
    for one in shipped().values():
        assert one.counts[-1] == MOST
        assert (np.diff(one.found, axis=1) > 0).all(), "more dimensions, a larger estimate"
        high = np.array(one.dimensions) >= 10
        assert (np.diff(one.found[:, high], axis=0) > 0).all(), "more samples, less bias"
        assert (one.found[:, high] < np.array(one.dimensions)[high]).all(), "too low"


@pytest.mark.parametrize(("n", "d"), [(300, 7), (1000, 20), (1297, 9)])
def test_fresh_draws_of_normals_have_their_dimension_back(n, d):
    draws = torch.randn(6, n, d, generator=stream(5, "fresh"), dtype=torch.float64)
    for name, method in METHODS.items():
        found = [corrected(name, method(x).value, n) for x in draws]
        assert np.mean(found) == pytest.approx(d, rel=0.06)


def test_a_table_is_written_as_it_is_read():
    told = as_json([10], [1, 2], {"one": np.array([[1.00004, 2]])}, {"one": "One()"})
    assert told["estimators"]["one"] == {"method": "One()", "found": [[1.0, 2.0]]}
    assert told["n"] == [10] and told["dimension"] == [1, 2]
