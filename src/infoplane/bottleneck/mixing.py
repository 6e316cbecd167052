"""Anderson mixing of the logarithms of encoders: the next point from the last few residuals."""

from collections import deque
from typing import final

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from infoplane.bottleneck.log_space import normalised
from infoplane.bottleneck.maps import Point, Problem, centred

WINDOW = 8
"""How many earlier points are mixed."""


@final
class Mixing:
    """Keeps the last points and proposes the combination of them whose residual is least.

    Residuals are weighed by p(x) p(t|x), the inner product in which the map's Jacobian is
    self-adjoint. What has probability 0 stays 0; if clusters or zeros come or go, it begins anew.

    Source: walker2011anderson.
    """

    def __init__(self) -> None:
        self._moves: deque[tuple[ndarray, ndarray]] = deque(maxlen=WINDOW)
        self._last: tuple[ndarray, ndarray] | None = None
        self._zero = np.zeros((0, 0), dtype=bool)

    def forget(self) -> None:
        """Begins anew at the next point."""
        self._moves.clear()
        self._last = None

    def proposed(self, problem: Problem, at: Point) -> Float[ndarray, "x t"] | None:
        """The next ln q, not yet normalised to the last digit; None where there is no past."""
        zero = np.isneginf(at.log_next)
        image = np.where(zero, 0.0, at.log_next)
        residual = centred(at, at.step)
        known = self._last is not None and self._last[0].shape == image.shape
        if not known or self._zero.shape != zero.shape or (self._zero != zero).any():
            self.forget()
        self._zero = zero
        if self._last is not None:
            self._moves.append((image - self._last[0], residual - self._last[1]))
        self._last = image, residual
        if not self._moves:
            return None
        weights = np.sqrt(problem.p[:, None] * at.q)
        matrix = np.stack([(weights * centred(at, move)).ravel() for _, move in self._moves], 1)
        mixed = np.linalg.lstsq(matrix, (weights * residual).ravel(), rcond=None)[0]
        moved = sum(c * move for c, (move, _) in zip(mixed, self._moves, strict=True))
        return normalised(np.where(zero, -np.inf, image - moved))
