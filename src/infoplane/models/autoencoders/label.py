"""The label autoencoder: a code of class probabilities that is told the classes."""

import math
from collections.abc import Sequence
from typing import final

from jaxtyping import Float, Int
from torch import Tensor, nn

from infoplane.models.autoencoders.funnel import Funnel
from infoplane.models.autoencoders.species import CODE
from infoplane.models.dense import Dense, identity
from infoplane.values.errors import InfoplaneError

WEIGHT = 0.01
"""Weight of the classification error."""


@final
class Label(Funnel):
    """A deep autoencoder with a softmax code, whose objective adds the code's classification error.

    There may be more units than classes, as in the published runs (50 for 10 classes); the others
    have no class.

    Args:
        shape: Shape of one image (c, h, w).
        hidden: Widths of the encoder's layers, outermost first.
        code_size: Width K of the code.
        classes: Number of classes.
        seed: Seed of the initial weights.

    Raises:
        InfoplaneError: There are fewer units than classes.

    Source: lee2021information (weight 0.01).
    """

    def __init__(
        self,
        shape: Sequence[int],
        hidden: Sequence[int],
        code_size: int,
        *,
        classes: int,
        seed: int,
    ) -> None:
        if code_size < classes:
            raise InfoplaneError(
                f"code_size={code_size}: a code of class probabilities needs a unit for each of "
                f"the {classes} classes."
            )
        super().__init__(shape, hidden, code_size, seed=seed)
        inputs = hidden[-1] if hidden else math.prod(shape)
        self.logits = Dense(inputs, code_size, seed=seed, name=CODE, activation=identity)
        self.code = nn.Softmax(dim=1)

    def encoded(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, "n k"]:
        """Probabilities of the classes."""
        return self.code(self._logits(x))

    def objective(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """Mean squared error plus 0.01 times the cross-entropy of the classes, in nats."""
        logits = self._logits(x)
        error = nn.functional.mse_loss(self.decoded(self.code(logits), x.shape), x)
        return error + WEIGHT * nn.functional.cross_entropy(logits, labels)

    def _logits(self, x: Tensor) -> Tensor:
        return self.logits(self.encoder(x.flatten(1)))
