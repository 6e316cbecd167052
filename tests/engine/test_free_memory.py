import os

import psutil

from infoplane.engine.memory import available, resident


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
