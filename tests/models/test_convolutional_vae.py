"""The convolutional VAE of Camboulin et al.: its published shapes, its objective, its draws."""

import math

import pytest
import torch
from torch import nn
from torch.distributions import Normal, kl_divergence

from infoplane.models.autoencoders.convolutional_vae import ConvolutionalVAE, resized
from infoplane.record.loop import checkpoint_of, restore
from infoplane.record.tap import Tap
from infoplane.values.errors import InfoplaneError

IMAGES = torch.rand(6, 1, 32, 32, generator=torch.Generator().manual_seed(1))
LABELS = torch.zeros(6, dtype=torch.int64)


def small(code_size=3, seed=0):
    return ConvolutionalVAE(1, code_size, width=1 / 16, seed=seed)


def test_the_published_shapes_at_width_one():
    model = ConvolutionalVAE(3, 5, width=1.0, seed=0).eval()
    names = (*model.layers, "output")
    with torch.no_grad(), Tap(model, names) as seen:
        model(torch.rand(2, 3, 32, 32))
    assert {name: tuple(seen[name].shape[1:]) for name in names} == {
        "encoder.1": (64, 16, 16),
        "encoder.2": (128, 8, 8),
        "encoder.3": (256, 4, 4),
        "encoder.4": (256, 2, 2),
        "mean": (5,),
        "code": (5,),
        "decoder.1": (256, 2, 2),
        "decoder.2": (256, 4, 4),
        "decoder.3": (128, 8, 8),
        "decoder.4": (64, 16, 16),
        "output": (3, 32, 32),
    }
    assert list(seen)[-1] == "output"


def test_weights_begin_as_pytorch_has_them_and_depend_on_name_and_seed_alone():
    one, other = small(code_size=2), small(code_size=7)
    for name, weights in one.encoder.state_dict().items():
        assert torch.equal(weights, other.encoder.state_dict()[name]), name
    assert not torch.equal(one.output[0].weight, small(seed=1).output[0].weight)
    transposed = one.decoder[1][0]
    assert isinstance(transposed, nn.ConvTranspose2d)
    bound = 1 / math.sqrt(transposed.weight[0].numel())
    assert 0.9 * bound < float(transposed.weight.detach().abs().max()) <= bound
    assert float(transposed.bias.detach().abs().max()) <= bound


def test_the_objective_is_cross_entropy_plus_divergence():
    model = small()
    torch.manual_seed(3)
    objective = model.objective(IMAGES, LABELS)
    torch.manual_seed(3)
    model.train()
    reconstruction = model(IMAGES)
    mean, logvar = model.posterior(IMAGES)
    pixels = -(IMAGES * reconstruction.log() + (1 - IMAGES) * (1 - reconstruction).log())
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    rates = kl_divergence(Normal(mean, (logvar / 2).exp()), prior).sum(1)
    expected = (pixels.sum() + rates.sum()) / len(IMAGES)
    assert objective.item() == pytest.approx(expected.item(), rel=1e-5)
    assert torch.allclose(model.rate(IMAGES), rates, atol=1e-6)


def test_the_code_is_drawn_in_evaluation_too_and_its_mean_is_not():
    model = small().eval()
    with torch.no_grad():
        first, second = [], []
        for seen in (first, second):
            with Tap(model, ("mean", "code")) as tapped:
                model(IMAGES)
            seen += [tapped["mean"], tapped["code"]]
    assert torch.equal(first[0], second[0])
    assert not torch.equal(first[1], second[1])


def test_normalisation_survives_a_checkpoint_to_the_bit():
    model = small()
    optimiser = torch.optim.Adam(model.parameters())
    model.objective(IMAGES, LABELS).backward()
    optimiser.step()
    checkpoint = checkpoint_of(1, model, optimiser)
    other = small(seed=5)
    restore(checkpoint, other, torch.optim.Adam(other.parameters()))
    before, after = model.state_dict(), other.state_dict()
    assert any(name.endswith("num_batches_tracked") for name in before)
    assert float(before["encoder.1.1.running_mean"].abs().max()) > 0
    for name, values in before.items():
        assert torch.equal(values, after[name]) and values.dtype == after[name].dtype, name


def test_resizing_keeps_what_is_constant_or_right_already():
    assert torch.equal(resized(IMAGES), IMAGES)
    assert torch.equal(resized(torch.full((1, 2, 8, 8), 0.25)), torch.full((1, 2, 32, 32), 0.25))
    ramp = torch.arange(28.0).expand(1, 1, 28, 28)
    inner = resized(ramp)[0, 0, 0, 1:-1]
    assert torch.allclose(inner.diff(), torch.full((29,), 28 / 32), atol=1e-5)


def test_what_it_does_not_take():
    with pytest.raises(InfoplaneError, match=r"32 × 32 pixels, got shape \(6, 1, 28, 28\)"):
        small()(IMAGES[..., :28, :28])
    with pytest.raises(InfoplaneError, match="code_size=0"):
        small(code_size=0)
    with pytest.raises(InfoplaneError, match="each needs 1 or more"):
        ConvolutionalVAE(1, 2, width=0.001, seed=0)
