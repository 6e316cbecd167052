"""The noise model of a run, with the classifier that some of them need."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from infoplane.experiments.dual.settings import Supposed
from infoplane.models.mlp import Classifier
from infoplane.record.loop import batches
from infoplane.record.undisturbed import same_draws
from infoplane.training.variational.noise import (
    Confusion,
    Jittered,
    NoiseModel,
    Predicted,
    Smoothing,
)

HIDDEN, BATCH, LEARNING_RATE = (64,), 100, 1e-3


def noise_model(
    supposed: Supposed, x: Tensor, labels: Tensor, classes: int, seed: int
) -> NoiseModel:
    """What is supposed of p(y|x).

    Args:
        supposed: The setting.
        x: Training images (n, c, h, w).
        labels: Their labels as they are learned from.
        classes: How many there are.
        seed: Of jitter and classifier.
    """
    if supposed.noise == "smoothing":
        return Smoothing(supposed.smoothing)
    if supposed.noise == "jittered":
        return Jittered(supposed.deviation, seed)
    if supposed.noise == "predicted":
        return Predicted(_classifier(supposed, x, labels, classes, seed))
    half = len(x) // 2  # what a classifier has learned by heart it does not confuse
    judge = _classifier(supposed, x[:half], labels[:half], classes, seed)
    with torch.no_grad():
        taken_for = judge(x[half:]).argmax(1)
    return Confusion.counted(labels[half:], taken_for, classes)


def _classifier(
    supposed: Supposed, x: Tensor, labels: Tensor, classes: int, seed: int
) -> nn.Module:
    """A small classifier, trained anew whenever a run is begun or resumed; no draw of its own."""
    with same_draws(x.device):  # what layers draw before their weights are set
        model = Classifier(x.shape[1:], HIDDEN, classes, seed=seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    chosen = batches(len(x), BATCH, seed=seed)
    for _ in range(supposed.pretraining):
        some = next(chosen)
        optimiser.zero_grad()
        cross_entropy(model(x[some]), labels[some]).backward()
        optimiser.step()
    return model.eval()
