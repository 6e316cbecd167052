"""The species by name: what distinguishes each, and how it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

from infoplane.models.autoencoders.convolutional import Convolutional
from infoplane.models.autoencoders.denoising import Denoising
from infoplane.models.autoencoders.label import Label
from infoplane.models.autoencoders.sparse import Sparse
from infoplane.models.autoencoders.species import Species
from infoplane.models.autoencoders.tied import SharedStorage, Tied
from infoplane.models.autoencoders.vanilla import Deep, Shallow
from infoplane.models.autoencoders.variational import Variational


@final
@dataclass(frozen=True)
class Plan:
    """What every species is made from.

    Attributes:
        shape: Shape of one image (c, h, w).
        hidden: Widths of a deep encoder's layers, outermost first.
        code_size: Width K of the code.
        classes: Number of classes.
        seed: Seed of the initial weights.
    """

    shape: tuple[int, ...]
    hidden: tuple[int, ...]
    code_size: int
    classes: int
    seed: int


@final
@dataclass(frozen=True)
class Kind:
    """One species.

    Attributes:
        words: What distinguishes it.
        make: The untrained network.
    """

    words: str
    make: Callable[[Plan], Species]


def _sparse(weight: float) -> Callable[[Plan], Species]:
    return lambda plan: Sparse(plan.shape, plan.code_size, seed=plan.seed, weight=weight)


def _deep(plan: Plan) -> Species:
    return Deep(plan.shape, plan.hidden, plan.code_size, seed=plan.seed)


def _label(plan: Plan) -> Species:
    return Label(plan.shape, plan.hidden, plan.code_size, classes=plan.classes, seed=plan.seed)


CATALOGUE: Mapping[str, Kind] = {
    "vanilla": Kind(
        "one sigmoid layer each way",
        lambda plan: Shallow(plan.shape, plan.code_size, seed=plan.seed),
    ),
    "sparse-0.0001": Kind("sparse, λ = 0.0001", _sparse(0.0001)),
    "sparse": Kind("units of the code rarely active, λ = 0.001", _sparse(0.001)),
    "sparse-0.01": Kind("sparse, λ = 0.01", _sparse(0.01)),
    "tied": Kind(
        "W₂ = W₁ᵀ, one parameter", lambda plan: Tied(plan.shape, plan.code_size, seed=plan.seed)
    ),
    "tied-published": Kind(
        "W₂ = W₁ᵀ as published: two parameters in one storage",
        lambda plan: SharedStorage(plan.shape, plan.code_size, seed=plan.seed),
    ),
    "deep": Kind("three sigmoid layers each way", _deep),
    "overfit": Kind("deep, on few training images", _deep),
    "variational": Kind(
        "deep, a drawn code",
        lambda plan: Variational(plan.shape, plan.hidden, plan.code_size, seed=plan.seed),
    ),
    "label": Kind("deep, a softmax code that is told the classes", _label),
    "denoising": Kind(
        "vanilla, a quarter of the input masked in training",
        lambda plan: Denoising(plan.shape, plan.code_size, seed=plan.seed),
    ),
    "convolutional": Kind(
        "two convolutions each way",
        lambda plan: Convolutional(plan.shape, plan.code_size, seed=plan.seed),
    ),
}
"""Lee and Jo's seven species, the sparse one under three weights and the tied one in both ways,
and two species more."""
