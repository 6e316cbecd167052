"""Transfer entropy fed back into training: the gradient rule, the published weight rule, controls.

The published claim is that training with it needs fewer epochs. Whatever scales gradients or mixes
weights changes training; that it is the transfer which helps shows only beside the same feedback
with the numbers shuffled over the pairs, with one number for all pairs, and beside a learning rate
that is smaller by as much.
"""

from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from infoplane.measures.transfer.history import History
from infoplane.measures.transfer.pairs import CountedPairs, null_of
from infoplane.measures.transfer.populations import words_of
from infoplane.measures.transfer.published import PublishedSignal
from infoplane.measures.transfer.surrogates import GivenPast
from infoplane.numerics.binary import Above, AtLeast
from infoplane.numerics.coincidences import counting
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream

ACTIVE = Above(0.0)
"""When a hidden unit is on, and a logit as its target."""
LARGE, LIKELY = AtLeast(1.0, magnitude=True), AtLeast(0.9)
"""When a logit is on as a source, and a class's probability as its target: the published code's."""
SURROGATES = 9
"""Of "effective"."""
FeedbackRule = Literal["grad_scale", "weight_mix"]
SignalKind = Literal["te", "positive_decrease", "effective", "cnn_te_2021"]
Given = Literal["measured", "random_te", "uniform_te", "reduced_rate"]


@final
@dataclass(frozen=True)
class TEFeedback:
    """How transfer entropy acts on the last layer of a classifier.

    Attributes:
        rule: "grad_scale": the gradient of every weight times 1 − TE of its two units, from the
            last hidden layer to the logits. "weight_mix", as in the published code: W becomes
            (I − TE)ᵀ W, with TE from every logit to every class's probability, which mixes the
            classes; it acts before every update.
        signal: What stands for TE. "te"; "positive_decrease", by how much it has fallen since it
            was last measured, and TE itself the first time; "effective", above surrogates among
            equal pasts; "cnn_te_2021", the published code with its history that only grows and is
            counted again
            every time; that code measures at every update.
        given: "measured"; or a control: "random_te", the same numbers shuffled over the pairs;
            "uniform_te", their mean for all pairs; "reduced_rate", no feedback but a learning rate
            of the whole network times 1 − their mean.
        window: Samples that a transfer is counted over: the last ones that were trained on.
        every: Updates between two measurements.
        seed: Of surrogates and of shuffled controls.

    Source: moldovan2020feedforward (gradient rule); moldovan2021cnn, from the authors' code.
    """

    rule: FeedbackRule = "grad_scale"
    signal: SignalKind = "te"
    given: Given = "measured"
    window: int = 500
    every: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, known in (
            ("rule", self.rule, get_args(FeedbackRule)),
            ("signal", self.signal, get_args(SignalKind)),
            ("given", self.given, get_args(Given)),
        ):
            if value not in known:
                raise InfoplaneError(f"{name}={value!r}: choose one of {', '.join(known)}.")
        if self.window < 10 or self.every < 1:
            raise InfoplaneError(
                f"window={self.window}, every={self.every}: a window has at least 10 samples, and "
                "one update lies between two measurements at least."
            )
        if self.signal == "cnn_te_2021" and self.rule != "weight_mix":
            raise InfoplaneError(
                'signal="cnn_te_2021" is of logits and probabilities: take rule="weight_mix".'
            )

    def acting_on(self, model: nn.Module, layer: nn.Module) -> "Feedback":
        """What a training loop calls around its updates.

        Args:
            model: A classifier.
            layer: Its last layer, which makes the logits.

        Raises:
            InfoplaneError: That is no linear layer of the model.
        """
        return Feedback(self, model, layer)


def scaled_gradient(
    gradient: Float[Tensor, "out hidden"], te: Float[Tensor, "hidden out"]
) -> Float[Tensor, "out hidden"]:
    """∂L/∂w · (1 − TE): every weight learns less, the more passes between its units.

    Source: moldovan2020feedforward.
    """
    return gradient * (1 - te.mT)


def mixed_weights(
    weights: Float[Tensor, "out hidden"], te: Float[Tensor, "out out"]
) -> Float[Tensor, "out hidden"]:
    """(I − TE)ᵀ W. If TE is one number for all pairs, all logits shift alike and softmax stays.

    Source: moldovan2021cnn, from the authors' code.
    """
    return weights - te.mT @ weights


@final
class Feedback:
    """What has been seen of the last layer, and the signal that acts on it.

    An update goes: ``before_update``, forward, backward, ``after_backward``, the optimiser's step,
    ``after_update``.

    Args:
        settings: The rule.
        model: The network, of which a reduced rate is.
        layer: Its last layer, which makes the logits.

    Raises:
        InfoplaneError: That is no linear layer of the model.
    """

    def __init__(self, settings: TEFeedback, model: nn.Module, layer: nn.Module) -> None:
        if not isinstance(layer, nn.Linear) or all(one is not layer for one in model.modules()):
            raise InfoplaneError(
                f"The feedback acts on the linear layer that makes the logits, and this "
                f"{type(layer).__name__} is no such layer of the {type(model).__name__}."
            )
        self.settings = settings
        self.model = model
        self.layer = layer
        self.te: Float[Tensor, "a b"] | None = None
        """The signal that acts, source units first; None until there are enough samples."""
        self._seen: list[tuple[Tensor, Tensor]] = []
        self._updates = 0
        self._before: Tensor | None = None
        self._published = PublishedSignal(settings.window)

    def before_update(self) -> None:
        """The weight rule acts here."""
        if self.te is None or self.settings.rule != "weight_mix":
            return
        if self.settings.given != "reduced_rate":
            with torch.no_grad():
                self.layer.weight.copy_(mixed_weights(self.layer.weight, self.te))

    def after_backward(self) -> None:
        """The gradient rule acts here, on weights and not on biases; and a reduced rate, on all."""
        gradient = self.layer.weight.grad
        if self.te is None or gradient is None:
            return
        if self.settings.given == "reduced_rate":
            for one in self.model.parameters():
                if one.grad is not None:
                    one.grad.mul_(1 - self.te.mean())
        elif self.settings.rule == "grad_scale":
            gradient.copy_(scaled_gradient(gradient, self.te))

    def after_update(
        self, hidden: Float[Tensor, "n hidden"], logits: Float[Tensor, "n out"]
    ) -> None:
        """Takes in what the minibatch showed, and measures when it is due.

        Args:
            hidden: The last hidden layer, of the samples just trained on.
            logits: What they gave.

        Raises:
            InfoplaneError: They are not what the layer takes and gives.
        """
        ends = (len(hidden), self.layer.in_features), (len(hidden), self.layer.out_features)
        if (tuple(hidden.shape), tuple(logits.shape)) != ends:
            raise InfoplaneError(
                f"hidden has shape {tuple(hidden.shape)} and logits {tuple(logits.shape)}: the "
                f"layer takes (n, {self.layer.in_features}) and gives "
                f"(n, {self.layer.out_features})."
            )
        self._updates += 1
        due = self._updates % self.settings.every == 0
        source, target = self._states(hidden.detach(), logits.detach())
        if self.settings.signal == "cnn_te_2021":
            self._published.keep(source, target)
            if due and (found := self._published.now()) is not None:
                self.te = self._as_given(torch.from_numpy(found))
            return
        self._keep(source, target)
        held = sum(len(one) for one, _ in self._seen)
        if due and held >= self.settings.window:
            self.te = self._as_given(self._measured())

    def _states(self, hidden: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Source and target units as two states."""
        if self.settings.rule == "grad_scale":
            return ACTIVE(hidden), ACTIVE(logits)
        return LARGE(logits), LIKELY(logits.softmax(1))

    def _keep(self, source: Tensor, target: Tensor) -> None:
        """The last samples, as many as the window holds."""
        self._seen.append((source, target))
        while sum(len(one) for one, _ in self._seen[1:]) >= self.settings.window:
            self._seen.pop(0)

    def _measured(self) -> Float[Tensor, "a b"]:
        """The signal of the window."""
        source, target = (
            torch.cat([one[side] for one in self._seen])[-self.settings.window :] for side in (0, 1)
        )
        pairs = CountedPairs(words_of(source, target, History(), 2), counting(None, source.device))
        found = pairs.measured()
        now = torch.from_numpy(found.bits)
        if self.settings.signal == "effective":
            seed = stream(self.settings.seed, "surrogates", self._updates).initial_seed() >> 2
            null = null_of(pairs, found, GivenPast(), SURROGATES, seed)
            return now - torch.from_numpy(null.mean)
        if self.settings.signal == "te":
            return now
        before, self._before = self._before, now
        return now if before is None else (before - now).clamp_min(0)

    def _as_given(self, te: Float[Tensor, "a b"]) -> Float[Tensor, "a b"]:
        """As measured, or what a control makes of it."""
        found = te.to(self.layer.weight)
        if self.settings.given == "uniform_te":
            return torch.full_like(found, float(found.mean()))
        if self.settings.given == "random_te":
            generator = stream(self.settings.seed, "random te", self._updates)
            order = torch.randperm(found.numel(), generator=generator).to(found.device)
            return found.flatten()[order].reshape(found.shape)
        return found


def epochs_to(accuracy: Float[np.ndarray, " epochs"], target: float) -> float:
    """The first epoch, counted from 1, at whose end the accuracy reaches a target.

    One more than there are if it never does, which is a lower bound.

    >>> epochs_to(np.array([0.5, 0.9, 0.8]), 0.9), epochs_to(np.array([0.5]), 0.9)
    (2.0, 2.0)
    """
    reached = np.flatnonzero(accuracy >= target)
    return float(reached[0] + 1) if len(reached) else float(len(accuracy) + 1)
