"""Growth of resident memory over one information of 2000 samples in 784 dimensions."""

import torch
from timing import peak_mb

from infoplane.measures.gram.renyi import Renyi


def main() -> None:
    x, y = torch.randn(2, 2000, 784, generator=torch.Generator().manual_seed(0))
    estimator = Renyi()
    estimator(x[:150], y[:150])
    before = peak_mb()
    estimator(x, y)
    gram = 8 * 2000**2 / 1e6
    grown = peak_mb() - before
    print(f"one I at n = 2000, d = 784: +{grown:.0f} MB ({grown / gram:.1f} Gram matrices)")


if __name__ == "__main__":
    main()
