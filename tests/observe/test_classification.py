"""Cross-entropy and error on fixed samples."""

import math

import pytest
import torch
from torch import nn

from infoplane.observe.classification import Classification, SampledClassification
from infoplane.quantities.diagonal import Diagonal
from infoplane.record.snapshot import Snapshot
from infoplane.values.errors import InfoplaneError


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


class Drawing(nn.Module):
    """Codes x + ε, of which the sign is the class: wrong with probability Φ(−|x|)."""

    def encode(self, x):
        return Diagonal(x, torch.ones_like(x))

    def decode(self, z):
        return torch.cat([torch.zeros_like(z), 2 * z], 1)


def test_of_drawn_codes_it_is_the_mean_over_their_distribution():
    model, x = Drawing().train(), torch.ones(500, 1)
    random = torch.get_rng_state()
    asked = SampledClassification({"test": (x, torch.ones(500, dtype=torch.long))}, 200, seed=3)
    found = asked(Snapshot(3, 0.1, model, None)).values
    z = torch.linspace(-9, 11, 20_001, dtype=torch.float64)
    weights = torch.exp(-0.5 * (z - 1).square())
    lost = (weights @ torch.nn.functional.softplus(-2 * z) / weights.sum()).item()
    wrong = 0.5 * math.erfc(1 / math.sqrt(2))
    assert float(found["error_sampled_test"]) == pytest.approx(wrong, abs=0.005)
    assert float(found["loss_sampled_test"]) == pytest.approx(lost, abs=0.01)
    again = asked(Snapshot(3, 0.9, model, None)).values
    assert all(found[name].identical(again[name]) for name in found)
    assert model.training and torch.equal(torch.get_rng_state(), random)


def test_a_network_that_draws_no_code_is_refused():
    asked = SampledClassification({}, 2, seed=3)
    with pytest.raises(InfoplaneError, match="A Linear draws no code"):
        asked(Snapshot(0, 0.0, nn.Linear(2, 2), None))
