"""The border of the package: numbers of any usual form become checked tensors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from infoplane.values.errors import InfoplaneError

Numbers = Tensor | np.ndarray | Sequence[Any]
"""NumPy or torch, or nested lists."""


def as_tensor(x: Numbers, name: str) -> Tensor:
    """Numbers in float64, on the device they are on.

    Raises:
        InfoplaneError: They are no numbers, none at all, or not all finite.
    """
    try:
        tensor = torch.as_tensor(x if isinstance(x, Tensor) else np.asarray(x))
    except (TypeError, ValueError) as problem:
        raise InfoplaneError(f"{name} is no array of numbers: {problem}.") from problem
    if not tensor.numel() or tensor.ndim == 0 or tensor.is_complex():
        raise InfoplaneError(
            f"{name} has shape {tuple(tensor.shape)} and type {tensor.dtype}: real numbers of at "
            "least one sample along the first axis are needed."
        )
    if not torch.isfinite(tensor).all():
        raise InfoplaneError(f"{name} holds NaN or infinite values.")
    return tensor.double()
