"""The training loop is a generator of Snapshots; recording is what is done with them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from infoplane.record.snapshot import Snapshot
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.values.trace import Checkpoint, Measured, Row, Tick

Observer = Callable[[Snapshot], Measured]
"""Looks at one moment of training and says what it saw."""


def batches(n: int, size: int, *, seed: int, start: int = 0) -> Iterator[Tensor]:
    """Indices of shuffled mini-batches, epoch after epoch, for ever; the last may be smaller.

    Every epoch's order has a random stream of its own, so ``start`` (batches already used) is all
    that a resumed run needs to know.
    """
    epoch, skip = divmod(start, per_epoch(n, size))
    while True:
        order = torch.randperm(n, generator=stream(seed, "shuffle", epoch))
        yield from order.split(size)[skip:]
        epoch, skip = epoch + 1, 0


def per_epoch(n: int, size: int) -> int:
    """Mini-batches in one pass over ``n`` samples."""
    return -(-n // size)


def fit(
    model: nn.Module,
    objective: Callable[[Tensor], Tensor],
    chosen: Iterable[Tensor],
    optimiser: Optimizer,
    *,
    steps_per_epoch: int,
    seed: int,
    start: int = 0,
) -> Iterator[Snapshot]:
    """Trains for as long as somebody asks for the next Snapshot; the first is where it starts.

    What a network draws itself (dropout, a sampled code) comes from torch's global stream, which
    is set anew for every update: a resumed run draws the same, and so does a recorded one.

    Args:
        model: The network, changed in place.
        objective: Loss of a batch, given the indices of its samples.
        chosen: Indices of each batch.
        optimiser: Makes the update.
        steps_per_epoch: Batches per pass over the data.
        seed: Seed of the network's own draws.
        start: Updates already made.
    """
    _set_global_stream(stream(seed, "noise", start).initial_seed())
    yield Snapshot(start, start / steps_per_epoch, model, None)
    for step, indices in enumerate(chosen, start + 1):
        _set_global_stream(stream(seed, "noise", step).initial_seed())
        optimiser.zero_grad()
        loss = objective(indices)
        loss.backward()
        optimiser.step()
        yield Snapshot(step, step / steps_per_epoch, model, loss.item())


def _set_global_stream(seed: int) -> None:
    """As ``torch.manual_seed``, which for a tiny network costs a fifth of an update."""
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)


def record(
    snapshots: Iterable[Snapshot],
    observers: Sequence[Observer],
    *,
    at: Collection[int],
    optimiser: Optimizer,
    checkpoint_every: int,
) -> Iterator[Row | Checkpoint | Tick]:
    """Rows at the scheduled steps, checkpoints in between, a Tick after every update.

    Args:
        snapshots: A run of ``fit``, from the beginning or from a checkpoint (whose row was made).
        observers: What to measure.
        at: The scheduled steps; the last of them ends the run.
        optimiser: Saved with the model in every checkpoint.
        checkpoint_every: Updates between checkpoints.
    """
    last, resumed = max(at), None
    for snapshot in snapshots:
        resumed = snapshot.step if resumed is None else resumed
        fresh = snapshot.step > resumed or snapshot.step == 0
        if fresh and snapshot.step in at:
            parts = [observe(snapshot) for observe in observers]
            yield Row.at(snapshot.step, snapshot.epoch, parts)
        if fresh and snapshot.step and snapshot.step % checkpoint_every == 0:
            yield checkpoint_of(snapshot.step, snapshot.model, optimiser)
        yield Tick(snapshot.step, last)
        if snapshot.step >= last:
            return


def checkpoint_of(step: int, model: nn.Module, optimiser: Optimizer) -> Checkpoint:
    """A copy of everything that training changes."""
    tensors = {f"model.{key}": _packed(value) for key, value in model.state_dict().items()}
    state = optimiser.state_dict()
    for parameter, moments in state["state"].items():
        for key, value in moments.items():
            tensors[f"optimiser.{parameter}.{key}"] = _packed(torch.as_tensor(value))
    return Checkpoint(step, tensors, {"param_groups": state["param_groups"]})


def restore(checkpoint: Checkpoint, model: nn.Module, optimiser: Optimizer) -> None:
    """Puts model and optimiser back to where the checkpoint was taken.

    Raises:
        InfoplaneError: The checkpoint is of another network.
    """
    weights = _under("model", checkpoint.tensors)
    expected = model.state_dict()
    if weights.keys() != expected.keys():
        raise InfoplaneError(
            f"The checkpoint of step {checkpoint.step} is of another network: it has "
            f"{len(weights)} tensors, the model {len(expected)}. Remove it and start again."
        )
    model.load_state_dict(weights)
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in _under("optimiser", checkpoint.tensors).items():
        parameter, key = name.split(".", 1)
        moments.setdefault(int(parameter), {})[key] = value
    groups: Any = checkpoint.state["param_groups"]
    optimiser.load_state_dict({"state": moments, "param_groups": groups})
    for weights_of, state in optimiser.state.items():
        state |= {key: _laid_out_as(weights_of, tensor) for key, tensor in state.items()}


def _packed(value: Tensor) -> Tensor:
    """A copy without gaps, as files want it; a transposed view has none of its own."""
    return value.detach().clone(memory_format=torch.contiguous_format)


def _laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    """Moments in the memory layout of their parameter: another one may round differently."""
    if value.shape != parameter.shape or value.stride() == parameter.stride():
        return value
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose name starts with the prefix, without it."""
    start = prefix + "."
    return {name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)}
