"""The watchdog of the tests' clusters: what it runs ends with whoever began it."""

import subprocess
import sys

import psutil
from two_nodes import HERE

OWNER = """
import subprocess, sys
watchdog = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, start_new_session=True)
watchdog.wait()
"""
SLEEP = "import time; time.sleep(600)"
COMMAND = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"


def test_a_node_does_not_outlive_a_test_run_that_was_killed(tmp_path):
    folder = tmp_path / "of the cluster"
    folder.mkdir()
    watchdog = [HERE / "keep_node.py", folder, sys.executable, "-c", COMMAND]
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, sys.executable, *map(str, watchdog)],
        stdout=subprocess.PIPE,
        text=True,
    )
    node = psutil.Process(int(owner.stdout.readline()))
    (keeper,) = psutil.Process(owner.pid).children()
    while not node.children():
        assert node.is_running()
    (child,) = node.children()
    owner.kill()
    owner.communicate()
    gone, alive = psutil.wait_procs([node, child, keeper], timeout=30)
    assert not alive and not folder.exists()
