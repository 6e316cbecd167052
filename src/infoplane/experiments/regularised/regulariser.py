"""What keeps a classifier from learning its images by heart: a price of information, or dropout."""

import math
from dataclasses import dataclass
from typing import final

from infoplane.values.errors import InfoplaneError

NONE = "none"
BETA, DROPOUT = "beta", "dropout"


@final
@dataclass(frozen=True)
class Regulariser:
    """Either of both, both, or neither.

    Attributes:
        beta: Weight β of the information; 0 trains on cross-entropy alone.
        dropout: Share of hidden units dropped while training, another way to regularise.
    """

    beta: float = 0.01
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.beta) and self.beta >= 0):
            raise InfoplaneError(f"beta={self.beta}: the weight must be 0 or positive.")
        if not 0 <= self.dropout < 1:
            raise InfoplaneError(f"dropout={self.dropout}: it must be at least 0 and below 1.")

    @property
    def name(self) -> str:
        """What a member of a family is called by; ``named`` is its inverse.

        >>> Regulariser(0.01).name, Regulariser(0.0, 0.5).name, Regulariser(0.0).name
        ('beta=0.01', 'dropout=0.5', 'none')
        """
        both = {BETA: self.beta, DROPOUT: self.dropout}
        return ", ".join(f"{key}={value!r}" for key, value in both.items() if value) or NONE

    @staticmethod
    def named(name: str) -> "Regulariser":
        """The one of a name.

        >>> Regulariser.named("beta=0.01, dropout=0.5")
        Regulariser(beta=0.01, dropout=0.5)
        """
        parts = [] if name == NONE else [part.partition("=") for part in name.split(", ")]
        told = {key: float(value) for key, _, value in parts}
        return Regulariser(told.get(BETA, 0.0), told.get(DROPOUT, 0.0))
