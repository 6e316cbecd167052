"""Which steps of the past are asked about, and windows of a series that hold them."""

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Shaped
from torch import Tensor

from infoplane.values.errors import InfoplaneError


@final
@dataclass(frozen=True)
class History:
    """The steps that a transfer from source x to target y is about.

    At time t it compares y_t with x_{t−lag}, …, x_{t−lag−l+1}, given y_{t−1}, …, y_{t−k}; and
    given z_{t−lag}, …, z_{t−lag−given+1} where there is a third series z.

    Attributes:
        k: Steps of the target's own past.
        l: Steps of the source.
        lag: Steps from the last of the source's to the target's; 0 is the same moment, which is
            dependence at once and no transfer in time.
        given: Steps of what else is known.
    """

    k: int = 1
    l: int = 1
    lag: int = 1
    given: int = 1

    def __post_init__(self) -> None:
        least = {"k": 1, "l": 1, "lag": 0, "given": 1}
        for name, low in least.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < low:
                raise InfoplaneError(
                    f"{name}={value!r}: it is a number of steps, an integer of at least {low}."
                )

    def reach(self, conditioned: bool = False) -> int:
        """How many steps before it a moment needs."""
        beside = self.lag + self.given - 1 if conditioned else 0
        return max(self.k, self.lag + self.l - 1, beside)

    def observations(self, n: int, conditioned: bool = False) -> int:
        """Moments of a series of n that have all the past they need.

        Raises:
            InfoplaneError: There is none.
        """
        reach = self.reach(conditioned)
        if n <= reach:
            raise InfoplaneError(
                f"{n} samples hold no window: k={self.k}, l={self.l}, lag={self.lag} need "
                f"{reach} before each, so at least {reach + 1}. Give a longer series or ask about "
                "a shorter past."
            )
        return n - reach

    @property
    def words(self) -> str:
        """In a few letters, as in a title."""
        return f"k = {self.k}, l = {self.l}, lag {self.lag}"


def window(x: Shaped[Tensor, "n *d"], reach: int, last: int, length: int) -> Shaped[Tensor, "m *e"]:
    """Of every moment t ≥ ``reach`` the samples x_{t−last−length+1}, …, x_{t−last} as one row.

    One step of labels stays a label; several become a row of integers. Oldest first.
    """
    moments = len(x) - reach
    first = reach - last - length + 1
    if length == 1:
        return x[first : first + moments]
    steps = [x[first + i : first + i + moments].reshape(moments, -1) for i in range(length)]
    return torch.cat(steps, 1)
