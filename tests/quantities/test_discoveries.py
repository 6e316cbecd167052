"""q-values against the procedure as its authors wrote it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoplane.quantities.discoveries import q_values
from infoplane.values.errors import InfoplaneError
from oracles import discoveries as oracle

P_VALUES = st.lists(st.floats(0, 1), max_size=12)


@given(P_VALUES, st.floats(0.01, 0.5))
def test_what_lies_below_the_rate_is_what_the_procedure_rejects(p_values, rate):
    bounds = [k * rate / len(p_values) for k in range(1, len(p_values) + 1)]
    if any(math.isclose(p, bound, rel_tol=1e-9) for p in p_values for bound in bounds):
        return  # a tie, which rounding decides
    kept = {place for place, q in enumerate(q_values(p_values)) if q < rate}
    assert kept == oracle.survivors(p_values, rate)


@given(P_VALUES)
def test_in_closed_form(p_values):
    """The least m·p₍ₖ₎/k over all p₍ₖ₎ that are as large."""
    ranked, m = sorted(p_values), len(p_values)
    for p, q in zip(p_values, q_values(p_values), strict=True):
        least = min(m * one / k for k, one in enumerate(ranked, start=1) if one >= p)
        assert q == pytest.approx(min(1.0, least))


def test_none_and_one():
    assert q_values([]) == [] and q_values([0.03]) == [0.03]


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_p_value_is_refused(wrong: float):
    with pytest.raises(InfoplaneError, match="Place 1"):
        q_values([0.5, wrong])
