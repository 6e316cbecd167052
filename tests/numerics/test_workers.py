"""Side by side, in order, on one thread each, and nothing changed afterwards."""

import pytest
import torch

from infoplane.numerics.workers import parallel


def test_results_keep_their_order():
    assert parallel(lambda i: i * i, range(50)) == [i * i for i in range(50)]


def test_every_worker_has_one_thread_and_the_setting_comes_back():
    torch.set_num_threads(2)
    try:
        assert set(parallel(lambda _: torch.get_num_threads(), range(8))) == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_an_error_in_one_problem_is_the_callers():
    with pytest.raises(ZeroDivisionError):
        parallel(lambda i: 1 / i, [1, 0, 2])
    assert torch.get_num_threads() == 1
