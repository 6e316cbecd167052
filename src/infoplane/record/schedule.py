"""When to look."""

from dataclasses import dataclass
from typing import Protocol, final, runtime_checkable

from infoplane.values.errors import InfoplaneError


@runtime_checkable
class Schedule(Protocol):
    """Chooses the steps at which a run is observed."""

    def steps(self, total: int) -> tuple[int, ...]:
        """Increasing steps between 0 and ``total``, both included."""
        ...


@final
@dataclass(frozen=True)
class LogSpaced:
    """At most ``count`` steps, evenly spaced on a logarithmic axis; the first and last always.

    Attributes:
        count: How many, the untrained network included.

    >>> LogSpaced(6).steps(1000)
    (0, 1, 6, 32, 178, 1000)
    """

    count: int = 100

    def __post_init__(self) -> None:
        if self.count < 2:
            raise InfoplaneError(f"LogSpaced({self.count}): the first and last step make two.")

    def steps(self, total: int) -> tuple[int, ...]:
        """0 and a geometric sequence from 1 to ``total``, without repetitions."""
        if total < 1:
            return (0,)
        gaps = self.count - 2
        powers = {round(total ** (i / gaps)) for i in range(gaps)}
        return (0, *sorted(powers | {total}))


@final
@dataclass(frozen=True)
class EvenlySpaced:
    """At most ``count`` steps, evenly spaced; the first and last always.

    >>> EvenlySpaced(3).steps(1000)
    (0, 500, 1000)
    """

    count: int = 100

    def __post_init__(self) -> None:
        if self.count < 2:
            raise InfoplaneError(f"EvenlySpaced({self.count}): the first and last step make two.")

    def steps(self, total: int) -> tuple[int, ...]:
        """``count`` evenly spaced steps, without repetitions."""
        last = self.count - 1
        return tuple(sorted({round(total * i / last) for i in range(self.count)}))


@final
@dataclass(frozen=True)
class Every:
    """Every so many steps, and the first and last.

    >>> Every(400).steps(1000)
    (0, 400, 800, 1000)
    """

    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InfoplaneError(f"Every({self.count}): every step is the most.")

    def steps(self, total: int) -> tuple[int, ...]:
        """Multiples of ``count`` up to ``total``, and ``total``."""
        return tuple(sorted({*range(0, total + 1, self.count), total}))


def some_of(steps: tuple[int, ...], count: int) -> tuple[int, ...]:
    """``count`` of the steps, the first and last among them; all if there are no more.

    >>> some_of((0, 1, 2, 3, 4, 5, 6), 3)
    (0, 3, 6)
    """
    if count < 1:
        return ()
    last = max(1, count - 1)
    return tuple(sorted({steps[round((len(steps) - 1) * i / last)] for i in range(count)}))
