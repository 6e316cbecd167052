import pytest
from hypothesis import given
from hypothesis import strategies as st

from infoplane.record.schedule import EvenlySpaced, Every, LogSpaced, some_of
from infoplane.values.errors import InfoplaneError

SCHEDULES = [LogSpaced, EvenlySpaced]


@pytest.mark.parametrize("schedule", SCHEDULES)
@given(count=st.integers(2, 300), total=st.integers(0, 10**6))
def test_a_schedule_increases_from_first_to_last_within_its_count(schedule, count, total):
    steps = schedule(count).steps(total)
    assert steps[0] == 0 and steps[-1] == total
    assert list(steps) == sorted(set(steps))
    assert len(steps) <= count


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_one_moment_is_too_few(schedule):
    with pytest.raises(InfoplaneError, match="1"):
        schedule(1)


@given(st.integers(1, 300), st.integers(0, 10**4))
def test_every_so_many_steps_and_the_last(count, total):
    steps = Every(count).steps(total)
    assert steps[-1] == total and list(steps) == sorted(set(steps))
    assert {*range(0, total, count)} == {*steps} - {total}
    with pytest.raises(InfoplaneError, match="Every.0."):
        Every(0)


@given(st.integers(1, 200), st.integers(1, 50))
def test_some_of_keeps_the_first_and_last_and_the_count(length, count):
    steps = tuple(range(0, 3 * length, 3))
    chosen = some_of(steps, count)
    assert set(chosen) <= set(steps) and len(chosen) <= count
    assert chosen[0] == steps[0]
    assert count == 1 or chosen[-1] == steps[-1]
    assert some_of(steps, 0) == ()
