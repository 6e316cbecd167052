"""One β: closed forms, brute force, laws."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infoplane.bottleneck import Joint, Status, solve, thresholds
from infoplane.bottleneck.descent import Stop, accelerated, plain
from infoplane.bottleneck.maps import Problem, evaluate, logs
from infoplane.bottleneck.partitions import all_partitions, best_partition
from infoplane.bottleneck.solver import posed
from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2
from oracles import bottleneck as oracle

seeds = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("error", "times", "rate", "relevance"),
    [
        (0.1, 2.0, 0.9582652349, 0.5196391980),
        (0.1, 1.1, 0.3998357807, 0.2454714808),
        (0.25, 2.0, 0.8929186512, 0.1777136354),
    ],
)
def test_the_symmetric_source_has_its_closed_form(error, times, rate, relevance):
    critical = 1 / (1 - 2 * error) ** 2
    found = solve(oracle.binary_source(error), times * critical)
    assert found.rate == pytest.approx(rate, abs=6e-11)
    assert found.relevance == pytest.approx(relevance, abs=6e-11)
    c = 1 - 2 * error
    a = 1 - 2 * found.encoder.min()
    assert a == pytest.approx(np.tanh(times * critical * c * np.arctanh(c * a)), abs=1e-11)


def test_below_its_threshold_the_symmetric_source_keeps_nothing():
    found = solve(oracle.binary_source(0.1), 0.98 * 1.5625)
    assert found.status == Status.TRIVIAL and found.rate < 1e-10


@pytest.mark.parametrize(
    ("beta", "dual", "rate", "relevance", "nats"),
    [
        (20.0, False, 1.11203403, 0.14548066, 1.15938149),
        (20.0, True, 1.11640806, 0.14555888, 1.16181441),
        (10.0, False, 0.69190033, 0.11686989, 0.87219260),
        (10.0, True, 0.71482217, 0.11901186, 0.88047160),
    ],
)
def test_five_states_have_the_recorded_solutions(beta, dual, rate, relevance, nats):
    found = solve(oracle.FIVE, beta, dual=dual)
    assert found.joint.information == pytest.approx(0.1735106551, abs=6e-11)
    assert (found.rate, found.relevance) == pytest.approx((rate, relevance), abs=6e-9)
    assert found.objective * LN2 == pytest.approx(nats, abs=6e-9)
    by_cells = oracle.objective(oracle.FIVE, beta, found.encoder, dual)
    assert found.objective * LN2 == pytest.approx(by_cells, abs=1e-12)


def test_a_late_transition_is_found_from_above_and_refused_below():
    assert solve(oracle.LATE, 7.3).status == Status.TRIVIAL
    found = solve(oracle.LATE, 7.5)
    assert found.rate == pytest.approx(0.0149282879, abs=6e-11)
    assert found.lagrangian * LN2 == pytest.approx(-5.94367e-5, abs=6e-11)
    found = solve(oracle.LATE, 8.0)
    assert found.rate == pytest.approx(0.0923125945, abs=6e-10)
    assert found.lagrangian * LN2 == pytest.approx(-0.0025674690, abs=1e-10)


@pytest.mark.parametrize("dual", [False, True])
@pytest.mark.parametrize(("shape", "beta"), [((3, 2), 15.0), ((4, 2), 15.0), ((4, 3), 6.0)])
def test_no_random_restart_is_lower(shape, beta, dual):
    rng = np.random.default_rng([*shape, int(beta)])
    joint = rng.dirichlet(np.ones(shape[0] * shape[1])).reshape(shape)
    found = solve(joint, beta, dual=dual)
    assert found.objective * LN2 <= oracle.restarts(joint, beta, 10_000, dual) + 1e-10
    assert found.gap is not None and found.gap < 1e-10


@pytest.mark.parametrize("seed", range(200))
def test_plain_and_accelerated_descents_never_rise(seed):
    """Both objectives of every problem, and of some the deterministic end of the family."""
    joint = Joint.of_table(oracle.problem(seed))
    between = (bool(seed % 2), (0.5, 0.0)[seed // 2 % 2])
    for dual, alpha in ((False, 1.0), (True, 1.0), between):
        problem = posed(joint, 2.0 + seed % 17, alpha, dual)
        log_q = np.log(np.random.default_rng(seed).dirichlet(np.ones(5), len(problem.p)))
        for method in (plain, accelerated):
            seen = []
            method(
                problem, log_q, Stop(1e-10, 300), lambda at, kept=seen: kept.append(at.objective)
            )
            assert (np.diff(seen) <= 1e-12).all()


@given(seeds, st.floats(0.0, 50.0), st.booleans())
def test_rates_and_relevances_keep_their_bounds(seed, beta, dual):
    joint = Joint.of_table(oracle.problem(seed, 5, 4))
    found = solve(joint, beta, dual=dual)
    assert -1e-12 <= found.relevance <= min(found.rate, joint.information) + 1e-12
    assert found.rate <= -joint.px @ np.log2(joint.px) + 1e-12
    assert np.allclose(found.encoder.sum(1), 1) and np.allclose(found.decoder.sum(1), 1)


@given(seeds, st.floats(1.0, 30.0))
def test_order_of_states_and_copies_of_rows_change_nothing(seed, beta):
    joint = oracle.problem(seed, 5, 4)
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(len(joint)), rng.permutation(joint.shape[1])
    split = np.concatenate([0.25 * joint, 0.75 * joint])
    plain_one = solve(joint, beta)
    for other in (joint[rows][:, columns], split):
        assert solve(other, beta).objective == pytest.approx(plain_one.objective, abs=1e-10)


def test_a_function_of_x_has_the_corner_and_the_origin_and_says_so():
    joint = np.array([[0.3, 0.0], [0.1, 0.0], [0.0, 0.2], [0.0, 0.4]])
    h = oracle.binary_entropy(0.4)
    assert solve(joint, 0.9).rate == pytest.approx(0, abs=1e-12)
    found = solve(joint, 1.1)
    assert (found.rate, found.relevance) == pytest.approx((h, h), abs=1e-12)
    assert "does not index" in found.notes[0]


SKY = np.array([[60, 4, 1], [30, 6, 2], [22, 12, 6], [8, 14, 12], [1, 6, 26]]) / 210
PARTED = [*((oracle.problem(seed, 5, 3), 6.0) for seed in range(12)), (SKY, 3.0), (SKY, 5.0)]


@pytest.mark.parametrize(("joint", "beta"), PARTED)
def test_the_deterministic_bottleneck_is_the_best_partition(joint, beta):
    found = solve(joint, beta, alpha=0.0)
    assert set(np.unique(found.encoder)) <= {0.0, 1.0}

    def cost(labels):
        encoder = np.eye(len(joint))[list(labels)]
        p = joint.sum(1) @ encoder
        entropy = -(p[p > 0] * np.log2(p[p > 0])).sum()
        kept = encoder[:, p > 0]
        told = oracle.information(kept.T @ joint) / LN2
        return entropy - beta * told

    every = list(itertools.product(range(len(joint)), repeat=len(joint)))
    least = min(cost(one) for one in every)
    assert found.entropy - beta * found.relevance == pytest.approx(least, abs=1e-10)
    two = solve(joint, beta, alpha=0.0, clusters=2)
    least = min(cost(one) for one in every if len(set(one)) <= 2)
    assert two.entropy - beta * two.relevance == pytest.approx(least, abs=1e-10)
    near = solve(joint, beta, alpha=0.1, start=found.encoder)
    assert solve(joint, beta, alpha=0.1).objective <= near.objective + 1e-12


@pytest.mark.parametrize("dual", [False, True])
@pytest.mark.parametrize("beta", [4.0, 20.0])
def test_of_more_states_moving_one_at_a_time_finds_the_best_partition(beta, dual):
    for seed in (0, 3):
        rng = np.random.default_rng(seed)
        rows = rng.dirichlet(np.full(3, 0.7), 9) + 1e-3
        problem = posed(Joint.of_counts(rng.uniform(0.2, 1, 9)[:, None] * rows), beta, 0.0, dual)

        def cost(labels, of=problem):
            return evaluate(of, logs(np.eye(labels.max() + 1)[labels])).objective

        least = min(cost(one) for one in all_partitions(9, 3))
        assert cost(best_partition(problem, 3)) == pytest.approx(least, abs=1e-12)


def test_a_number_of_clusters_is_kept():
    free, two = solve(oracle.FIVE, 20.0), solve(oracle.FIVE, 20.0, clusters=2)
    assert free.clusters == 3 and two.clusters == 2 and two.objective > free.objective
    assert two.gap is None


def test_a_start_of_one_s_own_ends_in_its_local_minimum():
    found = solve(oracle.LATE, 8.0, start=np.ones((2, 1)))
    assert found.rate == 0 and found.gap is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"beta": -1.0}, "at least 0"),
        ({"beta": float("nan")}, "finite"),
        ({"beta": 2.0, "alpha": 2.0}, "deterministic"),
        ({"beta": 2.0, "alpha": 1e-310}, "deterministic"),
        ({"beta": 2.0, "clusters": 0}, "at least one"),
        ({"beta": 2.0, "start": np.ones((3, 1))}, "shape"),
        ({"beta": 2.0, "start": np.ones((5, 2))}, "sum to 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(said, told):
    with pytest.raises(InfoplaneError, match=told):
        solve(oracle.FIVE, **said)


@pytest.mark.parametrize("dual", [False, True])
def test_however_few_evaluations_there_are_a_saddle_is_no_error(dual):
    for budget in range(1, 61):
        begun = np.ones((5, 3)) / 3
        found = solve(oracle.FIVE, 20.0, dual=dual, start=begun, evaluations=budget)
        assert found.gap is None and found.iterations <= budget + 80
        assert found.objective <= solve(oracle.FIVE, 20.0, dual=dual, clusters=1).objective


def test_too_few_evaluations_are_said():
    assert solve(oracle.FIVE, 4.5, evaluations=5).status == Status.EXHAUSTED


def test_beta_0_keeps_nothing_whatever_the_support():
    assert solve([[0.5, 0.0], [0.0, 0.5]], 0.0).rate == 0
    assert isinstance(posed(Joint.of_table([[0.5, 0.0], [0.0, 0.5]]), 0.0), Problem)


@pytest.mark.parametrize("above", [1.0005, 1.001, 1.002, 1.004])
def test_a_second_cluster_that_gains_next_to_nothing_is_found(above):
    joint = Joint.of_table(oracle.SHALLOW, normalise=True)
    found = solve(joint, above * thresholds(joint).onset, evaluations=500)
    assert found.clusters == 2 and found.lagrangian < 0


@settings(max_examples=10)
@given(seeds, st.floats(1.0, 20.0))
def test_from_a_neighbour_s_encoder_nothing_lies_lower_than_the_gap_allows(seed, beta):
    joint = oracle.problem(seed, 5, 4)
    found = solve(joint, beta, evaluations=5_000)
    near = solve(joint, 1.02 * beta, evaluations=5_000)
    shaken = 0.999 * near.encoder + 0.001 / near.clusters
    other = solve(joint, beta, start=shaken, evaluations=5_000)
    assert found.gap is None or other.objective >= found.objective - found.gap - 1e-9


def test_a_gap_ends_the_search_once_it_is_certain():
    joint = oracle.problem(5, 6, 5)
    exact = solve(joint, 8.0)
    for gap in (1e-2, 1e-5):
        near = solve(joint, 8.0, gap=gap)
        assert near.status in (Status.CERTIFIED, Status.CONVERGED) and near.gap <= gap
        assert -1e-12 <= near.objective - exact.objective <= near.gap + 1e-12
    x, y = np.linspace(-3, 3, 60)[:, None], np.linspace(-3, 3, 20)
    normal = Joint.of_table(np.exp(-(x**2 - 1.6 * x * y + y**2) / 0.72), normalise=True)
    found = solve(normal, 9.5, gap=1e-2)
    assert found.status is Status.CERTIFIED and 0 < found.gap <= 1e-2


def test_the_gap_is_no_more_than_the_objective_which_is_at_least_0():
    table = np.vstack([oracle.FIVE * (1 - 5e-14), [[5e-14, 0.0]]])
    found = solve(Joint.of_table(table, normalise=True), 1000.0, evaluations=2_000)
    assert found.gap <= found.objective


@pytest.mark.parametrize("dual", [False, True])
def test_what_keeps_nothing_has_no_rate_below_0(dual):
    for seed in range(30):
        found = solve(oracle.problem(seed), 0.02, dual=dual)
        assert found.clusters == 1 and 0 <= found.rate <= 1e-15 and 0 <= found.relevance <= 1e-15


@pytest.mark.parametrize("alike", [0.02, 0.05, 0.1])
def test_nearly_empty_tables_have_thresholds_in_their_order(alike):
    """All warnings are errors here: no logarithm of 0, no difference of infinities."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        table = rng.dirichlet(np.full(24, alike)).reshape(4, 6)
        joint = Joint.of_table(table, normalise=True)
        found = thresholds(joint)
        assert 1 - 1e-9 <= found.onset <= found.local * (1 + 1e-12)
        assert solve(joint, 5.0, evaluations=500).gap is not None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tolerance": -1.0}, "tolerance=-1"),
        ({"tolerance": float("nan")}, "tolerance=nan"),
        ({"gap": float("inf")}, "gap=inf"),
        ({"evaluations": 0}, "evaluations=0"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_name(wrong, words):
    with pytest.raises(InfoplaneError, match=words):
        solve(oracle.FIVE, **{"beta": 2.0, **wrong})
