"""The border: arrays of any usual shape become checked tensors of samples."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.numerics.bandwidth import Bandwidth
from infoplane.numerics.gram import Gram, gaussian_gram, label_gram
from infoplane.values.errors import InfoplaneError
from infoplane.values.pairs import PAIRS, Pair

Samples = Tensor | np.ndarray | Sequence[Any]
"""Samples along the first axis: (n,), (n, d) or (n, c, h, w); integers of shape (n,) are labels."""


def as_samples(x: Samples, name: str) -> Tensor:
    """Samples as a tensor: (n, d) for numbers, (n,) of integers for class labels.

    Raises:
        InfoplaneError: Not numeric, fewer than two samples, no columns, or NaN and infinity.
    """
    tensor = x if isinstance(x, Tensor) else _from_array(x, name)
    if tensor.ndim == 0 or len(tensor) < 2:
        raise InfoplaneError(
            f"{name} has shape {tuple(tensor.shape)}: at least two samples along the first axis "
            "are needed."
        )
    if tensor.is_complex():
        raise InfoplaneError(f"{name} is complex; pass real and imaginary part as columns.")
    if are_labels(tensor):
        return tensor.long()
    flat = tensor.reshape(len(tensor), -1)
    flat = flat.to(torch.uint8) if flat.dtype == torch.bool else flat
    if flat.shape[1] == 0:
        raise InfoplaneError(f"{name} has shape {tuple(tensor.shape)}: there is nothing in it.")
    if broken := count_not_finite(flat):
        raise InfoplaneError(
            f"{name} holds {broken} NaN or infinite values of {flat.numel()}; "
            "remove those samples or find where they arise."
        )
    return flat


def are_labels(x: Tensor) -> bool:
    """Whether a tensor holds class labels: integers or booleans of shape (n,)."""
    return x.ndim == 1 and not x.is_floating_point()


def count_not_finite(x: Tensor) -> int:
    """How many entries are NaN or infinite."""
    return int((~torch.isfinite(x)).sum()) if x.is_floating_point() else 0


def paired(x: Samples, y: Samples) -> tuple[Tensor, Tensor]:
    """Two variables as tensors, as many samples of one as of the other.

    Raises:
        InfoplaneError: They are not paired, too few, not numeric or not finite.
    """
    first, second = checked({"x": x, "y": y}).values()
    return first, second


def checked(variables: Mapping[str, Samples]) -> dict[str, Tensor]:
    """One or more variables as tensors, as many samples of each as of the first.

    Args:
        variables: Samples by the name that an error calls them.

    Raises:
        InfoplaneError: They are not paired, too few, not numeric or not finite.
    """
    samples = {name: as_samples(x, name) for name, x in variables.items()}
    first = next(iter(samples.values()))
    for other in samples.values():
        require_paired(first, other)
    return samples


def numbered(variables: Sequence[Samples]) -> dict[str, Samples]:
    """Variables that nobody named, as "variable 0" and so on."""
    return {f"variable {i}": x for i, x in enumerate(variables)}


def is_discrete(x: Tensor) -> bool:
    """Whether checked samples are labels, or rows of integers."""
    return not x.is_floating_point()


def pair_of(x: Tensor, y: Tensor) -> Pair:
    """What kind of pair two checked variables are."""
    discrete = is_discrete(x) + is_discrete(y)
    return PAIRS[discrete]


def as_numbers(x: Tensor, name: str, remedy: str) -> Float[Tensor, "n d"]:
    """Checked samples as float64 columns.

    Args:
        x: As ``as_samples`` gives them.
        name: What an error calls them.
        remedy: What to do with labels, a sentence.

    Raises:
        InfoplaneError: They are class labels, whose numbers mean nothing.
    """
    if are_labels(x):
        raise InfoplaneError(
            f"{name} holds class labels (integers of shape (n,)), whose distances mean nothing. "
            f"{remedy} Counts are numbers: pass them as floats."
        )
    return x.double()


def require_paired(x: Tensor, y: Tensor) -> None:
    """Refuses two variables that are not samples of the same things."""
    if len(x) != len(y):
        raise InfoplaneError(
            f"x has {len(x)} samples and y has {len(y)}: information needs pairs, "
            "one y for every x."
        )


def gram_of(x: Tensor, rule: Bandwidth) -> Gram:
    """The Gram matrix of checked samples: by class for labels, Gaussian for everything else."""
    return label_gram(x) if are_labels(x) else gaussian_gram(x, rule)[0]


def _from_array(x: Any, name: str) -> Tensor:  # noqa: ANN401 — anything NumPy can read
    try:
        array = np.asarray(x)
    except ValueError as problem:
        raise InfoplaneError(f"{name} is not a rectangular array: {problem}") from problem
    if array.dtype.kind not in "fiub":
        raise InfoplaneError(
            f"{name} has dtype {array.dtype}, which is not a real number; encode it first."
        )
    native = np.float64 if array.dtype.itemsize > 8 else array.dtype.newbyteorder("=")
    return torch.from_numpy(np.require(array, dtype=native, requirements=["C", "W"]))
