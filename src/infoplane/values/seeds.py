"""Named random streams: every draw has a generator of its own, derived from one seed by name.

Because a stream depends on its name and on nothing that was drawn before, adding a layer does not
shift the others, and a resumed run needs no generator state.
"""

import hashlib

import torch
from torch import Tensor


def stream(seed: int, *path: str | int) -> torch.Generator:
    """The random stream called ``path`` under ``seed``.

    >>> int(torch.randint(100, (1,), generator=stream(0, "init", "encoder.1")))
    9
    """
    digest = hashlib.sha256(repr((seed, *path)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def orders(seed: int, *path: str | int, n: int, count: int, within: int | None = None) -> Tensor:
    """``count`` independent permutations of ``n`` samples, shape (count, n).

    With ``within``, samples change places only inside consecutive blocks of that size; what does
    not fill a block stays where it is.
    """
    generator = stream(seed, *path)
    block = n if within is None else within
    blocks = torch.arange(n // block * block).reshape(-1, block)
    rest = torch.arange(n // block * block, n)
    drawn = []
    for _ in range(count):
        shuffled = [members[torch.randperm(block, generator=generator)] for members in blocks]
        drawn.append(torch.cat([*shuffled, rest]))
    return torch.stack(drawn)
