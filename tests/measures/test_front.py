"""The front door: what may be asked, what is refused with the name of one that can."""

import math

import pytest
import torch

from infoplane.measures.catalogue import ESTIMATORS
from infoplane.measures.estimator import (
    ConditionalEstimator,
    EntropyEstimator,
    JointEntropyEstimator,
    Properties,
)
from infoplane.measures.evidence.null import Batched
from infoplane.measures.front import (
    KNOWS_CONDITIONAL,
    conditional_mutual_information,
    entropy,
    mutual_information,
)
from infoplane.measures.gram.renyi import Renyi
from infoplane.measures.interaction import KNOWS_ENTROPIES
from infoplane.numerics.bandwidth import Fixed
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate


class Counted:
    """An estimator that counts how often it is called."""

    properties = Properties()

    def __init__(self):
        self.calls = 0

    def __call__(self, x, y) -> Estimate:
        self.calls += 1
        return Estimate(1.0, len(x), "Counted()", notes=("Said by itself.",), shared=True)


BITS = torch.cartesian_prod(*[torch.arange(2)] * 3)
A, B, C = BITS.unbind(1)


@pytest.mark.parametrize(
    ("variables", "bits"), [((A, B, A ^ B), 1), ((A, A, A), 0), ((A, A, B), 1), ((A, B, C), 0)]
)
def test_conditional_information_of_bits(variables, bits):
    found = conditional_mutual_information(*variables, estimator=Renyi(1.0))
    assert found.value == pytest.approx(bits, abs=1e-9) and found.shared


def test_given_nothing_it_is_the_plain_information():
    x, y = torch.randn(2, 40, 3).unbind(0)
    found = conditional_mutual_information(x, y, torch.zeros(40, 1))
    assert found.value == pytest.approx(mutual_information(x, y).value)


def test_the_quick_checks_measure_nothing_anew_and_can_be_left_out():
    x, y = torch.randn(2, 60, 1).unbind(0)
    one = Counted()
    assert mutual_information(x, x, estimator=one).notes[0] == "Said by itself."
    assert one.calls == 1
    assert mutual_information(x, x, estimator=one, check=False).notes == ("Said by itself.",)
    assert mutual_information(x, y, estimator=one, check="all").value == 1.0
    assert one.calls == 5


def test_what_is_found_stands_behind_what_the_estimator_said_and_once():
    x = torch.randn(200, 1)
    said = mutual_information(x, x, estimator=Counted()).notes
    assert said[0] == "Said by itself." and "Column 0 of y is column 0 of x" in said[1]
    assert len(said) == len(set(said))


def test_checks_change_no_number():
    x, y = torch.randn(2, 60, 2).unbind(0)
    arguments = {"permutations": 9, "batch_size": 20}
    plain = mutual_information(x, y, check=False, **arguments)
    full = mutual_information(x, y, check="all", estimator=Renyi(), **arguments)
    for name in ("value", "n", "stderr", "null", "p_value", "ceiling", "bounds", "method"):
        assert getattr(full, name) == getattr(plain, name)


def test_units_are_told_under_batches_and_a_null_too():
    x, y = torch.randn(2, 60, 2).unbind(0)
    found = mutual_information(
        x, y, check="all", permutations=9, batch_size=30, estimator=Renyi(bandwidth=Fixed(1.0))
    )
    assert any("depends on units" in note for note in found.notes)
    assert found.p_value is not None and found.stderr is not None


x, y = torch.randn(2, 20, 2, generator=torch.Generator().manual_seed(0)).unbind(0)
BAD = {
    "entropy": (lambda: entropy(x, estimator=Counted()), "information only, not entropy; Renyi"),
    "conditional": (
        lambda: conditional_mutual_information(x, y, x, estimator=Batched(Renyi())),
        "no conditional information; Renyi",
    ),
    "permutations": (lambda: mutual_information(x, y, permutations=-1), "permutations=-1: 0 is"),
    "unpaired": (lambda: mutual_information(x, y[:7]), "20 samples and y has 7"),
    "unpaired given": (
        lambda: conditional_mutual_information(x, y, x[:7]),
        "20 samples and y has 7",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_asked_is_refused_with_a_remedy(name):
    call, message = BAD[name]
    with pytest.raises(InfoplaneError, match=message):
        call()


@pytest.mark.parametrize("check", ["some", 2, None])
def test_a_check_that_nobody_knows_is_refused(check):
    with pytest.raises(Exception, match="check"):
        mutual_information(x, y, check=check)


@pytest.mark.parametrize(
    ("told", "protocol"),
    [
        (KNOWS_ENTROPIES, EntropyEstimator),
        (KNOWS_CONDITIONAL, ConditionalEstimator),
        (KNOWS_ENTROPIES, JointEntropyEstimator),
    ],
)
def test_the_estimators_that_errors_name_are_those_of_the_catalogue(told, protocol):
    able = {type(one).__name__ for one in ESTIMATORS.values() if isinstance(one, protocol)}
    assert set(told.replace(" and ", ", ").split(", ")) == able


def test_a_dead_variable_has_no_information_and_it_is_said_once():
    found = mutual_information(torch.zeros(30, 2), y[:1].repeat(30, 1))
    assert found.value == pytest.approx(0, abs=1e-9) and not math.isnan(found.value)
    assert [note[:20] for note in found.notes] == [f"All 30 samples of {v} " for v in "xy"]
