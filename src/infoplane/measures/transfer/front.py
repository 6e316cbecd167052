"""Transfer entropy of one source and one target, under any estimator of conditional information."""

from dataclasses import dataclass, replace
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.estimator import ConditionalEstimator, Estimator
from infoplane.measures.evidence.null import permutation_p
from infoplane.measures.samples import Samples, are_labels, as_numbers, as_samples
from infoplane.measures.transfer.counted import TINY, counted_transfer
from infoplane.measures.transfer.history import History, window
from infoplane.measures.transfer.surrogates import (
    NO_EQUAL_PASTS,
    PERMUTED,
    Surrogates,
    among_equals,
)
from infoplane.measures.transfer.warnings import warnings_of
from infoplane.numerics.counts import States, contingency, states
from infoplane.quantities.tables import CONDITIONAL
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.units import LN2, PURE

DEFAULT = PlugIn()


@final
@dataclass(frozen=True)
class Windows:
    """A source, a target and what else is known, at all moments that have their past.

    Attributes:
        source: Windows of the source, (m,) or (m, e).
        future: The target itself.
        past: The target's own past, with what else is known.
    """

    source: Tensor
    future: Tensor
    past: Tensor


def transfer_entropy(
    *,
    source: Samples,
    target: Samples,
    given: Samples | None = None,
    k: int = 1,
    l: int = 1,
    lag: int = 1,
    given_length: int = 1,
    estimator: Estimator | ConditionalEstimator = DEFAULT,
    permutations: int = 0,
    surrogates: Surrogates = PERMUTED,
    seed: int = 0,
    check: bool = True,
) -> Estimate:
    """What the source's past tells of the target beyond the target's own past, in bits.

    TE = I(x_{t−lag}, …, x_{t−lag−l+1}; y_t | y_{t−1}, …, y_{t−k}), and given another series where
    there is one. The time axis is the first axis of the arrays, whatever that is: over shuffled
    samples of a data set it means nothing, and a note says so where it shows.

    Args:
        source: Samples in their order in time, (n,) of states or (n, d) of numbers.
        target: As many, of the same kind.
        given: A third series that is known as well, such as a common driver.
        k: Steps of the target's own past.
        l: Steps of the source.
        lag: Steps from the last of these to the target; 0 is dependence at one moment.
        given_length: Steps of ``given``, the last of them ``lag`` before the target.
        estimator: Any estimator of conditional information: ``PlugIn`` for states, ``Gaussian``
            (half of Granger causality), ``KSG`` (Frenzel and Pompe) or ``MixedKSG`` for numbers,
            ``Renyi``.
        permutations: Surrogates for a null and a p-value; 0 for none.
        surrogates: How the source's windows are moved; ``GivenPast`` for states alone.
        seed: Of the surrogates.
        check: Look at the series for what makes the number mean less than it seems, and say it in
            ``notes``: no memory, common drift, functions. False says what the estimator says.

    Source: schreiber2000measuring; frenzel2007partial; barnett2009granger.

    Raises:
        InfoplaneError: The series are not paired, not finite, too short, or of a kind that the
            estimator does not take: states are integers, and numbers are never rounded to them.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).integers(0, 2, 20_000)
    >>> e = transfer_entropy(source=x, target=np.roll(x, 1))
    >>> round(e.value, 3), e.unit
    (1.0, 'bit')
    """
    if not isinstance(estimator, ConditionalEstimator):
        raise InfoplaneError(
            f"{estimator!r} knows no conditional information, and none no transfer."
        )
    if permutations < 0:
        raise InfoplaneError(f"permutations={permutations}: 0 is for no null, 39 are usual.")
    history = History(k, l, lag, given_length)
    x, y, z = _series(source, target, given)
    found = _measured(x, y, z, history, estimator)
    method = f"transfer entropy, {history.words}, {found.method}"
    doubts = warnings_of(x, y, history, estimator, found.value) if check else ()
    notes = (*found.notes, *doubts)
    found = replace(found, method=method, notes=tuple(dict.fromkeys(notes)))
    if not permutations:
        return found
    values = _shuffled(x, y, z, history, estimator, surrogates, permutations, seed)
    p_value = float(permutation_p(torch.tensor(found.value, dtype=torch.float64), values))
    return replace(
        found,
        null=float(values.mean()),
        p_value=p_value,
        method=f"{method}; {permutations} surrogates, {surrogates.words}",
    )


def transfer_information_energy(
    *,
    source: Samples,
    target: Samples,
    given: Samples | None = None,
    k: int = 1,
    l: int = 1,
    lag: int = 1,
    given_length: int = 1,
) -> Estimate:
    """Σ p(y, past, x) [p(y | past, x) − p(y | past)]: transfer in Onicescu's energy, a pure number.

    The mean gain in the probability of what comes, without logarithms.

    Args:
        source: States in their order in time, integers.
        target: As many.
        given: A third series that is known as well.
        k: Steps of the target's own past.
        l: Steps of the source.
        lag: Steps from the last of these to the target.
        given_length: Steps of ``given``.

    Source: cataron2018transfer.

    Raises:
        InfoplaneError: The series are not paired, no states, or too short.
    """
    history = History(k, l, lag, given_length)
    x, y, z = _series(source, target, given)
    for name, one in (("source", x), ("target", y), ("given", z)):
        if one is not None and one.is_floating_point():
            raise InfoplaneError(
                f"{name} holds floats, which have no states to be counted: cut them first, such "
                "as ip.Above(0.0)(x), or ask for transfer_entropy of numbers."
            )
    found = windows(x, y, z, history)
    table = contingency(*_states(found))
    of = {axes: table.marginal(axes).at_cells() for axes in CONDITIONAL}
    with_source, without = of[(0, 1, 2)] / of[(0, 2)], of[(1, 2)] / of[(2,)]
    value = float((table.counts * (with_source - without)).sum() / table.n)
    method = f"transfer information energy, {history.words}"
    return Estimate(value, table.n, method, unit=PURE, shared=True)


def granger_causality(
    *,
    source: Samples,
    target: Samples,
    given: Samples | None = None,
    k: int = 1,
    l: int = 1,
    lag: int = 1,
    given_length: int = 1,
) -> Estimate:
    """log2 of how much the source's past shrinks the target's prediction error, in bits.

    log2(det Σ without / det Σ with) of two linear regressions. In nats it is the usual F, and it
    is twice the Gaussian transfer entropy without bias correction.

    Args:
        source: Numbers in their order in time, (n,) or (n, d).
        target: As many.
        given: A third series that both regressions know.
        k: Steps of the target's own past.
        l: Steps of the source.
        lag: Steps from the last of these to the target.
        given_length: Steps of ``given``.

    Source: geweke1982measurement; barnett2009granger.

    Raises:
        InfoplaneError: The series are not paired, no numbers, or too short.
    """
    history = History(k, l, lag, given_length)
    x, y, z = _series(source, target, given)
    known = None if z is None else _numbers(z, "given")
    found = windows(_numbers(x, "source"), _numbers(y, "target"), known, history)
    past, both = found.past, torch.cat([found.past, found.source], 1)
    n = len(past)
    if n <= both.shape[1] + 1:
        raise InfoplaneError(
            f"A regression on {both.shape[1]} columns needs more than {both.shape[1] + 1} "
            f"moments, got {n}: give a longer series or ask about a shorter past."
        )
    without, with_source = (_residual_entropy(found.future, of) for of in (past, both))
    method = f"Granger causality, {history.words}, log2 of the ratio of residual variances"
    return Estimate(2 * (without - with_source), n, method, shared=True)


def windows(x: Tensor, y: Tensor, z: Tensor | None, history: History) -> Windows:
    """All moments of the series that have their past.

    Raises:
        InfoplaneError: There are none.
    """
    history.observations(len(y), z is not None)
    reach = history.reach(z is not None)
    source = window(x, reach, history.lag, history.l)
    past = window(y, reach, 1, history.k)
    if z is not None:
        known = window(z, reach, history.lag, history.given)
        past = torch.cat([one.reshape(len(one), -1) for one in (past, known)], 1)
    return Windows(source, window(y, reach, 0, 1), past)


def _states(found: Windows) -> tuple[States, States, States]:
    """The windows as one state a moment."""
    return states(found.source), states(found.future), states(found.past)


def _series(
    source: Samples, target: Samples, given: Samples | None
) -> tuple[Tensor, Tensor, Tensor | None]:
    named = {"source": source, "target": target, **({} if given is None else {"given": given})}
    checked = {name: as_samples(one, name) for name, one in named.items()}
    for name, one in checked.items():
        if len(one) != len(checked["source"]):
            raise InfoplaneError(
                f"source has {len(checked['source'])} samples and {name} has {len(one)}: transfer "
                "needs one of each at every moment."
            )
    return checked["source"], checked["target"], checked.get("given")


def _measured(
    x: Tensor, y: Tensor, z: Tensor | None, history: History, estimator: ConditionalEstimator
) -> Estimate:
    """The value of one pair; two states a moment are counted 64 moments at once."""
    if isinstance(estimator, PlugIn):
        if z is None and are_labels(x) and are_labels(y) and history.k + history.l <= TINY:
            table = counted_transfer(x, y, history)
            if table is not None:
                return estimator.conditional_of_table(table)
        found = windows(x, y, z, history)
        _require_states(x, y, z)
        return estimator.conditional_of_states(*_states(found))
    found = windows(x, y, z, history)
    return estimator.conditional(found.source, found.future, found.past)


def _require_states(*series: Tensor | None) -> None:
    for name, one in zip(("source", "target", "given"), series, strict=True):
        if one is not None and one.is_floating_point():
            raise InfoplaneError(
                f"{name} holds floats, which have no states to be counted: cut them first, such "
                "as ip.Above(0.0)(x), or take an estimator of numbers such as KSG() or Gaussian(). "
                "Integers that are stored as floats: convert them, x.astype(int) or x.long()."
            )


def _shuffled(
    x: Tensor,
    y: Tensor,
    z: Tensor | None,
    history: History,
    estimator: ConditionalEstimator,
    surrogates: Surrogates,
    count: int,
    seed: int,
) -> Float[Tensor, " s"]:
    """The value with the source's windows in other orders."""
    found = windows(x, y, z, history)
    orders = surrogates.orders(len(found.future), count, seed)
    if isinstance(estimator, PlugIn):
        a, b, c = _states(found)
        moved = (among_equals(c.ids, o) if surrogates.given_past else o for o in orders)
        estimates = [estimator.conditional_of_states(a.reordered(o), b, c) for o in moved]
    elif surrogates.given_past:
        raise InfoplaneError(NO_EQUAL_PASTS)
    else:
        estimates = [
            estimator.conditional(found.source[o], found.future, found.past) for o in orders
        ]
    return torch.tensor([one.value for one in estimates], dtype=torch.float64)


def _numbers(x: Tensor, name: str) -> Float[Tensor, "n d"]:
    """Columns of numbers."""
    return as_numbers(x, name, "Take transfer_entropy of states.").reshape(len(x), -1)


def _residual_entropy(y: Float[Tensor, "m e"], known: Float[Tensor, "m d"]) -> float:
    """½ log2 det of the covariance that a linear regression leaves, in bits."""
    columns = torch.cat([known, known.new_ones(len(known), 1)], 1)
    left = y - columns @ torch.linalg.lstsq(columns, y, driver="gelsd").solution
    covariance = left.mT @ left / len(left)
    return 0.5 * float(torch.linalg.slogdet(covariance).logabsdet) / LN2
