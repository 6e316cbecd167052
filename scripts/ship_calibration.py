"""Writes the summary of the full calibration that comes with the package.

    python scripts/ship_calibration.py [RUNS-DIR]

The calibration is computed if it is not there; that takes most of an hour, and can be interrupted.
"""

import sys
from pathlib import Path

from infoplane.analysis.calibration import summary
from infoplane.analysis.skills import SHIPPED, as_json
from infoplane.experiments.calibration.experiment import Calibration
from infoplane.runs import run
from infoplane.store.files import write_json


def main(root: Path) -> None:
    """Computes what is left, and writes the summary."""
    done = run(Calibration(), root)
    write_json(SHIPPED, as_json(summary(done.trace)))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs"))
