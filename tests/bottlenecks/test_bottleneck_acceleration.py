"""Near its threshold plain iteration takes for ever; acceleration does not, and finds no less."""

import numpy as np
import pytest

from infoplane.bottleneck.descent import Stop, plain
from infoplane.bottleneck.joint import Joint
from infoplane.bottleneck.maps import centred, evaluate, jacobian_product, logs
from infoplane.bottleneck.optimum import joined, newcomers
from infoplane.bottleneck.saddle import leading, settled
from infoplane.bottleneck.solver import posed
from infoplane.bottleneck.starts import trivial
from infoplane.bottleneck.tidy import emptied, tidied
from oracles import bottleneck as oracle


def _start(seed):
    return np.log(np.random.default_rng(seed).dirichlet(np.ones(5), 5))


@pytest.mark.parametrize(("dual", "critical"), [(False, 4.4432381230), (True, 3.3369906309)])
def test_near_its_threshold_acceleration_needs_a_hundredth_of_the_evaluations(dual, critical):
    problem = posed(Joint.of_table(oracle.FIVE), 1.01 * critical, dual=dual)
    found = [settled(problem, _start(seed), Stop(1e-10)) for seed in range(30)]
    fast = np.array([one.evaluations for one in found])
    begun = np.stack([np.exp(_start(seed)) for seed in range(30)])
    slow, reached = oracle.plain_counts(oracle.FIVE, problem.beta, begun, 1e-10, 150_000, dual)
    assert np.median(slow) >= 100 * np.median(fast) and (fast <= slow).all()
    lowest = min(one.at.objective for one in found)
    there = sum(one.converged and one.at.objective <= lowest + 1e-12 for one in found)
    assert there >= (reached <= lowest + 1e-12).sum() and lowest <= reached.min() + 1e-12


@pytest.mark.parametrize("dual", [False, True])
@pytest.mark.parametrize("alpha", [1.0, 0.6])
def test_the_jacobian_is_the_derivative_and_self_adjoint(dual, alpha):
    problem = posed(Joint.of_table(oracle.FIVE), 6.0, alpha, dual)
    at = evaluate(problem, _start(1))
    rng = np.random.default_rng(2)
    u, v = (centred(at, rng.normal(size=at.q.shape)) for _ in range(2))
    h = 1e-6

    def mapped(change):
        log_q = at.log_q + change
        return evaluate(problem, log_q - np.logaddexp.reduce(log_q, 1)[:, None]).log_next

    slope = (mapped(h * v) - mapped(-h * v)) / (2 * h)
    exact = jacobian_product(problem, at, v)
    assert np.allclose(centred(at, slope), exact, atol=1e-7)
    weights = problem.p[:, None] * at.q
    one = (weights * u * exact).sum()
    assert one == pytest.approx((weights * v * jacobian_product(problem, at, u)).sum(), abs=1e-12)


def test_where_plain_steps_are_all_alike_they_are_stretched():
    """Just above the dual's onset a new cluster's mass grows by 1e-5 a step."""
    problem = posed(Joint.of_table(oracle.FIVE), 3.32703, dual=True)
    new = newcomers(problem, evaluate(problem, trivial(problem))).m
    begun = joined(problem, evaluate(problem, trivial(problem)), new)
    slow, fast = plain(problem, begun, Stop(evaluations=3_000)), settled(problem, begun, Stop())
    assert not slow.converged and fast.converged and fast.evaluations < 300
    assert fast.at.objective < slow.at.objective - 1e-6


def test_a_saddle_is_known_by_its_eigenvalue_and_left():
    problem = posed(Joint.of_table(oracle.FIVE), 8.0)
    saddle = evaluate(problem, logs(np.full((5, 2), 0.5)))
    assert saddle.residual < 1e-14
    assert leading(problem, saddle).value > 1
    found = settled(problem, saddle.log_q + 1e-9 * np.arange(10).reshape(5, 2), Stop())
    assert found.at.objective < saddle.objective - 0.05


def test_the_leading_eigenvalue_is_the_factor_of_plain_iteration():
    problem = posed(Joint.of_table(oracle.FIVE), 10.0)
    at = settled(problem, _start(0), Stop()).at
    values = []
    plain(
        problem,
        at.log_q + 1e-3 * np.arange(at.q.size).reshape(at.q.shape),
        Stop(1e-9),
        lambda point: values.append(point.residual),
    )
    assert values[-1] / values[-2] == pytest.approx(leading(problem, at).value, abs=1e-4)


def test_clusters_that_coincide_are_merged_beside_one_that_is_needed():
    p = np.array([0.4, 0.3, 0.3 - 3e-7, 3e-7])
    w = np.array([[0.9, 0.1], [0.88, 0.12], [0.2, 0.8], [0.5, 0.5]])
    problem = posed(Joint.of_table(p[:, None] * w), 60.0)
    encoder = np.array([[0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    found, used = tidied(problem, evaluate(problem, logs(encoder)))
    assert len(found.r) == 3 and used == 1
    kept, _ = emptied(problem, found)
    assert kept is found  # no other cluster takes the last state at so little cost
