"""What is learned: the jointly normal problem, or the parity of digits."""

from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import Tensor

from infoplane.bottleneck.gaussian import GaussianBottleneck
from infoplane.datasets.base import Dataset
from infoplane.datasets.known.regression import Regression
from infoplane.experiments.wide.settings import Looking, Network
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.wide.relevance import ClassTarget, NormalTarget, Target


@final
@dataclass(frozen=True, eq=False)
class Problem:
    """Samples of one seed.

    Attributes:
        x: Training inputs (n, …).
        y: Their targets (n, 1).
        new_x: Inputs that are not trained on.
        new_y: Their targets.
        target: What is known of Y.
        exact: The bottleneck that no code can beat; None where it is not known.
    """

    x: Tensor
    y: Tensor
    new_x: Tensor
    new_y: Tensor
    target: Target
    exact: GaussianBottleneck | None


def normal(task: Regression, network: Network, looking: Looking, seed: int) -> Problem:
    """The jointly normal problem."""
    x, y = task.sample(network.samples, seed)
    new_x, new_y = task.sample(looking.batches * looking.batch_size, seed, "test")
    exact = GaussianBottleneck(task.covariance, task.inputs)
    return Problem(x, y, new_x, new_y, NormalTarget(1.0), exact)


def parity(data: Dataset, network: Network, looking: Looking, seed: int) -> Problem:
    """Odd digits are +1, even ones −1; pixels are scaled from [0, 1] to [−1, 1].

    Raises:
        InfoplaneError: There are too few images.
    """
    fresh = looking.batches * looking.batch_size
    parts = []
    counts: tuple[tuple[Literal["train", "test"], int], ...] = (
        ("train", network.samples),
        ("test", fresh),
    )
    for part, count in counts:
        x, y = data.split(part)
        if count > len(x):
            raise InfoplaneError(
                f"{count} {part} images are asked for and {data.name} has {len(x)}: take fewer "
                "samples, or smaller batches."
            )
        chosen = torch.randperm(len(x), generator=stream(seed, "wide", part))[:count]
        images = 2 * x[chosen].double() - 1
        signs = 2.0 * (y[chosen] % 2).double() - 1
        parts += [images if network.convolution else images.flatten(1), signs[:, None]]
    return Problem(parts[0], parts[1], parts[2], parts[3], ClassTarget(), None)
