"""Facts about every species of autoencoder: layers, objectives, tying, draws."""

import math

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence

from infoplane.models.autoencoders.catalogue import CATALOGUE, Plan
from infoplane.models.autoencoders.convolutional import Convolutional
from infoplane.models.autoencoders.denoising import Denoising
from infoplane.models.autoencoders.label import Label
from infoplane.models.autoencoders.sparse import Sparse, divergence
from infoplane.models.autoencoders.species import CODE
from infoplane.models.autoencoders.tied import SharedStorage, Tied
from infoplane.models.autoencoders.vanilla import Deep, Shallow
from infoplane.models.autoencoders.variational import Variational
from infoplane.models.initial import fan_in
from infoplane.record.tap import Tap
from infoplane.values.errors import InfoplaneError

SHAPE, HIDDEN, CODES, CLASSES, RATE = (1, 8, 8), (12, 9), 5, 3, 0.005
PLAN = Plan(SHAPE, HIDDEN, CODES, CLASSES, seed=3)
X = torch.rand(20, *SHAPE, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(20) % CLASSES
DEEP = ("encoder.1", "encoder.2", CODE, "decoder.1", "decoder.2")
LAYERS = {
    "deep": DEEP,
    "overfit": DEEP,
    "label": DEEP,
    "convolutional": DEEP,
    "variational": ("encoder.1", "encoder.2", "mean", CODE, "decoder.1", "decoder.2"),
}


def trained(model, steps=10, start=0):
    """After some updates by the published optimiser."""
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, foreach=False)
    for step in range(start, start + steps):
        torch.manual_seed(step)
        optimiser.zero_grad()
        model.objective(X, LABELS).backward()
        optimiser.step()
    return model


def weights(model):
    return torch.cat([one.detach().flatten() for one in model.parameters()])


@pytest.mark.parametrize("name", CATALOGUE)
def test_layers_are_modules_that_are_called_in_their_order(name):
    model = CATALOGUE[name].make(PLAN)
    assert model.layers == LAYERS.get(name, (CODE,))
    called = []
    torch.manual_seed(0)
    with Tap(model, (*model.layers, "output"), lambda layer, _: called.append(layer)):
        output = model(X)
    assert called == [*model.layers, "output"]
    assert output.shape == X.shape
    assert 0 <= output.min() and output.max() <= 1
    widths = {}
    with Tap(model, model.layers) as seen:
        model(X)
        widths = {layer: seen[layer].flatten(1).shape[1] for layer in model.layers}
    assert widths[CODE] == CODES


@pytest.mark.parametrize("name", CATALOGUE)
def test_weights_depend_on_the_seed_alone(name):
    torch.manual_seed(5)
    one = CATALOGUE[name].make(PLAN)
    torch.manual_seed(6)
    same = CATALOGUE[name].make(PLAN)
    other = CATALOGUE[name].make(Plan(SHAPE, HIDDEN, CODES, CLASSES, seed=4))
    assert torch.equal(weights(one), weights(same))
    assert not torch.equal(weights(one), weights(other))


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_objective_falls_and_every_parameter_has_a_gradient(name):
    model = CATALOGUE[name].make(PLAN)
    torch.manual_seed(0)
    before = model.objective(X, LABELS)
    before.backward()
    assert all(one.grad is not None for one in model.parameters())
    torch.manual_seed(0)
    assert trained(model, 20).objective(X, LABELS) < before


def test_a_layer_keeps_its_weights_whatever_stands_beside_it():
    deep, label = Deep(SHAPE, HIDDEN, CODES, seed=0), CATALOGUE["label"].make(PLAN)
    drawn = Variational(SHAPE, HIDDEN, CODES, seed=0)
    assert torch.equal(deep.encoder[0].affine.weight, drawn.encoder[0].affine.weight)
    assert not torch.equal(deep.encoder[0].affine.weight, label.encoder[0].affine.weight)  # seed 3
    again = Label(SHAPE, HIDDEN, CODES, classes=CLASSES, seed=0)
    assert torch.equal(deep.code.affine.weight, again.logits.affine.weight)


@pytest.mark.parametrize(
    "layer",
    [nn.Linear(7, 3), nn.Conv2d(2, 5, 3), nn.ConvTranspose2d(2, 5, 4)],
    ids=lambda layer: type(layer).__name__,
)
def test_initial_weights_are_uniform_where_pytorch_s_are(layer):
    expected, _ = nn.init._calculate_fan_in_and_fan_out(layer.weight)
    assert fan_in(layer.weight) == expected
    wide = Deep((1, 28, 28), (256, 128), 50, seed=0)
    for module in (wide.encoder[0].affine, wide.code.affine, wide.output.affine):
        bound = 1 / math.sqrt(module.in_features)
        for values in (module.weight, module.bias):
            assert values.abs().max() <= bound
            deviation = bound / math.sqrt(3)  # of a uniform distribution, within 5 errors
            error = deviation * math.sqrt(0.8 / 4 / values.numel())
            assert values.std().item() == pytest.approx(deviation, abs=5 * error)


def test_tied_weights_are_one_parameter_whose_gradient_is_the_sum_of_both_uses():
    tied, free = Tied(SHAPE, CODES, seed=0), Shallow(SHAPE, CODES, seed=0)
    with torch.no_grad():
        free.output.affine.weight.copy_(tied.code.affine.weight.t())
        free.output.affine.bias.copy_(tied.output.bias)
    assert torch.equal(tied(X), free(X))
    for model in (tied, free):
        model.objective(X, LABELS).backward()
    both = free.code.affine.weight.grad + free.output.affine.weight.grad.t()
    torch.testing.assert_close(tied.code.affine.weight.grad, both)
    assert trained(tied).output.weight is tied.code.affine.weight
    assert len(list(tied.parameters())) == 3


def test_published_tying_keeps_two_parameters_bit_equal():
    model = SharedStorage(SHAPE, CODES, seed=0)
    assert len(list(model.parameters())) == 4
    for start in range(3):
        trained(model, 5, start)
        one, other = model.code.affine.weight, model.output.affine.weight
        assert one is not other
        assert torch.equal(one.t(), other)
    moved = model.double()
    with torch.no_grad():
        moved.code.affine.weight[0, 0] = 7
    assert moved.output.affine.weight[0, 0] == 7  # one storage still


def test_published_tying_moves_the_weights_twice_at_every_update():
    """Adam's first step is its rate times g/(|g| + 1e-8), nearly the sign of the gradient g."""
    once, twice = Tied(SHAPE, CODES, seed=0), SharedStorage(SHAPE, CODES, seed=0)
    with torch.no_grad():
        twice.output.affine.bias.copy_(once.output.bias)
    assert torch.equal(once(X), twice(X))
    before = twice.code.affine.weight.clone()
    trained(twice, 1)
    gradients = twice.code.affine.weight.grad, twice.output.affine.weight.grad.t()
    expected = sum(one / (one.abs() + 1e-8) for one in gradients)
    moved = (before - twice.code.affine.weight) / RATE
    torch.testing.assert_close(moved, expected, atol=1e-3, rtol=0)
    trained(once, 1)
    assert ((before - once.code.affine.weight) / RATE).abs().max() < 1.001
    assert not torch.equal(once.code.affine.weight, twice.code.affine.weight)


def test_the_divergence_of_activities():
    rho = 0.05
    assert divergence(torch.tensor([rho])).item() == pytest.approx(0, abs=1e-6)
    expected = rho * math.log(rho / 0.5) + (1 - rho) * math.log((1 - rho) / 0.5)
    assert divergence(torch.tensor([0.5])).item() == pytest.approx(expected, abs=1e-6)
    grid = torch.linspace(0.01, 0.99, 99)
    oracle = kl_divergence(Bernoulli(torch.tensor(rho)), Bernoulli(grid))
    torch.testing.assert_close(divergence(grid), oracle, atol=1e-6, rtol=1e-5)
    assert torch.isfinite(divergence(torch.tensor([0.0, 1.0]))).all()


def test_the_sparse_objective_is_the_error_plus_the_penalty_of_mean_activities():
    model = Sparse(SHAPE, CODES, seed=0, weight=0.5)
    activities = torch.sigmoid(model.code.affine(X.flatten(1))).mean(0)
    penalty = kl_divergence(Bernoulli(torch.tensor(0.05)), Bernoulli(activities)).sum()
    expected = (model(X) - X).square().mean() + 0.5 * penalty
    torch.testing.assert_close(model.objective(X, LABELS), expected)
    with pytest.raises(InfoplaneError, match="weight=-1"):
        Sparse(SHAPE, CODES, seed=0, weight=-1.0)


def test_without_its_penalty_or_its_noise_a_species_is_the_vanilla_one_bit_by_bit():
    vanilla = weights(trained(Shallow(SHAPE, CODES, seed=0)))
    assert torch.equal(weights(trained(Sparse(SHAPE, CODES, seed=0, weight=0.0))), vanilla)
    assert torch.equal(weights(trained(Denoising(SHAPE, CODES, seed=0, masked=0.0))), vanilla)
    assert not torch.equal(weights(trained(Sparse(SHAPE, CODES, seed=0))), vanilla)


def test_masking_takes_a_quarter_of_the_pixels_and_the_target_is_the_clean_image():
    model = Denoising(SHAPE, CODES, seed=0)
    bright = torch.full((1000, *SHAPE), 0.5)
    corrupted = model.corrupted(bright)
    assert set(corrupted.unique().tolist()) == {0.0, 0.5}
    missing = (corrupted == 0).float().mean().item()
    assert missing == pytest.approx(0.25, abs=5 * math.sqrt(0.25 * 0.75 / bright.numel()))
    torch.manual_seed(1)
    loss = model.objective(X, LABELS)
    torch.manual_seed(1)
    torch.testing.assert_close(loss, (model(model.corrupted(X)) - X).square().mean())
    with pytest.raises(InfoplaneError, match="below 1"):
        Denoising(SHAPE, CODES, seed=0, masked=1.0)


def test_the_rate_and_the_bound_are_those_of_the_distributions():
    model = trained(Variational(SHAPE, HIDDEN, CODES, seed=0), 5)
    mean, logvar = model.posterior(X)
    posterior = Normal(mean, (logvar / 2).exp())
    exact = kl_divergence(posterior, Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(model.rate(X), exact, atol=1e-5, rtol=1e-5)
    torch.manual_seed(2)
    bound = model.objective(X, LABELS)
    torch.manual_seed(2)
    probabilities = model(X)
    log_likelihood = Bernoulli(probabilities, validate_args=False).log_prob(X)
    expected = (exact - log_likelihood.flatten(1).sum(1)).mean()
    torch.testing.assert_close(bound, expected, atol=1e-4, rtol=1e-5)


def test_a_drawn_code_has_the_mean_and_variance_it_is_given():
    mean, logvar = torch.full((20_000, 1), 2.0), torch.full((20_000, 1), math.log(9.0))
    drawn = Variational(SHAPE, HIDDEN, 1, seed=0).code
    code = drawn(mean, logvar)
    assert code.mean().item() == pytest.approx(2.0, abs=5 * 3 / math.sqrt(20_000))
    assert code.std().item() == pytest.approx(3.0, abs=5 * 3 / math.sqrt(40_000))
    torch.manual_seed(9)
    one = drawn(mean, logvar)
    torch.manual_seed(9)
    torch.testing.assert_close(one, mean + 3 * torch.randn_like(mean))


def test_a_code_of_class_probabilities_may_have_more_units_than_classes():
    model = Label(SHAPE, HIDDEN, 7, classes=3, seed=0)
    code = model.encoded(X)
    torch.testing.assert_close(code.sum(1), torch.ones(len(X)))
    error = (model(X) - X).square().mean()
    surprise = -code.log()[torch.arange(len(X)), LABELS].mean()
    torch.testing.assert_close(model.objective(X, LABELS), error + 0.01 * surprise)
    with pytest.raises(InfoplaneError, match="each of the 3 classes"):
        Label(SHAPE, HIDDEN, 2, classes=3, seed=0)


def test_images_that_cannot_be_halved_twice_are_refused():
    assert Convolutional((3, 28, 28), 6, seed=0)(torch.rand(2, 3, 28, 28)).shape == (2, 3, 28, 28)
    with pytest.raises(InfoplaneError, match="30 x 28"):
        Convolutional((1, 30, 28), 6, seed=0)


@pytest.mark.parametrize("seed", range(3))
def test_the_convolutional_autoencoder_learns_more_than_the_mean_image(seed):
    digits = load_digits()
    images = torch.as_tensor(digits.images[:500] / 16, dtype=torch.float32).unsqueeze(1)
    labels = torch.as_tensor(digits.target[:500])
    model = Convolutional(SHAPE, 10, seed=seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, foreach=False)
    for _ in range(300):
        optimiser.zero_grad()
        model.objective(images, labels).backward()
        optimiser.step()
    mean_image = nn.functional.mse_loss(images.mean(0).expand_as(images), images)
    assert model.objective(images, labels) < 0.8 * mean_image
