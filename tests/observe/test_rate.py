import math

import pytest
import torch
from torch import nn

from infoplane.models.autoencoders.variational import Variational
from infoplane.observe.rate import Rate
from infoplane.record.snapshot import Snapshot
from infoplane.values.errors import InfoplaneError

X = torch.rand(2, 6, 1, 4, 4, generator=torch.Generator().manual_seed(0))


def test_the_rate_is_in_bits_and_a_mean_within_each_batch():
    model = Variational((1, 4, 4), (5,), 3, seed=0)
    rate = Rate(X)(Snapshot(0, 0.0, model, None)).values["rate"]
    assert rate.dims == ("batch",) and rate.attrs["unit"] == "bit"
    for place, batch in enumerate(X):
        expected = model.rate(batch).mean().item() / math.log(2)
        assert rate.values[place] == pytest.approx(expected, abs=1e-6)


def test_a_posterior_that_is_the_prior_has_no_rate():
    model = Variational((1, 4, 4), (5,), 3, seed=0)
    with torch.no_grad():
        for layer in (model.mean, model.logvar):
            layer.affine.weight.zero_()
            layer.affine.bias.zero_()
        model.mean.affine.bias[0] = 2.0  # KL(N(2, 1) ‖ N(0, 1)) = 2 nats
    rate = Rate(X)(Snapshot(0, 0.0, model, None)).values["rate"]
    assert rate.values == pytest.approx(2 / math.log(2))


def test_looking_draws_nothing():
    model = Variational((1, 4, 4), (5,), 3, seed=0)
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    Rate(X)(Snapshot(0, 0.0, model, None))
    assert torch.equal(torch.rand(3), expected)


def test_a_network_without_a_rate_is_refused():
    with pytest.raises(InfoplaneError, match="Linear has no rate"):
        Rate(X)(Snapshot(0, 0.0, nn.Linear(2, 2), None))
