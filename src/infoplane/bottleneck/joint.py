"""A given table p(x, y): what is accepted at the border, and what is left of it to be solved."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Num
from numpy import ndarray
from torch import Tensor

from infoplane.quantities.tables import mutual_information
from infoplane.values.errors import InfoplaneError

Table = ndarray | Tensor | Sequence[Any]
"""What a table may be given as, before it is checked."""
TOLERANCE = 1e-9
"""How far from 1 a table of probabilities may sum."""
ALIKE = 2.0**-44
"""Rows whose entries differ by no more of their own size count as equal: they were computed alike.
"""


@final
@dataclass(frozen=True, eq=False)
class Joint:
    """A joint distribution p(x, y) of two variables with finitely many states.

    Attributes:
        table: p(x, y), shape (x, y), float64; all that is asked of it holds, and it sums to 1.
    """

    table: Float[ndarray, "x y"]

    def __post_init__(self) -> None:
        given = _checked(self.table)
        total = float(given.sum())
        if total <= 0:
            raise InfoplaneError("The joint table is 0 everywhere: no probability is in it.")
        if abs(total - 1) > TOLERANCE:
            raise InfoplaneError(
                f"The joint table sums to {total:.12g}, not to 1 (within {TOLERANCE:g}). Counts: "
                "Joint.of_counts(table); probabilities in single precision or not normalised: "
                "Joint.of_table(table, normalise=True)."
            )
        object.__setattr__(self, "table", given / total)

    def __repr__(self) -> str:
        """Its size and information."""
        x, y = self.table.shape
        return f"Joint({x} × {y} states, I(X;Y) = {self.information:.6f} bit)"

    @classmethod
    def of_table(cls, table: Table, *, normalise: bool = False) -> "Joint":
        """A table of probabilities, checked.

        Args:
            table: NumPy or torch, shape (x, y).
            normalise: Divide by the sum, whatever it is.

        Raises:
            InfoplaneError: Other axes, negative or not finite entries, or a sum that is not 1.
        """
        given = _checked(table)
        total = float(given.sum())
        return cls(given / total if normalise and total > 0 else given)

    @classmethod
    def of_counts(cls, counts: Table) -> "Joint":
        """Relative frequencies of a table of counts, shape (x, y).

        Raises:
            InfoplaneError: Other axes, negative or not finite entries, or nothing was counted.
        """
        return cls.of_table(counts, normalise=True)

    @classmethod
    def of_samples(cls, x: Table, y: Table) -> "Joint":
        """Relative frequencies of two columns of labels, states in sorted order.

        Args:
            x: Labels, shape (n,).
            y: As many labels.

        Raises:
            InfoplaneError: No columns, of different length, empty, or floats.
        """
        columns = {"x": as_array(x), "y": as_array(y)}
        for name, column in columns.items():
            if column.ndim != 1 or len(column) == 0 or column.dtype.kind == "f":
                raise InfoplaneError(
                    f"{name} has shape {column.shape} and dtype {column.dtype}; labels are one "
                    "column of integers, strings or booleans. Cut numbers into bins first."
                )
        if len(columns["x"]) != len(columns["y"]):
            raise InfoplaneError(
                f"x has {len(columns['x'])} samples and y {len(columns['y'])}: they must be paired."
            )
        try:
            (xs, i), (ys, j) = (np.unique(c, return_inverse=True) for c in columns.values())
        except TypeError as error:
            raise InfoplaneError(
                "Labels of a column cannot be sorted among each other, as where some are missing: "
                "make them strings, and leave out what is missing."
            ) from error
        counts = np.zeros((len(xs), len(ys)))
        np.add.at(counts, (i, j), 1)
        return cls.of_counts(counts)

    @cached_property
    def px(self) -> Float[ndarray, " x"]:
        """p(x)."""
        return self.table.sum(1)

    @cached_property
    def py(self) -> Float[ndarray, " y"]:
        """p(y)."""
        return self.table.sum(0)

    @cached_property
    def information(self) -> float:
        """I(X;Y) in bits."""
        return mutual_information(self.table)

    @cached_property
    def reduced(self) -> "Reduced":
        """The same problem without states that never occur and with equal rows merged."""
        return _reduced(self)

    def softened(self, share: float) -> "Joint":
        """The joint with p(y|x) mixed with p(y): (1 − share) p(y|x) + share p(y).

        Raises:
            InfoplaneError: The share is not in [0, 1].
        """
        if not 0 <= share <= 1:
            raise InfoplaneError(f"share={share}: it is a probability, such as 0.01.")
        return Joint((1 - share) * self.table + share * np.outer(self.px, self.py))

    @property
    def deterministic(self) -> bool:
        """Whether y is a function of x."""
        return bool((self.reduced.w == 1).any(1).all())


@final
@dataclass(frozen=True, eq=False)
class Reduced:
    """What is left to be solved: every p(x) > 0, every p(y) > 0, no two rows p(y|x) alike.

    Rows that are alike may be merged, because averaging an encoder over them leaves I(T;Y) as it
    is and can only lower I(X;T), and the same holds with every distortion that depends on x
    through p(y|x) alone.

    Attributes:
        p: p(x) of the merged rows, shape (n,).
        w: p(y|x), shape (n, k).
        place: Which merged row a row of the table became, shape (x,); −1 where p(x) = 0.
        columns: Which columns of the table occur, shape (y,).
    """

    p: Float[ndarray, " n"]
    w: Float[ndarray, "n k"]
    place: Int[ndarray, " x"]
    columns: Bool[ndarray, " y"]

    def merged(self, encoder: Float[ndarray, "x t"], px: Float[ndarray, " x"]) -> ndarray:
        """An encoder of the table as one of the merged rows: the mean over rows that are alike."""
        summed = np.zeros((len(self.p), encoder.shape[1]))
        used = self.place >= 0
        np.add.at(summed, self.place[used], px[used, None] * encoder[used])
        return summed / summed.sum(1, keepdims=True)

    def spread(self, encoder: Float[ndarray, "n t"]) -> Float[ndarray, "x t"]:
        """An encoder of the merged rows as one of the table; p(t) where x never occurs."""
        marginal = self.p @ encoder
        return np.concatenate([encoder, marginal[None]])[self.place]

    def widened(self, decoder: Float[ndarray, "t k"]) -> Float[ndarray, "t y"]:
        """A decoder with the columns that never occur, which have probability 0."""
        full = np.zeros((len(decoder), len(self.columns)))
        full[:, self.columns] = decoder
        return full


def as_joint(joint: "Joint | Table") -> Joint:
    """A joint as it is, or a table, checked.

    Raises:
        InfoplaneError: See ``Joint.of_table``.
    """
    return joint if isinstance(joint, Joint) else Joint.of_table(joint)


def as_array(given: Table) -> ndarray:
    """NumPy, from whatever a table may be given as."""
    return given.detach().cpu().numpy() if isinstance(given, Tensor) else np.asarray(given)


def _checked(table: Table) -> Float[ndarray, "x y"]:
    given = as_array(table)
    if given.ndim != 2 or given.size == 0 or given.dtype.kind not in "fiub":
        raise InfoplaneError(
            f"A joint table has shape (x, y) and real entries; this has shape {given.shape} and "
            f"dtype {given.dtype}."
        )
    given = given.astype(np.float64)
    bad = ~np.isfinite(given) | (given < 0)
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise InfoplaneError(
            f"The joint table holds {given[i, j]} at ({i}, {j}), and {int(bad.sum())} such entries "
            "in all: probabilities and counts are finite and at least 0."
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(given.sum()):
            raise InfoplaneError("The joint table's sum is too large for a number: divide it.")
    return given


def _reduced(joint: Joint) -> Reduced:
    rows, columns = joint.px > 0, joint.py > 0
    table = joint.table[np.ix_(rows, columns)]
    conditional = table / table.sum(1, keepdims=True)
    which = _alike(conditional)
    merged = np.zeros((which.max() + 1, table.shape[1]))
    np.add.at(merged, which, table)
    place = np.full(len(rows), -1)
    place[rows] = which
    p = merged.sum(1)
    return Reduced(p, merged / p[:, None], place, columns)


def _alike(rows: Float[ndarray, "x y"]) -> Int[ndarray, " x"]:
    """Which group of rows that are alike a row belongs to; groups in the order of first rows.

    Rows that are alike have scores that are, so that only neighbours by score are compared.
    """
    score = rows @ np.random.default_rng(0).uniform(1, 2, rows.shape[1])
    leader, leaders = np.arange(len(rows)), list[int]()
    for i in np.argsort(score, kind="stable"):
        for j in reversed(leaders):
            if score[i] - score[j] > 2 * ALIKE * score[i]:
                break
            if (np.abs(rows[i] - rows[j]) <= ALIKE * rows[j]).all():
                leader[i] = j
                break
        if leader[i] == i:
            leaders.append(int(i))
    _, which = np.unique(leader, return_inverse=True)
    first = np.full(which.max() + 1, len(rows))
    np.minimum.at(first, which, np.arange(len(rows)))
    return np.argsort(np.argsort(first))[which]


def numbers(values: Num[ndarray, "..."] | Tensor | Sequence[float]) -> Float[ndarray, " n"]:
    """A row of finite numbers.

    Raises:
        InfoplaneError: Empty, more axes, or not finite.
    """
    found = torch.as_tensor(values, dtype=torch.float64).detach().cpu().numpy()
    if found.ndim != 1 or found.size == 0 or not np.isfinite(found).all():
        raise InfoplaneError(f"A row of finite numbers is needed, not {values!r}.")
    return found
