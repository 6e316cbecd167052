"""An estimator of somebody else in a plane: what it may answer, how it is told, how it fails."""

import functools
import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from infoplane.measures.counting.binned import Binned
from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import Tapia
from infoplane.numerics.binning import Distinct, FixedWidth
from infoplane.observe.binned import BinnedStates
from infoplane.observe.estimator import MatrixRenyi
from infoplane.observe.from_samples import FromSamples, seen_by
from infoplane.observe.plane import Plane
from infoplane.observe.probe import Probe
from infoplane.record.snapshot import Snapshot
from infoplane.values.ceilings import ceiling
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate

X = torch.rand(2, 8, 3, generator=torch.Generator().manual_seed(0))
Y = torch.arange(16).reshape(2, 8) % 2


def measured(*, step=0, permutations=0, **estimators):
    known = {name: seen_by(one, "input") for name, one in estimators.items()}
    plane = Plane(
        Probe(X, Y), ("0",), "target", known, null_steps={step}, permutations=permutations
    )
    torch.manual_seed(0)
    return plane(Snapshot(step, 0.0, nn.Sequential(nn.Linear(3, 2)), None)).values


def half(x, y):
    return Estimate(0.5, len(x), "half")


@dataclass(frozen=True)
class Neighbours:
    k: int = 3

    def __call__(self, x, y):
        return half(x, y)


class Told(Neighbours):
    words = "k nearest neighbours <b>"
    sources = ("somebody2020",)


class Silent:
    def __call__(self, x, y):
        return half(x, y)


def test_it_stands_beside_ours_with_its_own_ceiling():
    values = measured(ours=MatrixRenyi(1.01, Tapia()), mine=half)
    assert (values["I_XT"].sel(estimator="mine") == 0.5).all()
    tops = ceiling(values["I_XT"])
    assert tops.sel(estimator="ours") == 3.0 and tops.sel(estimator="mine") == math.inf
    assert values["S_T"].sel(estimator="mine").isnull().all()


@pytest.mark.parametrize(
    "answer, said",
    [
        (0.5, "a float, whose unit nobody knows"),
        (np.float64(0.5), "a float64, whose unit"),
        (torch.tensor(0.5), "a Tensor, whose unit"),
        (None, "a NoneType"),
        (Estimate(0.5, 8, "any", unit="nat"), "in 'nat'.*nats divided by ln 2"),
        (Estimate(0.5, 8, "any", unit="1"), "in '1'"),
    ],
)
def test_only_an_estimate_in_bits_is_an_answer(answer, said):
    with pytest.raises(InfoplaneError, match=rf"'mine' at step 7: I\(input; 0\) .*{said}"):
        measured(step=7, mine=lambda x, y: answer)


def test_a_value_that_is_no_number_is_a_value_and_has_no_p_value():
    values = measured(permutations=3, mine=lambda x, y: Estimate(math.nan, len(x), "any"))
    assert values["I_XT"].isnull().all() and values["I_XT_p"].isnull().all()
    assert (measured(permutations=3, mine=half)["I_XT_p"] == 1).all()


def test_one_that_fails_is_named_with_pair_and_step():
    def broken(x, y):
        raise ZeroDivisionError("oops")

    said = r"'mine' at step 9: I\(input; 0\) could not be estimated: ZeroDivisionError: oops"
    with pytest.raises(InfoplaneError, match=said) as found:
        measured(step=9, ours=MatrixRenyi(1.01, Tapia()), mine=broken)
    causes = [found.value, found.value.__cause__, found.value.__cause__.__cause__]
    assert isinstance(causes[-1], ZeroDivisionError)


def test_an_entropy_that_fails_is_named_too():
    class Broken(Silent):
        def entropy(self, x):
            return 1.0

    with pytest.raises(InfoplaneError, match=r"'mine' at step 0: S\(input\) .*a float"):
        measured(mine=Broken())


def test_a_stop_by_the_user_is_no_failure():
    def stopped(x, y):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured(mine=stopped)


@pytest.mark.parametrize(
    "estimator, words",
    [
        (half, "half"),
        (Neighbours(5), "Neighbours(k=5)"),
        (Silent(), "Silent"),
        (functools.partial(half), "functools.partial(<function half>)"),
        (Neighbours(5).__call__, "Neighbours.__call__"),
    ],
)
def test_its_words_have_no_address(estimator, words):
    one = FromSamples(estimator)
    assert one.words == words and one.sources == ()
    assert "0x" not in repr(one) and words in one.method.parameters


def test_it_may_say_itself_what_it_is():
    method = FromSamples(Told(4)).method
    assert method.words == "k nearest neighbours <b>" and method.sources == ("somebody2020",)
    assert method.parameters == "FromSamples(Told(k=4))" and method.family == ""


def test_a_renyi_estimator_is_measured_by_its_gram_matrices():
    one = seen_by(Renyi(1.5, Tapia(), Tapia(2.0)), "input")
    assert one == MatrixRenyi(1.5, Tapia(), {"input": Tapia(2.0)})


def test_bins_of_x_are_the_inputs_alone_in_either_place_of_a_pair():
    rule, correction = FixedWidth(0.2), "miller-madow"
    one = seen_by(Binned(rule, Distinct(), correction), "input")
    assert one == BinnedStates(rule, {"input": Distinct()}, correction)
    assert one.words.startswith(f"binned: {rule.formula}; for input {Distinct().formula}; plug-in")
    values = measured(mine=Binned(rule, Distinct()), permutations=3)
    torch.manual_seed(0)
    layer = nn.Linear(3, 2)(X).detach()
    expected = {
        "I_XT": [Binned(rule, Distinct())(x, t).value for x, t in zip(X, layer, strict=True)],
        "I_TY": [Binned(rule)(t, y).value for t, y in zip(layer, Y, strict=True)],
        "S_T": [Binned(rule).entropy(t).value for t in layer],
    }
    for name, of_batches in expected.items():
        assert values[name].squeeze().values == pytest.approx(of_batches, abs=1e-12), name
    for name in ("I_XT", "I_XT_null"):  # all inputs are distinct, so a layer tells all that it has
        assert values[name].values == pytest.approx(values["S_T"].values, abs=1e-12)
    assert (values["S_X"] == 3).all() and values["I_TY"].max() < 1
    own = Binned(rule, Distinct())
    assert own(layer[0], Y[0]).value > expected["I_TY"][0], "x_rule would have cut the layer too"


def test_numbers_that_cannot_be_cut_are_named_by_their_variable():
    with pytest.raises(InfoplaneError, match="^0 could not be cut into bins: FixedWidth"):
        measured(mine=Binned(FixedWidth(1e-300)))
