"""What a series stores, makes anew and tells another: the measures beside transfer entropy.

All are sums of entropies or informations of windows, so any estimator that knows those gives them.
Windows of the parts of one sum are the same moments, so that identities between them are exact.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.estimator import (
    ConditionalEstimator,
    Estimator,
    JointEntropyEstimator,
)
from infoplane.measures.samples import Samples, as_samples
from infoplane.measures.transfer.history import History, window
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate

DEFAULT = PlugIn()
Terms = list[tuple[tuple[Tensor, ...], int]]
"""Groups of variables, and how often the joint entropy of each is counted."""
TRIALS = 5
"""Steps over which what is directed is summed, as in the published comparison of measures."""


def active_information_storage(
    series: Samples, *, k: int = 1, estimator: Estimator = DEFAULT
) -> Estimate:
    """I(x_{t−1}, …, x_{t−k}; x_t) in bits: what a series keeps of its past and uses now.

    Args:
        series: Samples in their order in time, (n,) of states or (n, d) of numbers.
        k: Steps of the past.
        estimator: Any estimator of information.

    Source: lizier2012local; bryant2025unifying.

    Raises:
        InfoplaneError: The series is too short, or of a kind that the estimator does not take.
    """
    past, present = _past_and_present(series, k)
    return _told("active information storage", f"k = {k}", estimator(past, present))


def entropy_rate(
    series: Samples, *, k: int = 1, estimator: Estimator | JointEntropyEstimator = DEFAULT
) -> Estimate:
    """H(x_t | x_{t−1}, …, x_{t−k}) in bits a step: what is new.

    With the same k it adds up with the active information storage to the entropy H(x_t) of the
    same moments.

    Args:
        series: Samples in their order in time.
        k: Steps of the past.
        estimator: An estimator of joint entropies.

    Source: lizier2012local.

    Raises:
        InfoplaneError: The series is too short, or the estimator knows no entropies.
    """
    past, present = _past_and_present(series, k)
    return _signed(
        "entropy rate", f"k = {k}", estimator, [((past, present), 1), ((past,), -1)], shared=False
    )


def predictive_information(
    series: Samples, *, k: int = 1, estimator: Estimator = DEFAULT
) -> Estimate:
    """I(x_{t−1}, …, x_{t−k}; x_t, …, x_{t+k−1}) in bits: past and future of the same length.

    For long pasts it is the excess entropy.

    Args:
        series: Samples in their order in time.
        k: Steps of the past and of the future.
        estimator: Any estimator of information.

    Source: bialek2001predictability.

    Raises:
        InfoplaneError: The series is too short, or of a kind that the estimator does not take.
    """
    x = _series(series=series)[0]
    _require_steps(k=k)
    _require_length(len(x), 2 * k)
    reach = 2 * k - 1
    past, future = window(x, reach, k, k), window(x, reach, 0, k)
    return _told("predictive information", f"k = {k}", estimator(past, future))


def time_lagged_mutual_information(
    *, source: Samples, target: Samples, lag: int = 1, estimator: Estimator = DEFAULT
) -> Estimate:
    """I(x_{t−lag}; y_t) in bits, with nothing taken off for the target's own past.

    Args:
        source: Samples in their order in time.
        target: As many.
        lag: Steps between them.
        estimator: Any estimator of information.

    Source: bryant2025unifying.

    Raises:
        InfoplaneError: The series are not paired or too short, or of a kind that the estimator
            does not take.
    """
    x, y = _series(source=source, target=target)
    history = History(lag=lag)
    _require_length(len(x), lag + 1)
    found = estimator(window(x, history.lag, lag, 1), window(y, history.lag, 0, 1))
    return _told("time-lagged mutual information", f"lag {lag}", found)


def stochastic_interaction(
    x: Samples, y: Samples, *, estimator: Estimator | JointEntropyEstimator = DEFAULT
) -> Estimate:
    """H(x'|x) + H(y'|y) − H(x', y'|x, y) in bits: what the parts together make less new.

    Args:
        x: Samples in their order in time.
        y: As many.
        estimator: An estimator of joint entropies.

    Source: bryant2025unifying.

    Raises:
        InfoplaneError: The series are not paired or too short, or the estimator knows no entropies.
    """
    a, b = _series(x=x, y=y)
    _require_length(len(a), 2)
    was_a, is_a, was_b, is_b = a[:-1], a[1:], b[:-1], b[1:]
    terms: Terms = [
        ((was_a, is_a), 1),
        ((was_a,), -1),
        ((was_b, is_b), 1),
        ((was_b,), -1),
        ((was_a, was_b, is_a, is_b), -1),
        ((was_a, was_b), 1),
    ]
    return _signed("stochastic interaction", "one step", estimator, terms, shared=True)


def directed_information(
    *,
    source: Samples,
    target: Samples,
    length: int = TRIALS,
    estimator: Estimator | ConditionalEstimator = DEFAULT,
) -> Estimate:
    """Σ_i I(x_1, …, x_i; y_i | y_1, …, y_{i−1}) in bits over windows of ``length`` steps.

    By the chain rule, all terms over the same windows, so that for states it is H(y_1 … y_n) −
    H(y_1 … y_n ‖ x_1 … x_n) and never negative. The present of the source counts.

    Args:
        source: Samples in their order in time.
        target: As many.
        length: Steps n of a window.
        estimator: An estimator of conditional information.

    Source: massey1990causality.

    Raises:
        InfoplaneError: The series are not paired or shorter than a window, or of a kind that the
            estimator does not take.
    """
    x, y = _steps(source, target, length)
    terms = [_term(x, y, i, estimator) for i in range(length)]
    return _sum("directed information", f"{length} steps", terms)


def causally_conditioned_entropy(
    *,
    source: Samples,
    target: Samples,
    length: int = TRIALS,
    estimator: Estimator | JointEntropyEstimator = DEFAULT,
) -> Estimate:
    """Σ_i H(y_i | y_1, …, y_{i−1}, x_1, …, x_i) in bits over windows of ``length`` steps.

    Args:
        source: Samples in their order in time.
        target: As many.
        length: Steps n of a window.
        estimator: An estimator of joint entropies.

    Source: massey1990causality; bryant2025unifying.

    Raises:
        InfoplaneError: The series are not paired or shorter than a window, or the estimator knows
            no entropies.
    """
    x, y = _steps(source, target, length)
    terms: Terms = []
    for i in range(length):
        known = (*x[: i + 1], *y[:i])
        terms += [((*known, y[i]), 1), (known, -1)]
    words = f"{length} steps"
    return _signed("causally conditioned entropy", words, estimator, terms, shared=False)


def _term(
    x: list[Tensor], y: list[Tensor], i: int, estimator: Estimator | ConditionalEstimator
) -> Estimate:
    """I(x_1, …, x_i; y_i | y_1, …, y_{i−1}); of the first step nothing is known before."""
    known = _row(x[: i + 1])
    if not (isinstance(estimator, ConditionalEstimator) and isinstance(estimator, Estimator)):
        raise InfoplaneError(
            f"{estimator!r} knows no conditional information, a sum of which it is."
        )
    if i:
        return estimator.conditional(known, y[i], _row(y[:i]))
    return estimator(known, y[i])


def _steps(source: Samples, target: Samples, length: int) -> tuple[list[Tensor], list[Tensor]]:
    """The steps of all windows of two series, one array a step."""
    x, y = _series(source=source, target=target)
    _require_steps(length=length)
    _require_length(len(x), length)
    windows = len(x) - length + 1
    each = [[one[i : i + windows] for i in range(length)] for one in (x, y)]
    return each[0], each[1]


def _row(steps: list[Tensor]) -> Tensor:
    """Several steps as one variable."""
    return (
        steps[0] if len(steps) == 1 else torch.cat([one.reshape(len(one), -1) for one in steps], 1)
    )


def _past_and_present(series: Samples, k: int) -> tuple[Tensor, Tensor]:
    x = _series(series=series)[0]
    _require_steps(k=k)
    _require_length(len(x), k + 1)
    return window(x, k, 1, k), window(x, k, 0, 1)


def _series(**named: Samples) -> list[Tensor]:
    """Checked series of one length."""
    checked = {name: as_samples(one, name) for name, one in named.items()}
    lengths = {name: len(one) for name, one in checked.items()}
    if len(set(lengths.values())) > 1:
        told = " and ".join(f"{name} has {n} samples" for name, n in lengths.items())
        raise InfoplaneError(f"{told}: one of each is needed at every moment.")
    return list(checked.values())


def _require_steps(**steps: int) -> None:
    for name, value in steps.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InfoplaneError(f"{name}={value!r}: it is a number of steps, at least 1.")


def _require_length(n: int, needed: int) -> None:
    """An estimator needs two windows at least."""
    if n < needed + 1:
        raise InfoplaneError(
            f"{n} samples hold {max(0, n - needed + 1)} window(s) of {needed} steps, and two are "
            "needed: give a longer series or ask about fewer steps."
        )


def _told(name: str, words: str, found: Estimate) -> Estimate:
    return Estimate(**{**vars(found), "method": f"{name}, {words}, {found.method}"})


def _signed(
    name: str,
    words: str,
    estimator: Estimator | JointEntropyEstimator,
    terms: Terms,
    *,
    shared: bool,
) -> Estimate:
    """A sum of joint entropies."""
    if not isinstance(estimator, JointEntropyEstimator):
        raise InfoplaneError(f"{estimator!r} knows no joint entropies, of which {name} is a sum.")
    found = [(sign, estimator.joint_entropy(*group)) for group, sign in terms]
    value = sum(sign * one.value for sign, one in found)
    return _with_notes(name, words, value, [one for _, one in found], shared)


def _sum(name: str, words: str, found: list[Estimate]) -> Estimate:
    return _with_notes(name, words, sum(one.value for one in found), found, shared=True)


def _with_notes(
    name: str, words: str, value: float, parts: Iterable[Estimate], shared: bool
) -> Estimate:
    first, *rest = parts
    notes = dict.fromkeys(note for one in (first, *rest) for note in one.notes)
    method = f"{name}, {words}, {first.method}"
    return Estimate(value, first.n, method, notes=tuple(notes), shared=shared)
