import os
import platform
import subprocess
import sys

import numpy as np
import psutil
import pytest

from infoplane.engine.memory import available, give_back, peak, resident


def test_a_container_has_what_its_limit_leaves_and_its_cache_gives_back(tmp_path):
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 300\nactive_file 9\n")
    assert available(tmp_path) == 1000 - 900 + 300


def test_without_a_limit_the_machine_counts(tmp_path):
    total = psutil.virtual_memory().total
    assert 0 < available(tmp_path) <= total
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("900\n")
    assert 10_000 < available(tmp_path) <= total


def test_a_process_that_is_gone_needs_nothing():
    assert resident(os.getpid()) > 1 << 20
    assert resident(2**22 + 1) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands the mark down")
def test_the_peak_of_a_child_is_its_own_not_that_of_its_parent():
    large = np.ones(80_000_000)
    assert peak() >= resident(os.getpid()) >= large.nbytes
    code = "from infoplane.engine.memory import peak; print(peak())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 1 << 20 < int(ran.stdout) < large.nbytes


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_what_a_job_leaves_behind_is_given_back():
    arrays = [np.ones(12_000) for _ in range(2000)]
    kept = arrays[-1]  # the heap cannot shrink from its end
    before = resident(os.getpid())
    del arrays
    give_back()
    assert resident(os.getpid()) < before - 100_000_000
    assert kept.sum() == 12_000
