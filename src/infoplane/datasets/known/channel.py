"""Tasks with labels on both sides: letters through a channel."""

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from infoplane.datasets.known.task import DATA, Family, require_letters
from infoplane.values.errors import InfoplaneError
from infoplane.values.pairs import Pair
from infoplane.values.seeds import stream


@final
@dataclass(frozen=True)
class Channel:
    """A letter X uniform on m arrives as Y = X, or with chance e as one of the m − 1 others.

    H(Y) = log₂ m and H(Y|X) = H₂(e) + e log₂(m − 1), so I = log₂ m − H₂(e) − e log₂(m − 1);
    with e = (m − 1)/m every letter is as likely, and I = 0.

    Attributes:
        name: Short name.
        m: Number of letters.
        error: The chance e.
    """

    name: str
    m: int
    error: float

    def __post_init__(self) -> None:
        require_letters(self.name, self.m)
        if not 0 <= self.error <= 1:
            raise InfoplaneError(f"{self.name}: error={self.error}; it must lie in [0, 1].")

    @property
    def _useless(self) -> bool:
        return math.isclose(self.error, (self.m - 1) / self.m)

    @property
    def words(self) -> str:
        """What it is."""
        if self._useless:
            return f"two independent labels of {self.m}"
        return f"one of {self.m} letters through a channel with {100 * self.error:g} % errors"

    @property
    def family(self) -> Family:
        """Labels, under the family of tasks with labels; or independent."""
        return "independent" if self._useless else "mixed"

    @property
    def kind(self) -> Pair:
        """Two labels."""
        return "labels"

    @property
    def dims(self) -> tuple[int, int]:
        """One and one."""
        return 1, 1

    @property
    def truth(self) -> float:
        """In closed form, see above."""
        if self._useless:
            return 0.0
        chances = [1 - self.error] + [self.error / (self.m - 1)] * (self.m - 1)
        return math.log2(self.m) + sum(p * math.log2(p) for p in chances if p)

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """Labels (n,) and labels (n,)."""
        generator = stream(seed, DATA, self.name)
        x = torch.randint(self.m, (n,), generator=generator)
        shift = torch.randint(1, self.m, (n,), generator=generator)
        wrong = torch.rand(n, generator=generator, dtype=torch.float64) < self.error
        return x, (x + shift * wrong) % self.m


@final
@dataclass(frozen=True)
class Rows:
    """Rows of d letters each, every one through the same channel, independently of the others.

    Information adds up over independent pairs: I = d times that of one letter. Every distinct row
    is a state, so that there are m to the power d of them.

    Attributes:
        name: Short name.
        channel: What one letter goes through.
        d: Letters in a row.
    """

    name: str
    channel: Channel
    d: int

    def __post_init__(self) -> None:
        if self.d < 2:
            raise InfoplaneError(
                f"{self.name}: d={self.d}; a row has at least 2 letters, one is a Channel."
            )

    @property
    def words(self) -> str:
        """What it is."""
        return f"rows of {self.d} columns, in each {self.channel.words}"

    @property
    def family(self) -> Family:
        """That of the channel."""
        return self.channel.family

    @property
    def kind(self) -> Pair:
        """Two discrete variables."""
        return "labels"

    @property
    def dims(self) -> tuple[int, int]:
        """As many for both."""
        return self.d, self.d

    @property
    def truth(self) -> float:
        """In closed form, see above."""
        return self.d * self.channel.truth

    def sample(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """Integers of shape (n, d) each."""
        x, y = self.channel.sample(n * self.d, seed)
        return x.reshape(n, self.d), y.reshape(n, self.d)
