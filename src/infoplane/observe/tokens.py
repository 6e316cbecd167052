"""What one sample is where a network gives a vector for every token of a sequence."""

from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Num
from torch import Tensor

from infoplane.values.errors import InfoplaneError


@final
@dataclass(frozen=True)
class Tokens:
    """The choice of samples in activations of shape (n, t, d): n sequences of t tokens.

    Attributes:
        keep: "all" takes a whole sequence as one sample of t·d numbers, "mean" its mean over the
            tokens, a number the token at that position (−1 is the last), and "each" makes every
            token a sample of its own, n·t in all.
        sample_axis: Axis of the sequences; 1 for networks that give (t, n, d).
    """

    keep: Literal["all", "each", "mean"] | int = "all"
    sample_axis: Literal[0, 1] = 0

    def __post_init__(self) -> None:
        if isinstance(self.keep, bool) or not (
            isinstance(self.keep, int) or self.keep in ("all", "each", "mean")
        ):
            raise InfoplaneError(
                f"tokens={self.keep!r}: choose 'all', 'each', 'mean' or a position such as -1."
            )
        if self.sample_axis not in (0, 1):
            raise InfoplaneError(f"sample_axis={self.sample_axis}: it is 0 or 1.")

    def misfit(self, output: Num[Tensor, "a b d"]) -> str:
        """Why the choice cannot be made of an output, in words; empty if it can."""
        length = output.shape[1 - self.sample_axis]
        if isinstance(self.keep, int) and not -length <= self.keep < length:
            return f"gives {length} tokens, none at position {self.keep}"
        return ""

    def samples(self, output: Num[Tensor, "a b d"]) -> Num[Tensor, "n *shape"]:
        """The samples of one layer's output, the sequences (or tokens) along the first axis."""
        sequences = output.transpose(0, 1) if self.sample_axis == 1 else output
        if self.keep == "all":
            return sequences.flatten(1)
        if self.keep == "each":
            return sequences.flatten(0, 1)
        if self.keep == "mean":
            return sequences.mean(1, dtype=torch.promote_types(sequences.dtype, torch.float32))
        return sequences[:, self.keep]
