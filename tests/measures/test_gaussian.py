"""Information of normal samples: truth, bias, intervals, degenerate columns, ranks."""

import math

import numpy as np
import pytest
import torch

from infoplane.measures.estimator import (
    ConditionalEstimator,
    EntropyEstimator,
    JointEntropyEstimator,
    ShuffledEstimator,
)
from infoplane.measures.evidence.null import WithNull
from infoplane.measures.normal.gaussian import Gaussian, GaussianCopula, normal_scores
from infoplane.measures.normal.sampling import (
    effective_pairs,
    entropy_bias,
    entropy_variance,
    information_bias,
    related_variance,
    unrelated_variance,
)
from infoplane.quantities import normal
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import NINETY
from infoplane.values.seeds import orders
from oracles import densities as oracle

BOTH = [Gaussian(), GaussianCopula()]
both = pytest.mark.parametrize("estimator", BOTH, ids=lambda one: type(one).__name__)


def pairs(n: int, rho: list[float], seed: int = 0, d: int | None = None):
    """Normal x and y of d columns, the first of which are correlated one by one."""
    d = len(rho) if d is None else d
    generator = torch.Generator().manual_seed(seed)
    x, noise = torch.randn(2, n, d, generator=generator, dtype=torch.float64)
    r = torch.zeros(d, dtype=torch.float64)
    r[: len(rho)] = torch.tensor(rho, dtype=torch.float64)
    return x, r * x + (1 - r**2).sqrt() * noise


def truth(rho: list[float]) -> float:
    return -0.5 * sum(math.log2(1 - r**2) for r in rho)


@both
@pytest.mark.parametrize("rho", [[0.0], [0.6], [0.9, 0.3], [0.5] * 5])
def test_it_finds_the_truth(estimator, rho):
    found = estimator(*pairs(20000, rho))
    assert found.value == pytest.approx(truth(rho), abs=4 * found.stderr)
    assert found.stderr < 0.02


def test_the_uncorrected_value_is_that_of_the_sample_covariance():
    x, y = pairs(50, [0.5, 0.2])
    covariance = np.cov(torch.cat([x, y], 1).numpy().T, bias=True)
    expected = oracle.normal_information(covariance, [0, 1], [2, 3], [])
    plain, corrected = Gaussian(correct_bias=False)(x, y), Gaussian()(x, y)
    assert plain.value == pytest.approx(expected, abs=1e-10)
    bias = information_bias(50, 2, 2) / math.log(2)
    assert plain.value - corrected.value == pytest.approx(bias, abs=1e-12)
    assert plain.interval is None and corrected.interval is not None
    assert Gaussian(correct_bias=False).properties.interval is False


@pytest.mark.parametrize(("n", "d"), [(5, 1), (10, 3), (30, 5)])
def test_bias_and_variance_of_an_entropy_are_those_of_drawn_covariances(n: int, d: int):
    drawn = oracle.drawn_log_determinants(n, d, draws=20000, seed=n)[-1]
    assert entropy_bias(n, d) == pytest.approx(drawn.mean(), abs=4 * drawn.std() / 20000**0.5)
    assert entropy_variance(n, d) == pytest.approx(drawn.var(), rel=0.1)


@pytest.mark.parametrize(("d_x", "d_y"), [(1, 1), (2, 3), (4, 1)])
def test_bias_and_variance_of_independent_samples_are_exact(d_x: int, d_y: int):
    drawn = oracle.drawn_informations(30, d_x, d_y, draws=20000, seed=0)
    error = drawn.std() / 20000**0.5
    assert information_bias(30, d_x, d_y) == pytest.approx(drawn.mean(), abs=4 * error)
    assert unrelated_variance(30, d_x, d_y) == pytest.approx(drawn.var(), rel=0.1)


def test_the_bias_of_information_is_about_the_number_of_products_over_twice_n():
    assert information_bias(10**5, 3, 4) == pytest.approx(3 * 4 / (2 * 10**5), rel=1e-3)
    assert information_bias(100, 0, 4) == 0


def test_the_corrected_value_is_right_in_the_mean():
    values = [Gaussian()(*pairs(20, [0.5, 0.5], seed)).value for seed in range(200)]
    error = np.std(values) / math.sqrt(len(values))
    assert np.mean(values) == pytest.approx(truth([0.5, 0.5]), abs=3 * error)
    assert min(values) < 0 and not Gaussian().properties.nonnegative


def test_the_variance_of_related_samples_is_that_of_fisher_s_z():
    """I(ρ) = ln cosh z, so its slope is ρ, and z has the variance 1/(n − 3)."""
    nats = truth([0.9]) * math.log(2)
    assert related_variance(nats, 1.0, 1000, 1, 1) == pytest.approx(0.81 / 997)
    assert related_variance(5 * nats, 5.0, 1000, 5, 5) == pytest.approx(5 * 0.81 / 989)
    assert related_variance(-0.1, 1.0, 1000, 1, 1) == 0


def test_information_is_spread_over_as_many_pairs_as_are_equal():
    assert effective_pairs(torch.tensor([0.7, 0.7, 0.7])) == pytest.approx(3)
    assert effective_pairs(torch.tensor([0.7, 0.0, 0.0])) == pytest.approx(1)
    assert effective_pairs(torch.zeros(2)) == effective_pairs(torch.zeros(0)) == 0


def test_the_ends_of_an_interval_are_where_the_value_becomes_rare():
    x, y = pairs(100, [0.3])
    found = Gaussian()(x, y)
    for end in found.interval:
        more = related_variance(end * math.log(2), 1.0, 100, 1, 1)
        deviation = math.sqrt(unrelated_variance(100, 1, 1) + more) / math.log(2)
        assert abs(found.value - end) == pytest.approx(NINETY * deviation)
    low, high = found.interval
    assert high - found.value > found.value - low > 0


@pytest.mark.parametrize(
    ("n", "rho", "d"),
    [
        (100, [0.0], 1),
        (300, [0.1], 1),
        (100, [0.9], 1),
        (100, [0.15], 2),
        (100, [0.4] * 5, 5),
        (1000, [0.6], 3),
    ],
)
def test_intervals_contain_the_truth(n: int, rho: list[float], d: int):
    found = [Gaussian()(*pairs(n, rho, seed, d)) for seed in range(200)]
    inside = [one.interval[0] <= truth(rho) <= one.interval[1] for one in found]
    assert 0.85 <= np.mean(inside) <= 0.95


def test_ranks_claim_no_interval_but_a_standard_error():
    values = [GaussianCopula()(*pairs(200, [0.6], seed)) for seed in range(100)]
    assert all(one.interval is None for one in values)
    assert not GaussianCopula().properties.interval
    spread = np.std([one.value for one in values])
    assert spread == pytest.approx(np.mean([one.stderr for one in values]), rel=0.2)


def test_the_interval_of_an_entropy_contains_the_truth():
    expected = normal.entropy(4 * torch.eye(3, dtype=torch.float64)).item()
    found = [Gaussian().entropy(2 * pairs(100, [0.0] * 3, seed)[0]) for seed in range(200)]
    inside = [one.interval[0] <= expected <= one.interval[1] for one in found]
    assert 0.86 <= np.mean(inside) <= 0.94
    assert not any(one.shared for one in found)


def test_entropies_and_information_belong_together():
    x, y = pairs(40, [0.7, 0.1])
    for one in (Gaussian(), Gaussian(correct_bias=False)):
        apart = one.entropy(x).value + one.entropy(y).value - one.joint_entropy(x, y).value
        assert one(x, y).value == pytest.approx(apart, abs=1e-9)


def test_conditional_information_keeps_the_chain_rule():
    generator = torch.Generator().manual_seed(0)
    x, y, z = torch.randn(3, 60, 2, generator=generator, dtype=torch.float64)
    y, x = y + z, x + z + 0.5 * y
    for one in (Gaussian(), Gaussian(correct_bias=False)):
        chained = one(x, torch.cat([y, z], 1)).value - one(x, z).value
        assert one.conditional(x, y, z).value == pytest.approx(chained, abs=1e-9)
        assert one.conditional(x, y, z).shared


@both
def test_a_common_cause_explains_everything(estimator):
    z = torch.randn(2000, 2, dtype=torch.float64)
    x, y = z + 0.5 * torch.randn(2000, 2).double(), z + 0.5 * torch.randn(2000, 2).double()
    beyond = estimator.conditional(x, y, z)
    assert estimator(x, y).value > 1 and abs(beyond.value) < 4 * beyond.stderr


def test_intervals_of_conditional_information_contain_the_truth():
    inside = []
    for seed in range(200):
        x, y = pairs(100, [0.5], seed)
        z = torch.randn(100, 3, generator=torch.Generator().manual_seed(9000 + seed)).double()
        found = Gaussian().conditional(x + z[:, :1], y - z[:, 1:2], z)
        inside.append(found.interval[0] <= truth([0.5]) <= found.interval[1])
    assert 0.85 <= np.mean(inside) <= 0.95


@both
def test_a_linear_map_shares_infinitely_much_and_says_so(estimator):
    x, _ = pairs(100, [0.0] * 3)
    layer = (
        x[:, :1] * -2.5 if isinstance(estimator, GaussianCopula) else x @ torch.randn(3, 2).double()
    )
    found = estimator(x, layer)
    assert found.value == math.inf and found.interval is None and found.stderr is None
    assert "NoisyChannel" in found.notes[0]
    assert estimator(layer.float(), x.float()).value == math.inf or isinstance(estimator, Gaussian)


def test_a_linear_layer_in_single_precision_is_still_deterministic():
    x = torch.randn(500, 20)
    assert Gaussian()(x, torch.nn.functional.linear(x, torch.randn(5, 20))).value == math.inf


@both
def test_constant_columns_tell_nothing(estimator):
    x, y = pairs(100, [0.5])
    alone = estimator(x, y).value
    still = torch.full((100, 2), 0.1, dtype=torch.float64)
    wide = estimator(torch.cat([x, still], 1), y)
    assert wide.value == pytest.approx(alone, abs=1e-12)
    assert any("fill 1" in note for note in wide.notes)
    assert estimator(still, y).value == 0 == estimator(still, still).value


def test_repeated_columns_tell_nothing_more_and_have_no_density():
    x, y = pairs(100, [0.5, 0.2])
    twice = torch.cat([x, x[:, :1] + x[:, 1:]], 1)
    assert Gaussian()(twice, y).value == pytest.approx(Gaussian()(x, y).value, abs=1e-9)
    flat = Gaussian().entropy(twice)
    assert flat.value == -math.inf and "combinations" in flat.notes[0]


def test_ranks_are_those_of_the_definition():
    column = torch.tensor([3.0, -1.0, 3.0, 0.0, 3.0, 0.0, 7.0], dtype=torch.float64)
    expected = torch.special.ndtri(torch.tensor(oracle.average_ranks(column.numpy())) / 8)
    torch.testing.assert_close(normal_scores(column[:, None])[:, 0], expected)


def test_monotone_maps_of_columns_change_nothing_of_the_copula():
    x, y = pairs(200, [0.8, 0.3])
    bent = torch.stack([x[:, 0].exp(), -(x[:, 1] ** 3)], 1)
    before = GaussianCopula()(x, y).value
    assert GaussianCopula()(bent, 1e6 * y.sinh()).value == pytest.approx(before, abs=1e-12)
    assert GaussianCopula()(x, y).notes == ()


def test_ties_are_told():
    x, y = pairs(200, [0.8])
    (note,) = GaussianCopula()(x.relu(), y).notes
    assert note.startswith("Of the values of x, ") and "MixedKSG" in note


@both
def test_shuffled_is_what_as_many_calls_give(estimator):
    x, y = pairs(60, [0.6, 0.2])
    drawn = orders(0, "t", n=60, count=7)
    expected = [estimator(x, y[order]).value for order in drawn]
    assert estimator.shuffled(x, y, drawn) == pytest.approx(expected, abs=1e-10)
    still = torch.ones(60, 1, dtype=torch.float64)
    assert estimator.shuffled(still, y, drawn) == [0.0] * 7
    assert WithNull(estimator)(x, y).p_value == 0.025


@both
def test_it_says_what_it_can(estimator):
    assert isinstance(estimator, ShuffledEstimator) and isinstance(estimator, ConditionalEstimator)
    assert isinstance(Gaussian(), EntropyEstimator) and isinstance(
        Gaussian(), JointEntropyEstimator
    )


@both
def test_what_it_cannot_take_is_refused_with_the_remedy(estimator):
    x, y = pairs(5, [0.5, 0.5])
    with pytest.raises(InfoplaneError, match="more than 5 samples for 4 columns, got 5.*Sliced"):
        estimator(x, y)
    labels = torch.arange(5) % 2
    for pair in ((x, labels), (labels, x), (labels, labels), (x, torch.ones(5, 2).long())):
        with pytest.raises(InfoplaneError, match="MixedKSG"):
            estimator(*pair)
    with pytest.raises(InfoplaneError, match="y has 4"):
        estimator(x, y[:4])
    with pytest.raises(InfoplaneError, match="variable 2|x has"):
        estimator.conditional(x, y, labels)
    with pytest.raises(InfoplaneError, match="No variable"):
        Gaussian().joint_entropy()
