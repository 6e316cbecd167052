"""The dimension of data whose dimension is known, measured once."""

import pytest
import torch

from infoplane.measures.geometry.two_nn import TwoNN
from infoplane.observe.dimension import METHOD, DataDimension
from infoplane.record.snapshot import Snapshot


def test_a_plane_in_many_pixels_has_two_dimensions():
    flat = torch.rand(1000, 2, dtype=torch.float64) @ torch.randn(2, 16, dtype=torch.float64)
    samples = flat.reshape(1000, 1, 4, 4)
    measured = DataDimension(samples)(Snapshot(0, 0.0, torch.nn.Identity(), None))
    found = measured.values["ID_X"]
    assert found[METHOD].values.tolist() == ["TwoNN", "Levina-Bickel", "Gride"]
    assert found.attrs["n"] == 1000 and found.values == pytest.approx(2, abs=0.2)
    assert float(found[0]) == TwoNN()(samples).value
    errors = measured.values["ID_X_error"].values
    assert (errors > 0).all() and (errors < 0.2).all()


def test_nothing_is_measured_again():
    measured = DataDimension(torch.rand(10, 2))(Snapshot(1, 0.1, torch.nn.Identity(), None))
    assert not measured.values
