"""Training many networks in one batched computation: a gradient by hand, and each its own order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import nll_loss

from infoplane.models.stacked import ACTIVATIONS, StackedNetworks
from infoplane.record.loop import per_epoch
from infoplane.values.seeds import stream

AT_ONCE = 10_240
"""So many samples of all networks together are worked on at once, to stay in the cache."""


@final
@dataclass(frozen=True)
class StackedLoss:
    """The loss of many networks on minibatches of their own: the sum over networks of the means.

    Its gradient with respect to one network's weights is that of this network trained alone.

    Attributes:
        model: The networks.
        x: All samples, shape (n, inputs).
        y: Their classes, shape (n,).
        chosen: Which samples every network learns from, shape (net, m).
    """

    model: StackedNetworks
    x: Float[Tensor, "n inputs"]
    y: Int[Tensor, " n"]
    chosen: Int[Tensor, "net m"]

    def __call__(self, places: Int[Tensor, "net b"]) -> Float[Tensor, ""]:
        """The loss in nats of the samples at these places of every network's own."""
        samples = _taken(self.chosen, places)
        parameters = [one for stage in self.model.stages for one in (stage.weight, stage.bias)]
        return _Summed.apply(self.model, self.x, self.y, samples, *parameters)


def orders_of_each(
    nets: int, n: int, size: int, *, seed: int, start: int = 0, reshuffled: bool = True
) -> Iterator[Int[Tensor, "net b"]]:
    """Places of minibatches, epoch after epoch, every network in an order of its own.

    Args:
        nets: How many networks.
        n: Samples that each learns from.
        size: Samples per minibatch; the last of an epoch may be smaller.
        seed: Of the orders; every epoch has a stream of its own.
        start: Minibatches already used.
        reshuffled: Whether every epoch has a new order; else all have that of the samples, the
            same for every network.
    """
    epoch, skip = divmod(start, per_epoch(n, size))
    plain = torch.arange(n).expand(nets, n)
    while True:
        order = _shuffled(nets, n, seed, epoch) if reshuffled and size < n else plain
        yield from order.split(size, 1)[skip:]
        epoch, skip = epoch + 1, 0


def _shuffled(nets: int, n: int, seed: int, epoch: int) -> Int[Tensor, "net n"]:
    generator = stream(seed, "shuffle", epoch)
    return torch.stack([torch.randperm(n, generator=generator) for _ in range(nets)])


def _taken(rows: Int[Tensor, "net m"], places: Int[Tensor, "net b"]) -> Int[Tensor, "net b"]:
    """The numbers at these places of every row: a tenth of the time of ``gather``."""
    nets, m = rows.shape
    first = torch.arange(0, nets * m, m, device=rows.device)[:, None]
    return rows.reshape(-1).index_select(0, (places + first).flatten()).view(places.shape)


class _Summed(torch.autograd.Function):
    """The loss with its gradient computed beside it, a few networks at a time."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 — torch's
        model: StackedNetworks,
        x: Tensor,
        y: Tensor,
        samples: Tensor,
        *parameters: Tensor,
    ) -> Tensor:
        gradients = [torch.empty_like(one) for one in parameters]
        loss = x.new_zeros(())
        count = max(1, AT_ONCE // samples.shape[1])
        for first in range(0, model.nets, count):
            some = slice(first, first + count)
            loss += _gradients(
                model,
                x,
                y,
                samples[some],
                [one[some] for one in parameters],
                [one[some] for one in gradients],
            )
        ctx.gradients = gradients
        return loss

    @staticmethod
    def backward(ctx: Any, of_loss: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        return None, None, None, None, *(of_loss * one for one in ctx.gradients)


def _gradients(
    model: StackedNetworks,
    x: Tensor,
    y: Tensor,
    samples: Int[Tensor, "net b"],
    parameters: list[Tensor],
    gradients: list[Tensor],
) -> Tensor:
    """The loss of some networks; their gradients are written in place.

    Args:
        model: The networks.
        x: All samples.
        y: Their classes.
        samples: Which of them each of these networks sees.
        parameters: Weight and bias of every layer, of these networks.
        gradients: Where their gradients belong.
    """
    nets, b = samples.shape
    kind, depth = ACTIVATIONS[model.kind], len(parameters) // 2
    below = [x.index_select(0, samples.flatten()).view(nets, b, -1).mT]
    units: list[Tensor] = []
    for place in range(depth):
        scores = torch.baddbmm(
            parameters[2 * place + 1][..., None], parameters[2 * place], below[-1]
        )
        if place == depth - 1:
            break
        units.append(kind.of(scores))
        noisy = model.noise and model.training
        below.append(units[-1] + model.noise * torch.randn_like(scores) if noisy else units[-1])
    classes = y.index_select(0, samples.flatten()).view(nets, b)
    log_p = scores.log_softmax(1)
    loss = nll_loss(log_p, classes, reduction="sum") / b
    of = log_p.exp_()
    of.scatter_add_(1, classes[:, None], of.new_full((nets, 1, b), -1.0)).div_(b)
    for place in reversed(range(depth)):
        torch.bmm(of, below[place].mT, out=gradients[2 * place])
        torch.sum(of, 2, out=gradients[2 * place + 1])
        if place:
            of = kind.through(torch.bmm(parameters[2 * place].mT, of), units[place - 1])
    return loss
