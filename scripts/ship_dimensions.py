"""Writes what estimators of intrinsic dimension make of normal samples, as the package ships it.

    python scripts/ship_dimensions.py

All estimators that measure the dimension of a data set, at every number of samples and in every
dimension of the table; a quarter of an hour.
"""

import numpy as np
import torch

from infoplane.analysis.on_normals import SHIPPED, as_json
from infoplane.observe.dimension import METHODS
from infoplane.store.files import write_json
from infoplane.values.seeds import stream

COUNTS = (100, 200, 500, 1000, 2000, 5000)
DIMENSIONS = (1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 50, 64, 80, 100)
SAMPLES = 100_000
"""So many samples, in as many draws as that takes: an error of a third of a percent."""


def told(n: int, size: int) -> list[float]:
    """The mean of every estimator over draws of n standard normal samples of a dimension."""
    generator = stream(0, "normal", n, size)
    draws = torch.randn(SAMPLES // n, n, size, generator=generator, dtype=torch.float64)
    each = [[method(x).value for method in METHODS.values()] for x in draws]
    return np.mean(each, axis=0).tolist()


def main() -> None:
    """Measures and writes."""
    cells = np.array([[told(n, size) for size in DIMENSIONS] for n in COUNTS])
    found = {name: cells[..., place] for place, name in enumerate(METHODS)}
    methods = {name: repr(method) for name, method in METHODS.items()}
    write_json(SHIPPED, as_json(COUNTS, DIMENSIONS, found, methods))


if __name__ == "__main__":
    main()
