"""Every number of every moment in TensorBoard, as soon as it is measured."""

from collections.abc import Hashable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, final, runtime_checkable

import numpy as np
import xarray as xr

from infoplane.analysis.repeated import mean
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row

ORDER = ("estimator", "layer", "pair", "probe")
"""Dimensions in the order in which they appear in a tag."""


@runtime_checkable
class Writer(Protocol):
    """What is needed of a ``SummaryWriter``, of torch, tensorboardX or another."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> Any:  # noqa: ANN401
        """Writes one number of one step."""
        ...

    def flush(self) -> Any:  # noqa: ANN401
        """Waits until the disk has it."""
        ...


@final
class TensorBoardRows:
    """Writes every row as scalars: a listener of ``ip.watch``.

    ::

        board = ip.TensorBoardRows("runs/first")
        with ip.watch(model, probe, listeners=[board]) as w:
            ...

    The tag says what, under which estimator, of which layer and on which probe:
    ``I_XT/tapia/encoder.0``, and with several probes ``I_XT/tapia/encoder.0/test``. The value is
    the mean over the probe's batches, of p-values the largest, in single precision as TensorBoard
    keeps it, at the row's step. What is not measured at a step (NaN in the Trace) is not written.

    Args:
        writer: A ``SummaryWriter`` of yours, or a folder of event files, for which one is made.

    Raises:
        InfoplaneError: It is neither; or TensorBoard is not installed.
    """

    def __init__(self, writer: Writer | str | Path) -> None:
        self._own = isinstance(writer, str | Path)
        self._writer = writer_of(writer)

    def __call__(self, row: Row) -> None:
        """Writes one row; when this returns, TensorBoard can show it."""
        for tag, value in scalars(row):
            self._writer.add_scalar(tag, value, row.step)
        self._writer.flush()

    def close(self) -> None:
        """Closes a writer of its own; yours stays open."""
        if self._own:
            self._writer.close()

    def __enter__(self) -> "TensorBoardRows":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def scalars(row: Row) -> Iterator[tuple[str, float]]:
    """Tag and value of everything measured, one for all batches, without what is NaN."""
    for name, values in row.values.items():
        if values.dtype.kind in "fiub":
            yield from _tagged(name, mean(name, values))


def _tagged(name: str, values: xr.DataArray) -> Iterator[tuple[str, float]]:
    """One tag for each place in an array, the known dimensions first."""
    ordered = values.transpose(*sorted(values.dims, key=_rank))
    for place in np.ndindex(ordered.shape):
        value = float(ordered.values[place])
        if not np.isnan(value):
            yield "/".join([name, *_names(ordered, place)]), value


def _names(values: xr.DataArray, place: tuple[int, ...]) -> list[str]:
    """Coordinates of a place as words; a dimension without any has its numbers."""
    return [str(values[dim].values[number]) for dim, number in zip(values.dims, place, strict=True)]


def _rank(dim: Hashable) -> tuple[int, str]:
    return ORDER.index(str(dim)) if dim in ORDER else len(ORDER), str(dim)


def writer_of(given: object) -> Any:  # noqa: ANN401 — its class comes from an optional library
    """A writer as it is, or a new one for a folder.

    Raises:
        InfoplaneError: It is neither; or TensorBoard is not installed.
    """
    if isinstance(given, str | Path):
        return _opened(Path(given))
    if not isinstance(given, Writer):
        raise InfoplaneError(
            f"TensorBoardRows takes a SummaryWriter or a folder; got a {type(given).__name__}."
        )
    return given


def _opened(folder: Path) -> Any:  # noqa: ANN401 — its class comes from an optional library
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as problem:
        raise InfoplaneError(
            "TensorBoardRows needs TensorBoard; install it with: "
            "pip install 'infoplane[tensorboard]'"
        ) from problem
    return SummaryWriter(str(folder))
