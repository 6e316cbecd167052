"""Every script of the gallery runs as its reader would run it, and says what it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))

SAYS = {
    "own_loop": r"layer 4: I\(T;Y\) above the null \d\.\d+ → \d\.\d+ bit",
    "own_estimator": r"estimator +gaussian +renyi",
    "cnn": r"layer 9: I\(T;Y\) above the null \d\.\d+ bit \(train\), \d\.\d+ bit \(test\)",
    "transformer": r"encoder\.layers\.1: I\(X;T\) \d\.\d+ bit, I\(T;Y\) \d\.\d+ bit",
    "lightning_module": r"looked after \[0, 1, .*75\] updates",
    "checkpoints": r"step 200: I\(T;Y\) of layer 3 is \d\.\d+ bit \(null \d\.\d+\)",
    "read_a_trace": r"I_TY is I\(layer; target\) in bit(.|\n)*layer 2: [1-9]\.\d+ ± \d\.\d+ bit",
}
WRITES = {
    "own_estimator": ["own_estimator.html"],
    "lightning_module": ["lightning_module.html", "lightning_run/trace.zarr"],
    "checkpoints": ["checkpoints.html", "checkpoints/step-200.safetensors"],
    "read_a_trace": ["iris.csv", "iris_run/trace.zarr"],
}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_it_says_and_writes_what_it_promises(script, tmp_path):
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(SAYS[script.stem], done.stdout), done.stdout
    for name in WRITES.get(script.stem, [f"{script.stem}.html"]):
        assert (tmp_path / name).exists(), name


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_it_is_short_and_in_the_list(script):
    assert len(script.read_text().splitlines()) <= 60
    assert f"[{script.name}]({script.name})" in (EXAMPLES / "README.md").read_text()
