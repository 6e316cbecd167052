"""A deep autoencoder on MNIST keeps no weights of its past: 1.5 GB are enough."""

import os
import subprocess
import sys

import pytest

CODE = """
import sys
from pathlib import Path
from infoplane.engine.memory import peak
from infoplane.experiments.species.experiment import DiverseAutoencoders
from infoplane.experiments.species.settings import Learning, Looking
job = DiverseAutoencoders(
    dataset="mnist", data_dir=Path(sys.argv[1]), species="deep", training=Learning(steps=20),
    probing=Looking(snapshots=8, null_snapshots=2, permutations=3),
)
rows = sum(1 for _ in job.run())
assert rows and 0 < peak() < 1.5e9, peak()
"""


@pytest.mark.mnist
def test_the_deep_species_on_mnist_needs_less_than_1_5_gb(data_dir):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    subprocess.run([sys.executable, "-c", CODE, str(data_dir)], check=True, env=environment)
