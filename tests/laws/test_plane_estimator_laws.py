"""What every estimator of a plane keeps to, ours or anybody's."""

import math
from dataclasses import dataclass

import pytest
import torch

from infoplane.numerics.bandwidth import Fixed, LeeJo, MedianDistance, Silverman, Tapia
from infoplane.numerics.binning import Distinct, FixedWidth, Quantile
from infoplane.observe.binned import BinnedStates
from infoplane.observe.estimator import MatrixRenyi
from infoplane.observe.from_samples import FromSamples
from infoplane.observe.of_maps import OfMaps
from infoplane.values.estimate import Estimate
from infoplane.values.methods import RENYI

BATCHES, N = 3, 24


@dataclass(frozen=True)
class Gaussian:
    """I(x; y) = −½ log₂(det C / (det A · det B)) of covariances, as if all were Gaussian."""

    ridge: float = 1e-3

    def __call__(self, x, y):
        joint = torch.cat([self._columns(x), self._columns(y)], 1)
        value = (self._bits(x) + self._bits(y) - self._bits(joint)).item()
        return Estimate(value, len(x), repr(self))

    def entropy(self, x):
        return Estimate(self._bits(x).item(), len(x), repr(self))

    def _columns(self, x):
        return x.double().reshape(len(x), -1)

    def _bits(self, x):
        columns = self._columns(x)
        covariance = torch.atleast_2d(columns.T.cov()) + self.ridge * torch.eye(columns.shape[1])
        constant = columns.shape[1] * math.log2(2 * math.pi * math.e)
        return (torch.logdet(covariance) / math.log(2) + constant) / 2


ESTIMATORS = (
    MatrixRenyi(1.01, Tapia()),
    MatrixRenyi(1.0, Silverman(), {"x": Tapia(standardise="whole")}),
    MatrixRenyi(2.0, LeeJo()),
    MatrixRenyi(math.inf, MedianDistance()),
    MatrixRenyi(0.5, Fixed(1.0)),
    OfMaps(MatrixRenyi(1.01, Tapia()), ("image",)),
    BinnedStates(FixedWidth(0.7)),
    BinnedStates(Quantile(3), {"x": Distinct()}, "miller-madow"),
    BinnedStates(FixedWidth(1.0), correction="shrinkage"),
    FromSamples(Gaussian()),
)
pytestmark = pytest.mark.parametrize("one", ESTIMATORS, ids=lambda one: repr(one)[:40])


def draws(*shape):
    return torch.randn(BATCHES, N, *shape, generator=torch.Generator().manual_seed(5))


def variables():
    """Numbers, images, labels and a float target without columns."""
    x = draws(3)
    labels = (x[..., 0] > 0).long()
    return {"x": x, "image": draws(1, 2, 2), "labels": labels, "target": x[..., 0] + x[..., 1]}


PAIRS = (("x", "labels"), ("x", "target"), ("image", "x"), ("x", "x"))


def seen(one, given):
    return one.seen({name: one.keep(name, samples) for name, samples in given.items()})


def informations(one, given):
    known = seen(one, given)
    return torch.stack(one.informations([(known[a], known[b]) for a, b in PAIRS])).double()


def test_one_number_per_batch_of_every_kind_of_variable(one):
    for name, variable in seen(one, variables()).items():
        assert variable.entropy.shape == variable.width.shape == (BATCHES,), name
        assert variable.entropy.isfinite().all(), name
    found = informations(one, variables())
    assert found.shape == (len(PAIRS), BATCHES) and found.isfinite().all()
    assert not found.requires_grad


def test_a_target_of_one_column_is_one_of_none(one):
    flat = variables()
    column = flat | {"target": flat["target"].unsqueeze(-1)}
    assert informations(one, column) == pytest.approx(informations(one, flat), abs=1e-9)


def test_batches_know_nothing_of_each_other(one):
    whole = informations(one, variables())
    for b in range(BATCHES):
        alone = {name: samples[b : b + 1] for name, samples in variables().items()}
        assert informations(one, alone)[:, 0] == pytest.approx(whole[:, b], abs=1e-9)


def test_samples_may_change_after_they_were_kept(one):
    given = variables()
    before = informations(one, given)
    kept = {name: one.keep(name, samples) for name, samples in given.items()}
    for samples in given.values():
        samples.zero_()
    known = one.seen(kept)
    after = torch.stack(one.informations([(known[a], known[b]) for a, b in PAIRS]))
    assert after == pytest.approx(before, abs=1e-12)


def test_the_order_of_samples_itself_gives_the_information_itself(one):
    known = seen(one, variables())
    pairs = [(known[a], known[b]) for a, b in PAIRS]
    order = torch.arange(N).expand(1, BATCHES, N)
    for value, same in zip(one.informations(pairs), one.shuffled(pairs, order), strict=True):
        assert same.shape == (1, BATCHES)
        assert same[0] == pytest.approx(value, abs=1e-9)


def test_a_shuffle_is_that_of_the_second_variable_in_its_own_batch(one):
    generator = torch.Generator().manual_seed(1)
    orders = torch.stack([torch.randperm(N, generator=generator) for _ in range(2 * BATCHES)])
    orders, given = orders.reshape(2, BATCHES, N), variables()
    known = seen(one, given)
    (found,) = one.shuffled([(known["x"], known["labels"])], orders)
    for order, values in zip(orders, found, strict=True):
        moved = given | {"labels": given["labels"].gather(1, order)}
        assert values == pytest.approx(informations(one, moved)[0], abs=1e-9)


def test_nothing_exceeds_the_ceiling(one):
    top = one.ceiling(N)
    assert top > 0 and not math.isnan(top)
    if isinstance(one, MatrixRenyi):
        assert top == math.log2(N)
    assert max(float(v.entropy.max()) for v in seen(one, variables()).values()) <= top + 1e-9


def test_it_says_what_it_is(one):
    method = one.method
    assert method.words and "0x" not in method.words + method.parameters
    assert all(isinstance(key, str) for key in method.sources)
    assert (method.family == RENYI) == isinstance(one, MatrixRenyi | OfMaps)
