"""What every species of autoencoder is: layers that can be recorded, and an objective."""

from abc import ABC, abstractmethod
from typing import ClassVar

from jaxtyping import Float, Int
from torch import Tensor, nn

CODE = "code"
"""Name of the module whose output is the code Z, in every species."""


class Species(nn.Module, ABC):
    """A network that reconstructs its input through a code.

    Every recorded layer is a module of its own. A species that draws its code at random draws from
    torch's global stream, in training as in evaluation.

    Attributes:
        layers: Names of the modules between input and reconstruction, from input to output; the
            one called ``CODE`` is the code Z.
        unit: Unit of the objective.
    """

    layers: tuple[str, ...]
    unit: ClassVar[str] = "squared intensity"

    @abstractmethod
    def forward(self, x: Float[Tensor, "n *shape"]) -> Float[Tensor, "n *shape"]:
        """Images in [0, 1] to their reconstructions; the last module called is ``output``."""

    @abstractmethod
    def objective(
        self, x: Float[Tensor, "n *shape"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """What training minimises, penalties included: a mean over the samples.

        Args:
            x: Images, to be reconstructed.
            labels: Their classes; only a species that says so uses them.
        """
