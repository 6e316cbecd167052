"""One moment of the MNIST autoencoder (9 variables, n = 1000) against its eigenproblems alone.

The floor is the smallest number of eigenvalue problems that the plane needs, on the same workers:
the joint matrices are given. Target: no more than 1.15 times the floor.
"""

import numpy as np
import torch
from timing import medians, table

from infoplane.models.autoencoders.stacked import StackedAutoencoder
from infoplane.numerics.bandwidth import Silverman, Tapia
from infoplane.numerics.gram import gaussian_gram, joint
from infoplane.numerics.workers import parallel
from infoplane.observe.estimator import MatrixRenyi
from infoplane.observe.plane import INPUT, Plane
from infoplane.observe.probe import Probe
from infoplane.record.snapshot import Snapshot
from infoplane.record.tap import Tap

N = 1000


def main() -> None:
    model = StackedAutoencoder((1, 28, 28), (1000, 500, 250), 36, seed=0)
    x = torch.rand(1, N, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for rule in (Silverman(5.0), Tapia(1.0)):
        plane = Plane(
            probe=Probe(x, torch.zeros(1, N, dtype=torch.long)),
            layers=model.layers,
            target="output",
            pairs=model.pairs,
            estimators={"one": MatrixRenyi(1.01, rule)},
        )
        snapshot = Snapshot(0, 0.0, model, None)
        plane(snapshot)  # S(X) is computed once, before the clock starts
        matrices = eigenproblems(plane, model, x[0], rule)
        methods = {
            f"{len(matrices)} eigvalsh": lambda matrices=matrices: parallel(
                np.linalg.eigvalsh, matrices
            ),
            "snapshot": lambda plane=plane, snapshot=snapshot: plane(snapshot),
        }
        table(f"9 variables, n = {N}, {rule}", medians(methods), ours=next(iter(methods)))


def eigenproblems(plane, model, x, rule):
    """Every matrix whose spectrum a moment needs, as NumPy arrays."""
    with torch.no_grad(), Tap(model, [*model.layers, "output"]) as seen:
        model(x)
    grams = {name: gaussian_gram(t, rule)[0] for name, t in seen.items()}
    moving = list(grams.values())
    grams[INPUT] = gaussian_gram(x.flatten(1), rule)[0]
    pairs = [pair for asked in plane.questions.values() for pair in asked]
    joints = [joint(grams[a], grams[b]) for a, b in pairs]
    return [gram.kernel.numpy() for gram in (*moving, *joints)]


if __name__ == "__main__":
    main()
