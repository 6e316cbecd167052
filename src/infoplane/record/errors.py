"""The errors δ that travel back through a network, sample by sample; nothing is left behind."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from infoplane.record.tap import See, Tap
from infoplane.record.undisturbed import undisturbed
from infoplane.values.errors import InfoplaneError

Loss = Callable[[nn.Module, Tensor], Tensor]
"""The sum, not the mean, of the losses of samples, given a network and its inputs."""


def errors(model: nn.Module, names: Iterable[str], x: Tensor, loss: Loss, see: See) -> None:
    """Shows δ = ∂loss_i/∂z_i of every sample i at some submodules' outputs z, from the last back.

    In evaluation no sample depends on another, so the gradient of the sum of all losses holds in
    each row the gradient of that sample's own loss, whatever the number of samples. The network is
    left as it was, its own gradients included.

    Args:
        model: The network.
        names: Submodules whose outputs are the pre-activations z, as ``Tap`` takes them.
        x: Inputs (n, …), numbers with a point.
        loss: The sum of the losses.
        see: Takes each δ as it arrives; no graph holds it once the call has returned.

    Raises:
        InfoplaneError: A name is no submodule, or z does not depend on the inputs.
    """
    with undisturbed(model), torch.enable_grad():
        given = x.detach().clone().requires_grad_()
        with shown_gradients(model, names, see):
            # with respect to the inputs alone: the weights' own gradients are neither made nor kept
            torch.autograd.grad(loss(model, given), given)


@contextmanager
def shown_gradients(model: nn.Module, names: Iterable[str], see: See) -> Iterator[None]:
    """Gradients at submodules' outputs during the enclosed forward and backward passes.

    Args:
        model: The network.
        names: Names of submodules, as ``Tap`` takes them.
        see: Takes each gradient under the name of the output.
    """
    hooks: list[RemovableHandle] = []

    def watch(name: str, output: Tensor) -> None:
        if not output.requires_grad:
            raise InfoplaneError(
                f"The output of {name!r} depends on no input through which gradients flow, so it "
                "has no error: leave it out, or look for a detach() before it."
            )

        def show(gradient: Tensor) -> None:
            see(name, gradient.detach())

        hooks.append(output.register_hook(show))

    try:
        with Tap(model, names, watch, attached=True):
            yield
    finally:
        for hook in hooks:
            hook.remove()
