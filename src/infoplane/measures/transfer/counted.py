"""The table of one source and one target of two states each, counted 64 moments at once."""

import numpy as np
from jaxtyping import Integer
from torch import Tensor

from infoplane.measures.transfer.history import History
from infoplane.measures.transfer.populations import populations, words_of
from infoplane.numerics.coincidences import COUNTINGS
from infoplane.numerics.counts import Contingency

TINY = 4
"""Pasts of source and target longer than this together are told apart by sorting instead."""


def counted_transfer(
    x: Integer[Tensor, " n"], y: Integer[Tensor, " n"], history: History
) -> Contingency | None:
    """The table of source window, future and past; None if there are other states than 0 and 1."""
    if any(int(one.min()) < 0 or int(one.max()) > 1 for one in (x, y)):
        return None
    words = words_of(x[:, None], y[:, None], history, 2)
    cells = populations(words, COUNTINGS["packed"]).cells(slice(1), slice(1))
    table = cells[0, :, 0].transpose(0, 2, 1)  # source window, future, past
    places = np.nonzero(table)
    counts = table[places].astype(np.float64)
    return Contingency(places, counts, table.shape, words.moments)
