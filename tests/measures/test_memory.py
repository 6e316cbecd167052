"""Memory grows like the Gram matrices, never like (n, n, d), nor with the number of shuffles."""

import os
import subprocess
import sys

import pytest

GROWTH = """
import torch
from infoplane import Renyi, mutual_information
from infoplane.engine.memory import peak
from infoplane.values.seeds import orders

torch.set_num_threads(1)
estimator = Renyi(1.0)
estimator(torch.randn(150, 4), torch.randn(150, 4))
{prepare}
before = peak()
{measure}
print((peak() - before) / 1e6)
"""


def growth_in_mb(prepare: str, measure: str) -> float:
    """By how much the peak of a process grows that returns every large array at once.

    Otherwise Linux's C library keeps what threads have freed, and that is what would be measured.
    """
    code = GROWTH.format(prepare=prepare, measure=measure)
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"},
    )
    return float(ran.stdout)


@pytest.mark.parametrize("samples", ["torch.randn(2000, 784)", "torch.randn(2000, 784) + 1e6"])
def test_wide_samples_need_no_third_axis(samples: str):
    """One (2000, 2000, 784) array would be 25 GB, one Gram matrix is 32 MB."""
    assert growth_in_mb(f"x = {samples}", "estimator(x, x[:, :10])") < 400


def test_shuffled_grams_are_not_kept():
    """150 reordered matrices of 500 samples would be 300 MB."""
    prepare = "x = torch.randn(500, 3); drawn = orders(0, n=500, count=150)"
    assert growth_in_mb(prepare, "estimator.shuffled(x, x, drawn)") < 40
