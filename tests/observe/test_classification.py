"""Cross-entropy and error on fixed samples."""

import math

import pytest
import torch
from torch import nn

from infoplane.observe.classification import Classification
from infoplane.record.snapshot import Snapshot


def test_by_hand_and_without_touching_the_network():
    """Logits (0, ln 3): probabilities 1/4 and 3/4, so −ln is ln 4 for class 0, ln 4/3 for 1."""
    model = nn.Sequential(nn.Dropout(0.9), nn.Linear(2, 2, bias=False)).train()
    with torch.no_grad():
        model[1].weight.copy_(torch.eye(2))
    x = torch.tensor([[0.0, math.log(3)]]).repeat(4, 1)
    samples = {"train": (x, torch.tensor([1, 1, 1, 0])), "test": (x[:1], torch.tensor([0]))}
    random = torch.get_rng_state()
    found = Classification(samples)(Snapshot(3, 0.1, model, None)).values
    assert float(found["error_train"]) == 0.25 and float(found["error_test"]) == 1.0
    expected = (3 * math.log(4 / 3) + math.log(4)) / 4
    assert float(found["loss_train"]) == pytest.approx(expected, abs=1e-6)
    assert found["loss_test"].attrs == {"long_name": "cross-entropy, test", "unit": "nat", "n": 1}
    assert model.training and torch.equal(torch.get_rng_state(), random)
