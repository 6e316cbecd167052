"""What the numbers of a Trace, and the intervals of a verdict, may be repeated over."""

from enum import StrEnum
from typing import final


@final
class Replicate(StrEnum):
    """Dimensions along which numbers are repeated, the most independent first.

    Seeds are whole trainings, ``init`` are networks of one training run that began from weights of
    their own, and probe batches are other samples shown to one network.
    """

    SEED = "seed"
    INIT = "init"
    BATCH = "batch"

    @property
    def is_training(self) -> bool:
        """Whether each of them was trained by itself, so that their spread speaks of training."""
        return self is not Replicate.BATCH

    @property
    def several(self) -> str:
        """What several of them are called."""
        return _NOUNS[self][1]

    def counted(self, count: int) -> str:
        """So many of them, in words.

        >>> Replicate.SEED.counted(3), Replicate.BATCH.counted(1)
        ('3 seeds', '1 probe batch')
        """
        one, several = _NOUNS[self]
        return f"{count} {one if count == 1 else several}"


_NOUNS = {
    Replicate.SEED: ("seed", "seeds"),
    Replicate.INIT: ("network", "networks"),
    Replicate.BATCH: ("probe batch", "probe batches"),
}
