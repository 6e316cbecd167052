"""The two plain species of S1: one layer each way, and three."""

from collections.abc import Sequence
from typing import final

from infoplane.models.autoencoders.funnel import Funnel


@final
class Shallow(Funnel):
    """Image → code → output.

    Args:
        shape: Shape of one image (c, h, w).
        code_size: Width K of the code.
        seed: Seed of the initial weights.

    Source: lee2021information.
    """

    def __init__(self, shape: Sequence[int], code_size: int, *, seed: int) -> None:
        super().__init__(shape, (), code_size, seed=seed)


@final
class Deep(Funnel):
    """Image → encoder.1 → encoder.2 → code → decoder.1 → decoder.2 → output.

    Source: lee2021information.
    """
