"""Variational bottlenecks as losses: closed forms, which is which, and noise models."""

import math

import numpy as np
import pytest
import torch

from infoplane.models.stochastic import (
    ByClass,
    Stochastic,
    StochasticByClass,
    StochasticClassifier,
)
from infoplane.quantities.diagonal import Diagonal, log_densities, log_mixture
from infoplane.training.variational.losses import (
    Coded,
    ceb,
    coded,
    cross_entropy,
    fitting_classes,
    onehot,
    published_vdual,
    rate,
    residual,
    reversed_divergence,
    vdual,
    vib,
)
from infoplane.training.variational.noise import (
    FLOOR,
    Confusion,
    Jittered,
    Predicted,
    Smoothing,
    flipped,
)
from infoplane.values.errors import InfoplaneError

K, D, N = 4, 3, 11
LABELS = torch.arange(N) % K
GIVEN = onehot(LABELS, K)
WANTED = Smoothing(0.2)(torch.zeros(N, 1), LABELS, K)
COUNTS = np.array([[8.0, 2, 0, 0], [1, 1, 1, 5], [0, 0, 3, 0], [0, 2, 0, 2]])
NOISES = {
    "smoothing": Smoothing(0.02),
    "confusion": Confusion(tuple(map(tuple, COUNTS.tolist()))),
    "jittered": Jittered(0.3, seed=4),
    "predicted": Predicted(lambda x: 50 * x[:, :K]),
}


def some(*shape):
    return Diagonal(torch.randn(*shape, D).double(), 0.1 + torch.rand(*shape, D).double())


def said(scores=None):
    return Coded(some(N), some(K), torch.randn(N, K).double() if scores is None else scores)


def test_the_divergence_is_that_of_torch():
    one, other = some(N), some(N)
    known = torch.distributions.kl_divergence(
        torch.distributions.Normal(one.mean, one.scale),
        torch.distributions.Normal(other.mean, other.scale),
    ).sum(1)
    assert torch.allclose(one.divergence(other), known, rtol=1e-12)
    closed = 0.5 * (one.mean**2 + one.scale**2 - 1 - 2 * one.scale.log()).sum(1)
    assert torch.allclose(one.from_standard(), closed, rtol=1e-12)
    assert torch.equal(one.divergence(one), torch.zeros(N).double())


@pytest.mark.parametrize("far", [0.0, 1e3])
def test_densities_of_all_pairs_are_those_of_one_after_the_other(far):
    each = some(K)
    each = Diagonal(each.mean + far, each.scale)
    z = torch.randn(N, D).double() + far
    known = torch.distributions.Normal(each.mean, each.scale).log_prob(z[:, None]).sum(2)
    assert torch.allclose(log_densities(z, each), known, rtol=1e-9)
    assert torch.allclose(each.log_density(z[:, None]), known, rtol=1e-12)
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4]).double()
    mixed = (known.exp() * weights).sum(1).log()
    assert torch.allclose(log_mixture(z, each, weights), mixed, rtol=1e-9)


def test_the_divergence_is_the_mean_of_the_log_ratio_over_draws():
    one, other = some(1), some(1)
    z = one.drawn(torch.randn(200_000, D).double())
    ratio = one.log_density(z) - other.log_density(z)
    error = float(ratio.std()) / math.sqrt(len(ratio))
    assert float(ratio.mean()) == pytest.approx(float(one.divergence(other)), abs=4 * error)


def test_every_objective_is_its_rate_and_its_weighted_distortion():
    at = said()
    spent, left = float(rate(at)), float(residual(at, GIVEN))
    lost, turned = float(cross_entropy(at, GIVEN)), float(reversed_divergence(at, WANTED))
    assert spent != left
    assert float(vib(3.0)(at, GIVEN)) == pytest.approx(spent + 3 * lost, rel=1e-12)
    assert float(ceb(3.0)(at, GIVEN)) == pytest.approx(left + 3 * lost, rel=1e-12)
    assert float(vdual(3.0)(at, GIVEN, WANTED)) == pytest.approx(spent + 3 * turned, rel=1e-12)
    found = published_vdual(3.0, 5.0)(at, GIVEN, WANTED)
    assert float(found) == pytest.approx(left + 3 * lost + 5 * turned, rel=1e-12)


def test_the_published_dual_is_ceb_without_gamma_and_the_dual_alone_without_beta():
    at = said()
    assert torch.equal(published_vdual(2.5, 0.0)(at, GIVEN, WANTED), ceb(2.5)(at, GIVEN))
    alone = residual(at, GIVEN) + 2.5 * reversed_divergence(at, WANTED)
    assert torch.equal(published_vdual(0.0, 2.5)(at, GIVEN, WANTED), alone)
    # where all classes expect the codes that r(z) does, it is the textbook's
    standard = Diagonal(torch.zeros(K, D).double(), torch.ones(K, D).double())
    plain = Coded(at.code, standard, at.scores)
    textbook = vdual(2.5)(plain, GIVEN, WANTED)
    assert float(published_vdual(0.0, 2.5)(plain, GIVEN, WANTED)) == pytest.approx(float(textbook))


def test_the_reversed_divergence_is_0_exactly_where_both_are_the_same():
    p = WANTED.double() / WANTED.double().sum(1, keepdim=True)
    shifted = p.log() + torch.randn(N, 1).double()  # scores up to a constant
    assert abs(float(reversed_divergence(said(shifted), p))) < 1e-12
    shifted[0, 0] += 0.1
    assert float(reversed_divergence(said(shifted), p)) > 1e-5


def test_the_residual_of_known_probabilities_is_their_mean_over_classes():
    at, p = said(), torch.rand(N, K).double()
    p = p / p.sum(1, keepdim=True)
    known = np.mean(
        [
            sum(
                float(
                    p[i, j]
                    * Diagonal(at.code.mean[i], at.code.scale[i]).divergence(
                        Diagonal(at.classes.mean[j], at.classes.scale[j])
                    )
                )
                for j in range(K)
            )
            for i in range(N)
        ]
    )
    assert float(residual(at, p)) == pytest.approx(known, rel=1e-12)


@pytest.mark.parametrize(
    "objective", [vib(10.0), ceb(10.0), vdual(10.0), published_vdual(5.0, 5.0)]
)
def test_gradients_are_finite_even_where_the_network_is_sure_and_narrow(objective):
    model = StochasticClassifier((6,), (8,), D, K, seed=0)
    with torch.no_grad():
        model.scale.affine.bias.fill_(-200.0)
        model.output.affine.bias[0] = 500.0
    x = torch.randn(N, 6)
    loss = objective(coded(model, x), GIVEN, WANTED)
    loss.backward()
    assert torch.isfinite(loss)
    moved = {name: one.grad for name, one in model.named_parameters() if one.grad is not None}
    assert all(torch.isfinite(grad).all() for grad in moved.values())
    assert ("class_mean" in moved) == (objective.compression == "conditional")


def test_classes_are_fitted_without_a_value_and_without_moving_the_encoder():
    model = StochasticClassifier((6,), (8,), D, K, seed=0)
    x = torch.randn(N, 6)
    found = fitting_classes(coded(model, x), GIVEN)
    found.backward()
    assert found.item() == 0.0
    moved = {name for name, one in model.named_parameters() if one.grad is not None}
    assert moved == {"class_mean", "class_raw_scale"}
    assert bool(model.class_mean.grad.abs().sum() > 0)


@pytest.mark.parametrize("name", NOISES)
def test_rows_of_every_noise_model_sum_to_1_and_are_positive(name):
    x = torch.randn(N, 6)
    rows = NOISES[name](x, LABELS, K)
    assert rows.shape == (N, K) and rows.dtype == torch.float32
    assert rows.double().sum(1).numpy() == pytest.approx(1.0, abs=1e-6)
    assert float(rows.min()) > 0.99 * FLOOR
    assert torch.equal(rows, NOISES[name](x, LABELS, K))


def test_a_confusion_matrix_is_normalised_by_rows_and_not_by_columns():
    """Divided by the sums of its rows along the wrong axis, its rows would not sum to 1."""
    wrong = COUNTS / COUNTS.sum(1)
    assert not np.allclose(wrong.sum(1), 1)
    rows = NOISES["confusion"](torch.zeros(K, 1), torch.arange(K), K).numpy()
    assert rows == pytest.approx(COUNTS / COUNTS.sum(1, keepdims=True), abs=1e-6)


def test_a_counted_matrix_has_the_label_in_the_row():
    found = Confusion.counted(torch.tensor([0, 0, 1]), torch.tensor([1, 1, 0]), 2)
    assert found.counts == ((1.0, 3.0), (2.0, 1.0))


def test_smoothing_and_predictions_are_what_they_say():
    x = torch.randn(N, 6)
    assert WANTED[0].tolist() == pytest.approx([0.85, 0.05, 0.05, 0.05])
    rows = Predicted(lambda x: x[:, :K])(x, LABELS, K)
    assert torch.allclose(rows, x[:, :K].softmax(1), atol=1e-5)
    assert torch.equal(Jittered(1e-9)(x, LABELS, K).argmax(1), LABELS)


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_so_many_labels_are_wrong_as_were_asked_for(share):
    labels = torch.arange(400) % K
    wrong = flipped(labels, share, K, seed=1)
    assert int((wrong != labels).sum()) == round(share * 400)
    assert int(wrong.min()) >= 0 and int(wrong.max()) < K
    assert torch.equal(wrong, flipped(labels, share, K, seed=1))
    if 0 < share < 1:
        assert not torch.equal(wrong, flipped(labels, share, K, seed=2))


@pytest.mark.parametrize("training", [True, False])
def test_the_code_is_drawn_in_evaluation_too(training):
    """From torch's stream, so that the bound on I(Z;Y) is about Z and not about its mean."""
    model, x = StochasticClassifier((6,), (8,), D, K, seed=0).train(training), torch.randn(N, 6)
    torch.manual_seed(3)
    scores = coded(model, x).scores
    torch.manual_seed(3)
    assert torch.equal(scores, model.decode(model.encode(x).drawn(torch.randn(N, D))))
    assert not torch.equal(scores, coded(model, x).scores)


def test_in_evaluation_a_wide_code_tells_nothing_of_the_class():
    """σ drowns the means, which decode without an error."""
    model, x = Plain(scale=1e3).eval(), torch.eye(2).repeat(2000, 1)
    drawn = coded(model, x)
    means = Coded(drawn.code, None, model.decode(drawn.code.mean))
    told, of_means = (math.log(2) - cross_entropy(at, x).item() for at in (drawn, means))
    assert told < 0.01 < 0.69 < of_means


class Plain(torch.nn.Module):
    """Somebody's encoder of two inputs: its own mean, one σ, and no b(z|y)."""

    def __init__(self, scale):
        super().__init__()
        self.gain, self.width = torch.nn.Parameter(torch.ones(())), scale

    def encode(self, x):
        return Diagonal(self.gain * x, torch.full_like(x, self.width))

    def decode(self, z):
        return 50 * z


class OfTwo(Plain):
    @property
    def by_class(self):
        return Diagonal(torch.eye(2), torch.full((2, 2), self.width))


def test_anybody_s_network_with_a_normal_code_is_trained_on():
    x = torch.eye(2)
    at = coded(Plain(0.5), x)
    loss = vib(2.0)(at, x)
    spent = 0.5 * (1 + 2 * 0.25 - 2 - 2 * math.log(0.25))
    assert rate(at).item() == pytest.approx(spent, rel=1e-6)
    assert loss.item() == pytest.approx(spent + 2 * cross_entropy(at, x).item(), rel=1e-6)
    model = Plain(0.5)
    vib(0.0)(coded(model, x), x).backward()
    assert model.gain.grad.item() == pytest.approx(1.0)  # of ½ Σ μ²
    assert residual(coded(OfTwo(0.5), x), x).item() == pytest.approx(0.0)
    with pytest.raises(InfoplaneError, match="by_class"):
        ceb(2.0)(at, x)
    with pytest.raises(InfoplaneError, match="by_class"):
        fitting_classes(at, x)


def test_what_asks_for_a_stochastic_code_knows_one():
    assert isinstance(Plain(1.0), Stochastic) and not isinstance(Plain(1.0), ByClass)
    assert isinstance(OfTwo(1.0), StochasticByClass)
    assert isinstance(StochasticClassifier((6,), (), D, K, seed=0), StochasticByClass)
    assert not isinstance(torch.nn.Linear(2, 2), Stochastic)


def _asked(what):
    at = said()
    rows = torch.zeros(N, 6)
    return {
        "no noise model": lambda: vdual(1.0)(at, GIVEN),
        "zeros": lambda: reversed_divergence(at, GIVEN),
        "share": lambda: Smoothing(0.0),
        "share of labels": lambda: flipped(LABELS, 1.5, K, seed=0),
        "one class": lambda: flipped(torch.zeros(4, dtype=torch.long), 0.5, 1, seed=0),
        "not square": lambda: Confusion(((1.0, 2.0),)),
        "no frequencies": lambda: Confusion(((1.0, 0.0), (0.0, 0.0))),
        "other classes": lambda: Confusion(((1.0, 0.0), (0.0, 1.0)))(rows, LABELS, K),
        "deviation": lambda: Jittered(math.inf),
        "other scores": lambda: Predicted(lambda x: x)(rows, LABELS, K),
    }[what]()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("no noise model", "gamma=1.0 needs"),
        ("zeros", "the least is 0"),
        ("share", "share=0.0"),
        ("share of labels", "share=1.5"),
        ("one class", "Labels of one class"),
        ("not square", "lengths"),
        ("no frequencies", "Row 1"),
        ("other classes", "of 2 classes, the labels of 4"),
        ("deviation", "deviation=inf"),
        ("other scores", r"shape \(11, 6\)"),
    ],
)
def test_what_makes_no_sense_is_refused(what, words):
    with pytest.raises(InfoplaneError, match=words):
        _asked(what)
