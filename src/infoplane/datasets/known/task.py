"""What a task is: two random variables, and what they share."""

from typing import Literal, Protocol, runtime_checkable

from torch import Tensor

from infoplane.values.errors import InfoplaneError
from infoplane.values.pairs import Pair

Family = Literal["normal", "independent", "heavy tails", "image", "noise", "mixed", "deterministic"]
"""What tasks have in common, so that a claim can be about them."""
DATA = "known"
"""First part of the name of every random stream of this suite."""


@runtime_checkable
class Task(Protocol):
    """Two variables with known information; a frozen value whose ``repr`` says all of it."""

    @property
    def name(self) -> str:
        """Short name, unique in the catalogue."""
        ...

    @property
    def words(self) -> str:
        """What it is, for a reader."""
        ...

    @property
    def family(self) -> Family:
        """What it has in common with others."""
        ...

    @property
    def kind(self) -> Pair:
        """Whether its variables are numbers or labels."""
        ...

    @property
    def dims(self) -> tuple[int, int]:
        """How many columns x and y have; a label has one, a row of labels several."""
        ...

    @property
    def truth(self) -> float:
        """I(X;Y) in bits; +∞ where one variable is a continuous function of the other."""
        ...

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """``n`` independent pairs: float64 of shape (n, d), or int64 labels of shape (n,).

        Discrete variables of several columns are int64 of shape (n, d): every row is a state.
        """
        ...


def require_letters(name: str, m: int) -> None:
    """Refuses a task of fewer than two labels.

    Raises:
        InfoplaneError: There are fewer.
    """
    if m < 2:
        raise InfoplaneError(f"{name}: m={m}; at least two labels are needed.")
