"""Which network, when it is looked at, and which finite networks stand beside it."""

import math
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np

from infoplane.experiments.settings import require_at_least
from infoplane.values.errors import InfoplaneError
from infoplane.wide.activations import Activation, Erf, Gelu, LeakyRelu, Relu, Tanh
from infoplane.wide.architecture import Architecture, serial
from infoplane.wide.layers import Conv, Dense, Flatten, Step

Function = Literal["relu", "erf", "leaky", "tanh", "gelu"]
FUNCTIONS: tuple[Function, ...] = get_args(Function)
FILTER = 5
"""Width of the filters of a convolutional network."""


@final
@dataclass(frozen=True)
class Network:
    """An architecture, and how many samples it learns from.

    Attributes:
        activation: Between its layers.
        weight_variance: σ_w² of every layer.
        bias_variance: σ_b² of every layer.
        depth: Hidden layers.
        samples: Training samples.
        convolution: Whether hidden layers are convolutions (5 × 5), for images alone.
    """

    activation: Function = "erf"
    weight_variance: float = 2.0
    bias_variance: float = 0.01
    depth: int = 2
    samples: int = 100
    convolution: bool = False

    def __post_init__(self) -> None:
        require_at_least(1, depth=self.depth)
        require_at_least(2, samples=self.samples)
        Dense(self.weight_variance, self.bias_variance)  # refuses what makes no sense

    @property
    def name(self) -> str:
        """What a member of a family is called by; ``named`` is its inverse.

        >>> Network().name
        'erf weights=2.0 biases=0.01 depth=2 n=100'
        """
        kind = f"{self.activation}-convolution" if self.convolution else self.activation
        return (
            f"{kind} weights={self.weight_variance!r} biases={self.bias_variance!r} "
            f"depth={self.depth} n={self.samples}"
        )

    @staticmethod
    def named(name: str) -> "Network":
        """The one of a name.

        >>> Network.named(Network(depth=3).name) == Network(depth=3)
        True
        """
        kind, *told = name.split(" ")
        values = {key: value for key, _, value in (one.partition("=") for one in told)}
        function, _, convolution = kind.partition("-")
        for known in FUNCTIONS:
            if known == function:
                return Network(
                    known,
                    float(values["weights"]),
                    float(values["biases"]),
                    int(values["depth"]),
                    int(values["n"]),
                    bool(convolution),
                )
        raise InfoplaneError(f"{name!r} names no network.")

    @property
    def architecture(self) -> Architecture:
        """Its steps."""
        w, b = self.weight_variance, self.bias_variance
        weights: Step = Conv(w, b, FILTER) if self.convolution else Dense(w, b)
        hidden: list[Step] = [weights, _activation(self.activation)] * self.depth
        read_out: list[Step] = [Flatten()] if self.convolution else []
        return serial(*hidden, *read_out, Dense(w, b))


def _activation(function: Function) -> Activation:
    made: dict[Function, Activation] = {
        "relu": Relu(),
        "erf": Erf(),
        "leaky": LeakyRelu(),
        "tanh": Tanh(),
        "gelu": Gelu(),
    }
    return made[function]


@final
@dataclass(frozen=True)
class Gaussian:
    """The jointly normal problem; not used on images.

    Attributes:
        inputs: Dimensions of x.
        rho2: Share ρ² of the target's variance that x explains.
    """

    inputs: int = 30
    rho2: float = 0.64


@final
@dataclass(frozen=True)
class Looking:
    """When the ensemble is looked at, and on how many samples.

    Attributes:
        first: The first training time τ after 0.
        last: The last one.
        per_decade: So many times in every factor of 10.
        batches: Batches of samples that were not trained on; their spread is the standard error.
        batch_size: Samples per batch.
        draws: Outputs drawn for every sample.
    """

    first: float = 1e-2
    last: float = 1e10
    per_decade: int = 4
    batches: int = 5
    batch_size: int = 200
    draws: int = 8

    def __post_init__(self) -> None:
        require_at_least(1, per_decade=self.per_decade, draws=self.draws)
        require_at_least(2, batches=self.batches, batch_size=self.batch_size)
        if not (0 < self.first < self.last and math.isfinite(self.last)):
            raise InfoplaneError(
                f"first={self.first}, last={self.last}: two positive times, the second later."
            )

    @property
    def times(self) -> tuple[float, ...]:
        """0, and log-spaced times from the first to the last."""
        decades = math.log10(self.last / self.first)
        count = max(2, round(decades * self.per_decade) + 1)
        return (0.0, *np.geomspace(self.first, self.last, count).tolist())


@final
@dataclass(frozen=True)
class Finite:
    """Ensembles of finite networks trained beside the infinite one, side by side.

    Attributes:
        widths: Units of the hidden layers, rising; none for no finite networks.
        copies: Networks of every width.
        updates: At most so many updates of gradient descent; what they reach of the times is
            compared.
        rate: Learning rate in units of 1/λ_max of the tangent kernel, which diverges beyond 2.
    """

    widths: tuple[int, ...] = (16, 64, 256)
    copies: int = 200
    updates: int = 100
    rate: float = 0.2

    def __post_init__(self) -> None:
        require_at_least(2, copies=self.copies)
        require_at_least(1, updates=self.updates, **{"widths": min(self.widths, default=1)})
        if list(self.widths) != sorted(set(self.widths)):
            raise InfoplaneError(f"widths={self.widths}: give rising numbers.")
        if not 0 < self.rate < 2:
            raise InfoplaneError(f"rate={self.rate}: between 0 and 2, or descent diverges.")
