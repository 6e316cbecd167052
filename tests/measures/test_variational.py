"""Bounds against loops and known densities, and what a trained critic may and may not say."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.measures.evidence.null import WithNull
from infoplane.measures.variational import bounds, held_out
from infoplane.measures.variational.critic import Critic, drawn
from infoplane.measures.variational.estimators import MINE, NWJ, SMILE, InfoNCE
from infoplane.measures.variational.training import encoded, split, trained
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.values.units import LN2
from oracles import bounds as oracle

QUICK = Critic(hidden=(32,), features=8, steps=200)
HALF, BRIEF = replace(QUICK, steps=100), replace(QUICK, steps=50)
"""For what holds of a critic however far it is trained."""
ESTIMATORS = [MINE(QUICK), NWJ(QUICK), InfoNCE(QUICK), SMILE(QUICK)]
every = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: type(one).__name__)
SMOOTH = {
    "donsker_varadhan": bounds.donsker_varadhan,
    "nguyen_wainwright_jordan": bounds.nguyen_wainwright_jordan,
    "info_nce": bounds.info_nce,
    "jensen_shannon": bounds.jensen_shannon,
}


def normal(rho: float, n: int, seed: int = 0, columns: int = 1):
    x, noise = torch.randn(2, n, columns, generator=stream(seed, "normal"), dtype=torch.float64)
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def best_scores(rho: float, n: int, seed: int = 0):
    """Those of the best critic there is."""
    x, y = normal(rho, n, seed)
    return oracle.log_ratio(x, y.T, rho)


def information(rho: float) -> float:
    """Of a bivariate normal, in nats."""
    return -0.5 * math.log(1 - rho**2)


# ---------------------------------------------------------------- formulas


@settings(max_examples=30)
@given(st.integers(2, 7), st.integers(0, 1000))
def test_every_formula_is_its_loop(n, seed):
    scores = 2 * torch.randn(n, n, generator=stream(seed, "scores"), dtype=torch.float64)
    f = scores.tolist()
    for name, bound in SMOOTH.items():
        assert float(bound(scores)) == pytest.approx(getattr(oracle, name)(f), abs=1e-10)
    assert float(bounds.smile(scores, 1.0)) == pytest.approx(oracle.smile(f, 1.0), abs=1e-10)
    assert float(bounds.effective_strangers(scores)) == pytest.approx(oracle.effective_strangers(f))


@pytest.mark.parametrize("name", ["donsker_varadhan", "nguyen_wainwright_jordan"])
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6, 0.8])
def test_the_best_critic_attains_the_information(name, rho):
    values = np.array([float(SMOOTH[name](best_scores(rho, 300, seed))) for seed in range(40)])
    slack = 4 * values.std(ddof=1) / math.sqrt(len(values)) + 1e-12
    assert values.mean() == pytest.approx(information(rho), abs=slack + 0.005)


@pytest.mark.parametrize("n", [2, 8, 64])
def test_info_nce_stays_below_the_logarithm_of_its_samples_and_the_information(n):
    rho = 0.999
    values = np.array([float(bounds.info_nce(best_scores(rho, n, seed))) for seed in range(40)])
    assert (values <= math.log(n) + 1e-12).all()
    assert values.mean() <= information(rho)
    assert float(bounds.info_nce(50 * torch.eye(n))) == pytest.approx(math.log(n), abs=1e-6)


def test_smile_is_donsker_varadhan_without_its_clip_and_above_it_under_a_tight_one():
    scores = best_scores(0.9, 200)
    assert float(bounds.smile(scores, 1e6)) == float(bounds.donsker_varadhan(scores))
    of_pairs = float(scores.diagonal().mean())
    assert float(bounds.smile(scores, 1e-9)) == pytest.approx(of_pairs, abs=1e-8)


def test_a_shift_of_the_critic_changes_nothing_where_the_bound_is_normalised():
    scores = best_scores(0.6, 50)
    for name in ("donsker_varadhan", "info_nce"):
        assert float(SMOOTH[name](scores + 3)) == pytest.approx(float(SMOOTH[name](scores)))
    shifted = [float(bounds.nguyen_wainwright_jordan(scores + c)) for c in (-1.0, 0.0, 1.0)]
    assert shifted[1] > max(shifted[0], shifted[2])


def test_the_objective_of_smile_is_highest_at_the_log_ratio():
    scores = best_scores(0.6, 1000)
    best = float(bounds.jensen_shannon(scores))
    for other in (0.5 * scores, 1.5 * scores, scores + 0.5, scores - 0.5):
        assert float(bounds.jensen_shannon(other)) < best


def test_of_how_few_strangers_the_second_term_is_made():
    equal = torch.zeros(6, 6, dtype=torch.float64)
    assert float(bounds.effective_strangers(equal)) == pytest.approx(30)
    one = equal.clone()
    one[0, 1] = 40.0
    assert float(bounds.effective_strangers(one)) == pytest.approx(1)


# ---------------------------------------------------------------- standard error


@pytest.mark.parametrize("n", [3, 7, 45])
def test_the_jackknife_is_its_loop(n):
    scores = torch.randn(n, n, generator=stream(n, "scores"), dtype=torch.float64)
    for name in ("donsker_varadhan", "info_nce"):
        told = held_out.jackknife(SMOOTH[name], scores)
        slow = oracle.jackknife(getattr(oracle, name), scores.tolist(), min(held_out.GROUPS, n))
        assert told == pytest.approx(slow)


@pytest.mark.parametrize("name", ["donsker_varadhan", "nguyen_wainwright_jordan", "info_nce"])
def test_the_jackknife_says_how_far_new_samples_scatter(name):
    drawn_again = [best_scores(0.6, 100, seed) for seed in range(200)]
    spread = np.std([float(SMOOTH[name](one)) for one in drawn_again], ddof=1)
    told = [held_out.jackknife(SMOOTH[name], one) for one in drawn_again[:40]]
    assert np.mean(told) == pytest.approx(spread, rel=0.2)


@pytest.mark.parametrize("n", [1, 5, 1024, 1025, 5000])
def test_blocks_are_all_samples_once_and_nearly_equal(n):
    found = held_out.blocks(n)
    assert [i for block in found for i in range(n)[block]] == list(range(n))
    sizes = {block.stop - block.start for block in found}
    assert max(sizes) <= held_out.BLOCK and max(sizes) - min(sizes) <= 1


# ---------------------------------------------------------------- training


def test_the_parts_are_all_samples_once():
    divided = split(103, Critic(), 0)
    together = torch.cat([divided.training, divided.validation, divided.test])
    assert torch.equal(together.sort().values, torch.arange(103))
    assert [len(divided.training), len(divided.validation), len(divided.test)] == [61, 21, 21]
    assert len(split(50_000, Critic(), 0).validation) == held_out.BLOCK


def test_what_standardises_the_columns_is_the_training_part_alone():
    x = torch.randn(60, 3, dtype=torch.float64) * torch.tensor([1e-9, 1.0, 1e9]) + 5
    x[:, 1] = 7.1
    fitted = torch.arange(40)
    told = encoded(x, fitted)
    assert told[:40].mean(0) == pytest.approx(torch.zeros(3), abs=1e-5)
    assert told[:40, [0, 2]].std(0, correction=0) == pytest.approx(torch.ones(2))
    assert not told[:, 1].any()
    other = x.clone()
    other[40:] *= 2
    assert torch.equal(encoded(other, fitted)[:40], told[:40])


def test_labels_are_classes_whatever_their_numbers():
    assert encoded(torch.tensor([7, -3, 7, 900]), torch.arange(2)).tolist() == [1, 0, 1, 2]


def test_a_class_is_read_as_its_one_hot_row():
    labels, x = torch.tensor([0, 2, 1, 2]), torch.randn(4, 2, dtype=torch.float64)
    networks = drawn(QUICK, labels, x, stream(0, "w"), 100)
    one_hot = torch.nn.functional.one_hot(labels).double()
    assert torch.allclose(networks.scores(labels, x), networks.scores(one_hot, x))


def test_scores_stay_within_the_logarithm_of_the_samples():
    x = 1e6 * torch.randn(20, 2, dtype=torch.float64)
    networks = drawn(QUICK, x, x, stream(0, "w"), 100)
    assert float(networks.scores(x, x).detach().abs().max()) == pytest.approx(math.log(100))


def test_no_score_knows_the_samples_that_are_measured():
    """Held-out samples may be anything: the critic comes out the same to the bit."""
    (x, y), critic = normal(0.6, 100), replace(QUICK, steps=40)
    divided = split(100, critic, 0)
    fitted = divided.training

    def weights():
        inputs = encoded(x, fitted), encoded(y, fitted)
        return trained(critic, bounds.info_nce, *inputs, divided, 0).networks.weights

    before = weights()
    x[divided.test], y[divided.test] = 100.0, -100.0
    assert all(map(torch.equal, before, weights()))


def test_the_best_critic_on_the_validation_part_is_kept():
    x, y = normal(0.6, 60)
    critic = replace(QUICK, steps=1000, learning_rate=0.05, patience=3)
    divided = split(60, critic, 0)
    inputs = encoded(x, divided.training), encoded(y, divided.training)
    done = trained(critic, bounds.info_nce, *inputs, divided, 0)
    assert done.patient and done.steps == done.best + 60 < 1000
    again = replace(critic, steps=max(done.best, 1))
    stopped = trained(again, bounds.info_nce, *inputs, divided, 0)
    assert stopped.best == done.best and not stopped.patient


# ---------------------------------------------------------------- estimators


@every
def test_much_shared_is_found_and_nothing_shared_is_not(estimator):
    x, y = normal(0.95, 600)
    found, none = estimator(x, y), estimator(x, normal(0.0, 600, seed=1)[1])
    truth = information(0.95) / LN2
    assert 0.5 * truth < found.value < truth + 4 * found.stderr + 0.05
    assert none.value == pytest.approx(0, abs=0.05 + 4 * none.stderr)
    assert (
        found.n == 600 and found.stderr_source == "120 held-out samples, 20 groups left out in turn"
    )


@pytest.mark.parametrize("bound", [MINE, NWJ, InfoNCE])
@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_a_lower_bound_lies_below_the_truth(bound, rho):
    found = [bound(HALF, seed)(*normal(rho, 300, seed)) for seed in range(4)]
    excess = np.array([one.value for one in found]) - information(rho) / LN2
    stderr = math.hypot(*(one.stderr for one in found)) / len(found)
    assert excess.mean() <= 3 * stderr
    assert all(one.bound == "lower" and one.interval is None for one in found)


def test_smile_claims_no_bound():
    found = SMILE(QUICK)(*normal(0.6, 100))
    assert found.bound is None and SMILE().properties.bound is None
    assert "either side" in found.notes[-1]


@every
def test_labels_and_numbers_in_either_place(estimator):
    labels = torch.arange(400) % 4
    x = torch.nn.functional.one_hot(labels).double() + 0.01 * torch.randn(400, 4)
    for pair in ((x, labels), (labels, x), (labels, labels)):
        found = estimator(*pair)
        assert 1.5 < found.value < 2 + 4 * found.stderr + 0.1


@every
def test_it_is_reproducible_and_draws_nothing_of_anybody_else_s(estimator):
    estimator = replace(estimator, critic=BRIEF)
    x, y = normal(0.6, 60)
    kept, state, numpy_state = (
        (x.clone(), y.clone()),
        torch.get_rng_state(),
        np.random.get_state()[1],
    )
    threads = torch.get_num_threads()
    value = estimator(x, y).value
    torch.rand(3)
    assert estimator(x, y).value == value
    torch.set_rng_state(state)
    estimator(x, y)
    assert torch.equal(torch.get_rng_state(), state)
    assert (np.random.get_state()[1] == numpy_state).all()
    assert torch.get_num_threads() == threads
    assert torch.equal(x, kept[0]) and torch.equal(y, kept[1])
    assert replace(estimator, seed=1)(x, y).value != value


def test_whoever_forbids_gradients_gets_the_same():
    x, y = normal(0.6, 60)
    value = NWJ(BRIEF)(x, y).value
    with torch.no_grad():
        assert NWJ(BRIEF)(x, y).value == value and not torch.is_grad_enabled()
    with torch.inference_mode():
        assert NWJ(BRIEF)(x + 0, y + 0).value == value and torch.is_inference_mode_enabled()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert NWJ(BRIEF)(x, y).value == value
    weights = torch.ones(1, dtype=torch.float64, requires_grad=True)
    assert NWJ(BRIEF)(x * weights, y).value == value and weights.grad is None


def test_every_ceiling_is_what_the_largest_scores_give():
    x = torch.randn(100, 5)
    critic = replace(QUICK, steps=1)
    limit, size = math.log(60), 20
    largest = 2 * limit * torch.eye(size, dtype=torch.float64) - limit
    for estimator, bound in [
        (MINE(critic), bounds.donsker_varadhan),
        (NWJ(critic), bounds.nguyen_wainwright_jordan),
        (SMILE(critic, clip=2.0), lambda scores: bounds.smile(scores, 2.0)),
    ]:
        assert estimator(x, x).ceiling == pytest.approx(float(bound(largest)) / LN2)
    assert InfoNCE(critic)(x, x).ceiling == pytest.approx(math.log2(size))


def test_a_saturated_bound_says_so():
    x = torch.randn(400, 5)
    found = InfoNCE(replace(QUICK, features=32, learning_rate=5e-3, held_out=0.02))(x, x)
    assert found.saturated and found.value <= found.ceiling
    assert any("hold out more (held_out)" in note for note in found.notes)


def test_more_than_a_block_is_measured_block_by_block():
    x, y = normal(0.6, 2600)
    critic = replace(QUICK, steps=20, held_out=0.45)
    found = InfoNCE(critic)(x, y)
    assert found.ceiling == pytest.approx(math.log2(585)) and found.stderr > 0
    assert found.stderr_source.startswith("1170 held-out samples")


def test_notes_of_a_training_that_did_not_end_well():
    x, y = normal(0.8, 200)
    (rising,) = NWJ(replace(QUICK, steps=20))(x, y).notes
    assert "still getting better after 20 updates" in rising and "steps=20" in rising
    nothing = NWJ(replace(QUICK, patience=1, learning_rate=10.0))(*normal(0.0, 60))
    assert any("untrained" in note or "diverged" in note for note in nothing.notes)


def test_a_critic_that_diverges_is_a_value_with_its_explanation():
    found = NWJ(replace(QUICK, learning_rate=1e200))(*normal(0.6, 100))
    assert any("diverged" in note and "lower learning_rate=1e+200" in note for note in found.notes)


def test_few_strangers_are_told():
    x = torch.randn(400, 10)
    found = MINE(replace(QUICK, features=32, steps=600))(x, x)
    assert any("strangers" in note and "InfoNCE" in note for note in found.notes)
    assert not any("strangers" in note for note in MINE(QUICK)(*normal(0.3, 400)).notes)


def test_a_null_of_a_trained_bound():
    found = WithNull(NWJ(replace(QUICK, steps=100)), permutations=4)(*normal(0.9, 200))
    assert found.p_value == 0.2 and found.above_null > 0.2


@every
def test_it_says_all_its_parameters(estimator):
    assert "hidden layers 32" in estimator.words and "at most 200 updates" in estimator.words
    assert type(estimator)().sources and eval(repr(estimator)) == estimator  # noqa: S307 — ours


@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden": ()},
        {"hidden": (8, 0)},
        {"features": 0},
        {"steps": 0},
        {"batch_size": 1},
        {"learning_rate": 0.0},
        {"learning_rate": math.nan},
        {"held_out": 0.0},
        {"held_out": 0.5},
        {"patience": 0},
    ],
    ids=str,
)
def test_parameters_without_meaning_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(InfoplaneError, match=f"^{name}="):
        Critic(**wrong)


@pytest.mark.parametrize("clip", [0.0, -1.0, math.inf, math.nan])
def test_a_clip_that_clips_nothing_or_everything_is_refused(clip):
    with pytest.raises(InfoplaneError, match="clip="):
        SMILE(clip=clip)


@every
def test_too_few_samples_are_refused_with_their_number(estimator):
    with pytest.raises(InfoplaneError, match="^20 samples leave 12 to train on and 4"):
        estimator(*normal(0.6, 20))
    assert math.isfinite(estimator(*normal(0.6, 25)).value)


@every
@pytest.mark.parametrize("columns", [1, 3])
def test_constants_share_nothing(estimator, columns):
    estimator = replace(estimator, critic=BRIEF)
    x = torch.randn(100, columns)
    for pair in (
        (x, torch.full((100, 2), 0.1)),
        (torch.zeros(100, 2), x),
        (x, torch.zeros(100).long()),
    ):
        found = estimator(*pair)
        assert found.value == pytest.approx(0, abs=0.1 + 4 * found.stderr)


def test_smile_is_measured_with_its_own_clip():
    x, y = normal(0.95, 300)
    tight, usual, wide = [SMILE(QUICK, clip=clip)(x, y).value for clip in (0.5, 5.0, 50.0)]
    assert tight != pytest.approx(usual, abs=0.05) and usual == pytest.approx(wide, abs=0.05)
