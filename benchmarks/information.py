"""One information against the floor: its own three sets of eigenvalues, on the same workers.

Target: no more than 1.15 times the floor at n = 1000.
"""

import numpy as np
import torch
from timing import medians, table

from infoplane.measures.gram.renyi import Renyi
from infoplane.numerics.bandwidth import Tapia
from infoplane.numerics.gram import gaussian_gram
from infoplane.numerics.workers import parallel


def main() -> None:
    estimator = Renyi()
    for d in (10, 784):
        x, y = torch.randn(2, 1000, d, generator=torch.Generator().manual_seed(0))
        k, other = (gaussian_gram(one, Tapia())[0].kernel for one in (x, y))
        matrices = [matrix.numpy() for matrix in (k, other, k * other)]
        methods = {
            "three eigvalsh": lambda matrices=matrices: parallel(np.linalg.eigvalsh, matrices),
            "I(x; y)": lambda x=x, y=y: estimator(x, y),
            "both Gram matrices": lambda x=x, y=y: [gaussian_gram(v, Tapia()) for v in (x, y)],
        }
        table(f"n = 1000, d = {d}", medians(methods), ours="three eigvalsh")


if __name__ == "__main__":
    main()
