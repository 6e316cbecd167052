"""How the layers of an autoencoder are called, from the input to the code and on to the output."""

from collections.abc import Sequence


def inward(hidden: Sequence[int]) -> tuple[str, ...]:
    """Names of the encoder's layers: encoder.1 is the outermost.

    >>> inward([256, 128])
    ('encoder.1', 'encoder.2')
    """
    return tuple(f"encoder.{place}" for place in range(1, len(hidden) + 1))


def outward(hidden: Sequence[int]) -> tuple[str, ...]:
    """Names of the decoder's layers: decoder.1 follows the code, the last comes before the output.

    >>> outward([256, 128])
    ('decoder.1', 'decoder.2')
    """
    return tuple(f"decoder.{place}" for place in range(1, len(hidden) + 1))
