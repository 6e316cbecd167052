"""What every estimator of the catalogue keeps to, as far as it promises it.

A promise that an estimator does not make has its recorded counterexample: where none can be found
any more, the promise should be made.
"""

import inspect
import math
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from infoplane.measures.catalogue import ESTIMATORS, TRAINED
from infoplane.measures.estimator import Estimator, Told
from infoplane.measures.noise.channel import NoisyChannel
from infoplane.measures.noise.kde import PairwiseKDE
from infoplane.measures.sliced import Sliced
from infoplane.measures.variational.critic import Critic
from infoplane.report.references import bibliography
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.pairs import PAIRS

RHO, N, QUARTILES = 0.6, 1000, torch.tensor([-0.6745, 0.0, 0.6745], dtype=torch.float64)
TRUTH = -0.5 * math.log2(1 - RHO**2)
QUICK = {name: one for name, one in ESTIMATORS.items() if name not in TRAINED}
MAPS = {
    "squashed": lambda y: torch.tanh(5 * y),
    "bent": lambda y: y + torch.sin(4 * y),
    "cubed": lambda y: y**3,
    "doubled": lambda y: 2 * y,
    "rounded": lambda y: y.round(decimals=1),
    "halved": lambda y: (y > 0).double(),
    "spread out": lambda y: torch.cat([y, y**2, y**3], 1),
    "repeated": lambda y: y.repeat(1, 5),
    "ranked": lambda y: y.argsort(0).argsort(0).double() / len(y),
}
"""No map can add information to y: an estimator that shows more has been deceived."""

every = pytest.mark.parametrize("name", ESTIMATORS)
each_quick = pytest.mark.parametrize("name", QUICK)


def normal(rho=RHO, n=N, seed=0, columns=1):
    """Pairs of correlated normals, shape (n, columns) each."""
    generator = torch.Generator().manual_seed(seed)
    x, noise = torch.randn(2, n, columns, generator=generator, dtype=torch.float64)
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def cut(x):
    """The quartile that each sample lies in, as labels."""
    return torch.bucketize(x[:, 0].contiguous(), QUARTILES)


def pairs(kind, rho=RHO, n=N, seed=0, columns=1):
    """Two variables of a kind; those of labels are the numbers cut at the quartiles."""
    x, y = normal(rho, n, seed, columns)
    return {"numbers": (x, y), "mixed": (cut(x), y), "labels": (cut(x), cut(y))}[kind]


@cache
def _measured(name, kind, rho, seed):
    return ESTIMATORS[name](*pairs(kind, rho, seed=seed))


def measured(name, kind, rho=RHO, seed=0):
    """An estimate that several laws look at; some estimators train for seconds."""
    return _measured(name, kind, rho, seed)


def quick(name):
    """The same estimator with less work, for laws that hold however much is done."""
    one = ESTIMATORS[name]
    if isinstance(one, Sliced):
        return replace(one, projections=10)
    return replace(one, critic=Critic(steps=60)) if name in TRAINED else one


def kinds(name):
    """The pairs to try: of an estimator that trains for seconds those of numbers alone."""
    return ESTIMATORS[name].properties.takes[: 1 if name in TRAINED else None]


def truth_of(one, kind, rho=RHO):
    """What an estimator estimates, in bits, None where it is neither of two known quantities."""
    if one.properties.error is not None:
        return true_information(kind, rho)
    if kind == "numbers" and isinstance(one, PairwiseKDE | NoisyChannel):
        variance = one.variance if isinstance(one, PairwiseKDE) else one.deviation**2
        return 0.5 * math.log2(1 + 1 / variance)  # of y and the y that noise was added to
    return None


@cache
def true_information(kind, rho=RHO):
    """In bits; of the cut normals by counting a grid of a million points."""
    if kind == "numbers":
        return -0.5 * math.log2(1 - rho**2)
    quantiles = (np.arange(1000) + 0.5) / 1000
    grid = torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(quantiles)).double()
    cells = torch.bucketize(grid, QUARTILES)
    if kind == "labels":
        y = rho * grid[:, None] + math.sqrt(1 - rho**2) * grid
        table = torch.zeros(4, 4, dtype=torch.float64)
        rows = cells[:, None].expand_as(y)
        table.index_put_(
            (rows, torch.bucketize(y, QUARTILES)), torch.tensor(1e-6, dtype=torch.float64), True
        )
        outer = table.sum(1, keepdim=True) * table.sum(0)
        return float(torch.special.xlogy(table, table / outer).sum() / math.log(2))
    edges = torch.cat([torch.tensor([-math.inf]), QUARTILES, torch.tensor([math.inf])])
    spread = torch.distributions.Normal(0.0, 1.0)
    share = spread.cdf((edges - rho * grid[:, None]) / math.sqrt(1 - rho**2)).diff(dim=1)
    return 2 + float(torch.special.xlogy(share, share).sum(1).mean() / math.log(2))


def test_the_catalogue_is_of_estimators_that_tell_what_they_are():
    assert len(ESTIMATORS) >= 20 and set(TRAINED) <= set(ESTIMATORS)
    assert len({repr(one) for one in ESTIMATORS.values()}) == len(ESTIMATORS)


@every
def test_it_says_what_it_is(name):
    one = ESTIMATORS[name]
    assert isinstance(one, Estimator) and isinstance(one, Told)
    assert one.words and "0x" not in one.words + repr(one)
    assert set(one.sources) <= set(bibliography()), "a source is not in references.bib"
    assert one == type(one)(
        **{key: getattr(one, key) for key in inspect.signature(one.__class__).parameters}
    )
    assert one.properties.takes and set(one.properties.takes) <= set(PAIRS)


@every
def test_an_estimate_is_complete(name):
    for kind in kinds(name):
        found = measured(name, kind)
        assert isinstance(found, Estimate)
        assert found.unit == "bit" and found.shared and math.isfinite(found.value)
        assert 0 < found.n <= N and found.method == repr(ESTIMATORS[name])
        assert (found.stderr is None) == (found.stderr_source is None)
        assert found.stderr is None or found.stderr >= 0
        assert found.value <= found.ceiling + 1e-9
        assert found.bound in (None, ESTIMATORS[name].properties.bound)
        assert all(note == note.strip() and note.endswith(".") for note in found.notes)
        if found.interval is not None:
            assert ESTIMATORS[name].properties.interval
            assert found.interval[0] <= found.value <= found.interval[1]


@every
def test_a_claimed_interval_and_a_claimed_bound_are_given_for_some_pair(name):
    promised, found = ESTIMATORS[name].properties, [measured(name, kind) for kind in kinds(name)]
    assert promised.interval == any(one.interval is not None for one in found)
    assert promised.bound is None or any(one.bound == promised.bound for one in found)


@each_quick
def test_symmetry_where_promised_and_a_counterexample_elsewhere(name):
    one, differences = quick(name), []
    for kind in kinds(name):
        x, y = pairs(kind, n=300, columns=2)
        differences.append(abs(one(x, y).value - one(y, x).value))
    if one.properties.symmetric:
        assert max(differences) < 1e-9
    else:
        x, y = normal(n=300, columns=2)
        assert max(*differences, abs(one(x, 3 * y).value - one(3 * y, x).value)) > 1e-6


@each_quick
def test_the_order_of_pairs_does_not_matter(name):
    one, order = quick(name), torch.randperm(300, generator=torch.Generator().manual_seed(1))
    for kind in kinds(name):
        x, y = pairs(kind, n=300)
        before, after = one(x, y), one(x[order], y[order])
        drawn = 6 * (before.stderr or 0) if hasattr(one, "seed") else 1e-9
        assert after.value == pytest.approx(before.value, abs=max(drawn, 1e-9))


@every
@pytest.mark.parametrize("rho", [0.0, RHO])
def test_truth_within_the_stated_error(name, rho):
    error = ESTIMATORS[name].properties.error
    if error is None:
        pytest.skip("it estimates something else than Shannon's information")
    assert 0 < error < TRUTH, "an error as large as the truth is no promise"
    for kind in kinds(name):
        seeds = range(1) if name in TRAINED else range(5)
        for seed in seeds:
            found = measured(name, kind, rho=rho, seed=seed).value
            assert found == pytest.approx(true_information(kind, rho), abs=error), kind


@every
def test_a_bound_lies_on_its_side(name):
    bound = ESTIMATORS[name].properties.bound
    if bound is None:
        pytest.skip("it promises no bound")
    for kind in kinds(name):
        for rho in (0.0, RHO):
            found = measured(name, kind, rho=rho)
            truth = truth_of(ESTIMATORS[name], kind, rho)
            if found.bound is None or truth is None:
                continue
            slack = 5 * (found.stderr or 0)
            if bound == "lower":
                assert found.value <= truth + slack
            else:
                assert found.value >= truth - slack


@each_quick
def test_never_negative_where_promised_and_a_counterexample_elsewhere(name):
    one = quick(name)
    values = [
        one(*pairs(kind, rho=0.0, n=n, seed=seed)).value
        for kind in kinds(name)
        for n in (40, 200)
        for seed in range(8)
    ]
    if one.properties.nonnegative:
        assert min(values) >= -1e-9
    elif name not in NEVER_SEEN_NEGATIVE:
        assert min(values) < 0


NEVER_SEEN_NEGATIVE = {
    "renyi-tapia": "negative values need small samples and orders far from 1",
    "renyi-silverman": "the same",
    "renyi-median": "the same",
    "kde-lower": "a difference of two bounds may be negative only where classes hold few samples",
    "kde-upper": "the same",
    "noisy": "only its Monte-Carlo error is below zero, and only where nothing is shared",
}
"""What may be negative by theory, with why these samples do not show it."""


@each_quick
def test_processing_adds_nothing_where_promised_and_a_counterexample_elsewhere(name):
    one = ESTIMATORS[name]
    if one.properties.processing:
        generator = torch.Generator().manual_seed(2)
        x, y = pairs("labels", n=300)
        for _ in range(20):
            merged = torch.randint(0, 3, (4,), generator=generator)
            assert one(x, merged[y]).value <= one(x, y).value + 1e-9
        return
    assert _deceived(one), "no map deceives it: it should promise the data processing inequality"


def _deceived(one):
    """Whether some map of y raises the value, or merging classes does."""
    for seed in range(3):
        if "numbers" in one.properties.takes:
            x, y = normal(n=300, seed=seed)
            before = one(x, y).value
            if any(one(x, told(y)).value > before + 1e-6 for told in MAPS.values()):
                return True
        elif "labels" in one.properties.takes:
            x, y = pairs("labels", rho=0.0, n=60, seed=seed)
            before = one(x, y).value
            if any(one(x, (y == k).long()).value > before + 1e-9 for k in range(4)):
                return True
    return False


@each_quick
def test_scale_where_promised_and_a_counterexample_elsewhere(name):
    one = quick(name)
    if "numbers" not in one.properties.takes:
        pytest.skip("it takes no numbers")
    x, y = normal(n=300)
    before = one(x, y).value
    moved = max(abs(one(c * x, c * y).value - before) for c in (2.0, 0.3, 64.0))
    assert moved < 1e-6 if one.properties.scale_invariant else moved > 1e-3


@every
def test_pairs_that_it_does_not_take_are_refused_with_a_remedy(name):
    for kind in set(PAIRS) - set(ESTIMATORS[name].properties.takes):
        with pytest.raises(InfoplaneError) as refused:
            ESTIMATORS[name](*pairs(kind, n=50))
        own = type(ESTIMATORS[name])
        others = {type(one) for one in ESTIMATORS.values() if kind in one.properties.takes}
        assert any(other.__name__ in str(refused.value) for other in others - {own})


@every
def test_numpy_and_torch_and_single_precision_give_the_same(name):
    one = quick(name)
    for kind in kinds(name):
        x, y = pairs(kind, n=200)
        value = one(x, y).value
        assert one(x.numpy(), y.numpy()).value == value
        x, y = (v.float() if v.is_floating_point() else v.int() for v in (x, y))
        slack = 0.05 if name in TRAINED or "ksg" in name else 1e-3
        assert one(x, y).value == pytest.approx(value, abs=slack)


@each_quick
def test_samples_and_random_streams_are_left_alone(name):
    for kind in kinds(name):
        x, y = pairs(kind, n=100)
        kept, state = (x.clone(), y.clone()), torch.get_rng_state()
        quick(name)(x, y)
        assert torch.equal(x, kept[0]) and torch.equal(y, kept[1])
        assert torch.equal(torch.get_rng_state(), state)


@every
def test_bad_samples_are_refused(name):
    one = ESTIMATORS[name]
    x, y = pairs(kinds(name)[0], n=60)
    broken = torch.full((60, 1), math.nan, dtype=torch.float64)
    for wrong in ((x, y[:-1]), (x, broken), (x[:1], y[:1]), (x, np.array(["a"] * 60))):
        with pytest.raises(InfoplaneError):
            one(*wrong)


@each_quick
@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_few_samples_give_a_number_or_a_clear_error(name, n):
    for kind in kinds(name):
        try:
            found = quick(name)(*pairs(kind, n=n, columns=2))
        except InfoplaneError as refused:
            assert re.search(rf"\b{n}\b", str(refused))  # it names the number of samples
        else:
            assert not math.isinf(found.value)
            assert math.isfinite(found.value) or found.notes


@each_quick
def test_a_constant_has_no_information(name):
    one = quick(name)
    for kind in kinds(name):
        x, y = pairs(kind, n=200)
        for pair in ((x, torch.zeros_like(y)), (torch.zeros_like(x), y)):
            try:
                found = one(*pair)
            except InfoplaneError as refused:
                assert "constant" in str(refused) or "same" in str(refused)
            else:
                slack = 0.05 + 5 * (found.stderr or 0)
                said = any(re.search("constant|same in all|t alone|only t", n) for n in found.notes)
                assert found.value == pytest.approx(0, abs=slack) or said
