"""An ensemble of infinitely wide networks under gradient flow: a normal distribution at any time.

The loss is ½ Σ_i ‖z(x_i) − y_i‖², the sum and not the mean over the training set: neural-tangents,
whose loss is divided by twice the number of targets, counts time t = (n · outputs) τ. With a ridge
ρ the loss has ½ρ‖θ − θ(0)‖² as well, which is a decay towards the initial parameters.

One eigendecomposition Θ = V diag(λ) Vᵀ of the training kernel serves all times. Every member goes
z(x, τ) = z(x, 0) + Θ(x, X) V f(τ) Vᵀ (Y − z(X, 0)), f = (1 − exp(−τ(λ + ρ)))/(λ + ρ), and is
linear in its initial function, which is normal with covariance K.

Source: jacot2018neural; lee2019wide; shwartzziv2019information.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.values.errors import InfoplaneError
from infoplane.wide.architecture import Architecture, Kernels
from infoplane.wide.arrays import Numbers, as_tensor

EPS = torch.finfo(torch.float64).eps


@final
@dataclass(frozen=True, eq=False)
class GradientFlow:
    """Both kernels of a training set in the modes of the tangent kernel.

    Modes whose rate lies within n·ε of λ_max are indistinguishable from 0: two equal inputs have
    one. Gradient flow never moves along them, so their rate is set to 0 and ``unmoved`` counts
    them; with contradicting targets the equal inputs then meet in the middle, as they should.

    Attributes:
        kernels: K and Θ of the training set, shape (n, n) each.
        targets: Y, shape (n, outputs).
        ridge: ρ ≥ 0.

    Raises:
        InfoplaneError: Θ is not positive semi-definite within its rounding, or shapes differ.
    """

    kernels: Kernels
    targets: Float[Tensor, "n outputs"]
    ridge: float = 0.0

    def __post_init__(self) -> None:
        n = len(self.targets)
        if self.kernels.ntk.shape != (n, n) or self.kernels.nngp.shape != (n, n):
            raise InfoplaneError(
                f"{n} targets and kernels of shape {tuple(self.kernels.ntk.shape)}: every training "
                "input has one row of targets."
            )
        if not (math.isfinite(self.ridge) and self.ridge >= 0):
            raise InfoplaneError(f"ridge={self.ridge}: a finite number of at least 0.")
        if not all(torch.isfinite(one).all() for one in (*self.kernels, self.targets)):
            raise InfoplaneError("Kernels or targets hold NaN or infinite values.")

    @cached_property
    def spectrum(self) -> tuple[Float[Tensor, " n"], Float[Tensor, "n n"]]:
        """Rates λ, rising, and modes V as columns.

        Raises:
            InfoplaneError: An eigenvalue is negative beyond rounding; it names the ridge that
                would do.
        """
        rates, modes = torch.linalg.eigh(self.kernels.ntk)
        rounding = len(rates) * EPS * float(rates[-1].clamp_min(0))
        least = float(rates[0]) + self.ridge
        if least < -10 * rounding:
            raise InfoplaneError(
                f"The tangent kernel of the training set has the eigenvalue {float(rates[0]):.3g}, "
                f"more than rounding ({rounding:.1g}): inputs are nearly equal and the kernel has "
                f"no digits to tell them apart. Take ridge={-2 * float(rates[0]):.1g} or more, or "
                "leave one of each pair out."
            )
        return torch.where(rates > rounding, rates, 0.0), modes

    @property
    def unmoved(self) -> int:
        """How many modes have no rate and are never learned, such as one per repeated input."""
        return int((self.spectrum[0] == 0).sum())

    @cached_property
    def prior(self) -> Float[Tensor, "n n"]:
        """K in the modes, Vᵀ K V."""
        modes = self.spectrum[1]
        return modes.T @ self.kernels.nngp @ modes

    @cached_property
    def wanted(self) -> Float[Tensor, "n outputs"]:
        """The targets in the modes, VᵀY."""
        return self.spectrum[1].T @ self.targets

    @cached_property
    def energies(self) -> Float[Tensor, " n"]:
        """E‖Vᵀ(Y − z(X, 0))‖² mode by mode, summed over the outputs."""
        return self.targets.shape[1] * self.prior.diagonal() + self.wanted.square().sum(1)

    def kept(self, times: Sequence[float] | Tensor) -> Float[Tensor, "t n"]:
        """exp(−τ(λ + ρ)) of every mode: what is left of its error; of unmoved modes 1.

        Raises:
            InfoplaneError: A time is negative or NaN.
        """
        return (-self._exponents(times)).exp()

    def gained(self, times: Sequence[float] | Tensor) -> Float[Tensor, "t n"]:
        """The gain f = (1 − exp(−τ(λ + ρ)))/(λ + ρ), without cancellation; of unmoved modes 0."""
        rates = self.spectrum[0]
        done = -torch.expm1(-self._exponents(times))
        return torch.where(rates > 0, done / (rates + self.ridge), 0.0)

    def remaining(self, times: Sequence[float] | Tensor) -> Float[Tensor, "t n"]:
        """1 − λ f of every mode: what is left of its initial function; ``kept`` without a ridge."""
        if not self.ridge:
            return self.kept(times)
        rates = self.spectrum[0]
        return (self.ridge + rates * self.kept(times)) / (self.ridge + rates)

    def contracted(self, times: Sequence[float] | Tensor) -> Float[Tensor, " t"]:
        """−Σ ln(1 − λ f) in nats: by how much the volume of one output's functions has shrunk.

        τ Tr Θ without a ridge, where the logarithm is never taken of a number that has become 0.
        """
        if not self.ridge:
            return self._exponents(times).sum(1)
        return -self.remaining(times).log().sum(1)

    def _exponents(self, times: Sequence[float] | Tensor) -> Float[Tensor, "t n"]:
        rates = self.spectrum[0]
        at = torch.as_tensor(times, dtype=torch.float64, device=rates.device).reshape(-1, 1)
        if not bool((at >= 0).all()):
            raise InfoplaneError(f"times={at.flatten().tolist()}: training times are at least 0.")
        return torch.where(rates > 0, at * (rates + self.ridge), 0.0)


@final
@dataclass(frozen=True, eq=False)
class Predictor:
    """The ensemble at some inputs, at any time; all outputs have one covariance.

    Attributes:
        flow: The training set.
        towards: Θ(x, X) V, shape (m, n).
        shared: K(x, X) V, shape (m, n).
        own: K(x, x′), shape (m, m).
    """

    flow: GradientFlow
    towards: Float[Tensor, "m n"]
    shared: Float[Tensor, "m n"]
    own: Float[Tensor, "m m"]

    def mean(self, times: Sequence[float]) -> Float[Tensor, "t m outputs"]:
        """μ = Θ(x, X) V f VᵀY."""
        gained = self.flow.gained(times)
        return torch.einsum("mn,tn,no->tmo", self.towards, gained, self.flow.wanted)

    def variance(self, times: Sequence[float]) -> Float[Tensor, "t m"]:
        """The diagonal of the covariance; one product of (t·m, n) with (n, n)."""
        reach = self.towards * self.flow.gained(times)[:, None, :]
        return (
            self.own.diagonal()
            + torch.linalg.vecdot(reach @ self.flow.prior, reach)
            - 2 * torch.linalg.vecdot(reach, self.shared)
        )

    def covariance(self, time: float) -> Float[Tensor, "m m"]:
        """Σ = K(x, x′) + G K Gᵀ − G K(X, x′) − K(x, X) Gᵀ with G = Θ(x, X) V f Vᵀ."""
        reach = self.towards * self.flow.gained([time])
        crossed = reach @ self.shared.T
        whole = self.own + reach @ self.flow.prior @ reach.T - crossed - crossed.T
        return 0.5 * (whole + whole.T)


@final
@dataclass(frozen=True, eq=False)
class Predicted:
    """What an ensemble says of some inputs: normal, every output with the same covariance.

    Attributes:
        mean: Shape (m, outputs).
        covariance: Shape (m, m).
    """

    mean: Float[Tensor, "m outputs"]
    covariance: Float[Tensor, "m m"]

    @property
    def variance(self) -> Float[Tensor, " m"]:
        """Of every input alone."""
        return self.covariance.diagonal()


@final
@dataclass(frozen=True, eq=False)
class Ensemble:
    """All infinitely wide networks of one architecture, trained on the same samples.

    Attributes:
        net: The architecture.
        x: Training inputs, shape (n, d) or (n, c, h, w), NumPy or torch.
        y: Their targets, shape (n,) or (n, outputs).
        ridge: Weight ρ of a decay towards the initial parameters; 0 for none.

    Raises:
        InfoplaneError: Inputs and targets do not match, or hold what is no number.
    """

    net: Architecture
    x: Numbers
    y: Numbers
    ridge: float = 0.0

    def __post_init__(self) -> None:
        given = as_tensor(self.y, "y")
        if given.ndim not in (1, 2) or len(given) != len(self.inputs):
            raise InfoplaneError(
                f"{len(self.inputs)} training inputs and targets of shape {tuple(given.shape)}: "
                "(n,) or (n, outputs) is needed."
            )

    @cached_property
    def inputs(self) -> Tensor:
        """The training inputs in float64."""
        return as_tensor(self.x, "x")

    @cached_property
    def flow(self) -> GradientFlow:
        """Kernels and modes of the training set, computed once."""
        targets = as_tensor(self.y, "y").reshape(len(self.inputs), -1)
        return GradientFlow(self.net.kernels(self.inputs), targets, self.ridge)

    def predictor(self, x: Numbers | None = None) -> Predictor:
        """For many times at the same inputs, whose kernels are computed once.

        Args:
            x: Inputs; None for the training inputs.
        """
        modes = self.flow.spectrum[1]
        if x is None:
            kernels = self.flow.kernels
            return Predictor(self.flow, kernels.ntk @ modes, kernels.nngp @ modes, kernels.nngp)
        across = self.net.kernels(x, self.inputs)
        own = self.net.kernels(x).nngp
        return Predictor(self.flow, across.ntk @ modes, across.nngp @ modes, own)

    def at(self, time: float) -> "Moment":
        """The ensemble after training for so long: from 0 to ``math.inf``."""
        return Moment(self, time)


@final
@dataclass(frozen=True, eq=False)
class Moment:
    """An ensemble at one training time."""

    ensemble: Ensemble
    time: float

    def __post_init__(self) -> None:
        if not self.time >= 0:
            raise InfoplaneError(f"time={self.time}: training times are at least 0.")

    def predict(self, x: Numbers | None = None) -> Predicted:
        """Mean and covariance of its outputs.

        Args:
            x: Inputs (m, d) or (m, c, h, w); None for the training inputs.

        Raises:
            InfoplaneError: The time is negative, or the training kernel is broken.
        """
        there = self.ensemble.predictor(x)
        return Predicted(there.mean([self.time])[0], there.covariance(self.time))
