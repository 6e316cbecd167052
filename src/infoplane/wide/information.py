"""What an infinite ensemble of infinitely wide networks knows, at every time of its training.

Bits outside. Z is the output of one network drawn from the ensemble, for given data D: normal with
a known mean and variance at every input, though every single network is deterministic.

Source: shwartzziv2019information; its formulas are from memory, and were derived anew.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.quantities.diagonal import Diagonal, log_densities, sandwich
from infoplane.quantities.normal import divergence
from infoplane.values.errors import InfoplaneError
from infoplane.values.seeds import stream
from infoplane.values.units import LN2
from infoplane.wide.arrays import Numbers, as_tensor
from infoplane.wide.dynamics import EPS, Ensemble, Predictor
from infoplane.wide.relevance import Target


@final
@dataclass(frozen=True, eq=False)
class Information:
    """What was found on inputs that were not trained on, at every time and in every batch.

    Attributes:
        times: τ, shape (t,).
        input_lower: A lower bound on I(X;Z|D), at most log2 n of n inputs; (t, batch), bit.
        input_upper: An upper bound on I(X;Z|D); (t, batch), bit.
        target_lower: A lower bound on I(Z;Y|D); (t, batch), bit.
        data: An upper bound on I(Z;D|X) at the batch's inputs together; (t, batch), bit.
        bayes: −log2 N(Y; μ, Σ + 1) of one target; (t, batch), bit.
        gibbs: −E log2 N(y; z, 1) of one target; (t, batch), bit.
        squared: E(z − y)² of one target; (t, batch), in squared units of the targets.
    """

    times: Float[Tensor, " t"]
    input_lower: Float[Tensor, "t batch"]
    input_upper: Float[Tensor, "t batch"]
    target_lower: Float[Tensor, "t batch"]
    data: Float[Tensor, "t batch"]
    bayes: Float[Tensor, "t batch"]
    gibbs: Float[Tensor, "t batch"]
    squared: Float[Tensor, "t batch"]

    def lagrangian(self, beta: float) -> Float[Tensor, "t batch"]:
        """I(X;Z|D) − β I(Z;Y|D) in bits, of the upper and the lower bound: itself an upper bound.

        Args:
            beta: β ≥ 0, what relevance weighs.

        Raises:
            InfoplaneError: It is negative.
        """
        if not beta >= 0:
            raise InfoplaneError(f"beta={beta}: it is at least 0.")
        return self.input_upper - beta * self.target_lower


def information(
    ensemble: Ensemble,
    x: Numbers,
    y: Numbers,
    times: Sequence[float],
    *,
    target: Target,
    batches: int = 5,
    draws: int = 8,
    seed: int = 0,
) -> Information:
    """Bounds on what the ensemble knows of inputs, targets and data, in bits.

    Args:
        ensemble: What was trained.
        x: Inputs that were not trained on, shape (n, …), in random order.
        y: Their targets, shape (n,) or (n, outputs).
        times: Training times, 0 and ``math.inf`` included.
        target: What is known of Y: ``NormalTarget`` or ``ClassTarget``.
        batches: Into so many parts the inputs are cut; what does not fill a part is left out.
        draws: Of Z at every input.
        seed: Of the draws.

    Raises:
        InfoplaneError: Too few inputs, or Z has no spread at some, as at training inputs late.
    """
    if not len(times):
        raise InfoplaneError("No times were asked for; 0 and math.inf are times, too.")
    x, y = as_tensor(x, "x"), as_tensor(y, "y")
    size = len(x) // batches
    if batches < 2 or size < 2 or len(y) != len(x):
        raise InfoplaneError(
            f"{len(x)} inputs and {len(y)} targets in {batches} batches: at least two batches of "
            "at least two inputs with a target each are needed."
        )
    targets = y.reshape(len(x), -1)[: batches * size].unflatten(0, (batches, size))
    inputs = x[: batches * size].unflatten(0, (batches, size))
    there = [ensemble.predictor(one) for one in inputs]
    mean = torch.stack([one.mean(times) for one in there], 1)
    variance = torch.stack([one.variance(times) for one in there], 1)
    _require_spread(variance, there)
    bounds = [
        [
            input_information(mean[i, b], variance[i, b], draws=draws, seed=seed, batch=b)
            for b in range(batches)
        ]
        for i in range(len(times))
    ]
    known = [
        [_of_outputs(there[b], targets[b], mean[i, b], time) for b in range(batches)]
        for i, time in enumerate(times)
    ]
    off = (mean - targets).square().sum(-1) + targets.shape[-1] * variance
    gibbs = 0.5 * off.mean(-1) / LN2 + 0.5 * targets.shape[-1] * math.log2(2 * math.pi)
    lower, upper = torch.tensor(bounds, dtype=torch.float64).to(mean).unbind(-1)
    data, bayes = torch.tensor(known, dtype=torch.float64).to(mean).unbind(-1)
    return Information(
        times=torch.as_tensor(times, dtype=torch.float64),
        input_lower=lower,
        input_upper=upper,
        target_lower=target.told(mean, variance, targets),
        data=data,
        bayes=bayes,
        gibbs=gibbs,
        squared=off.mean(-1) / targets.shape[-1],
    )


def input_information(
    mean: Float[Tensor, "n outputs"],
    variance: Float[Tensor, " n"],
    *,
    draws: int,
    seed: int,
    batch: int = 0,
) -> tuple[float, float]:
    """Lower and upper bound on I(X;Z|D) in bits, of Z|x ~ N(μ(x), Σ(x, x)).

    Args:
        mean: μ at n inputs.
        variance: Σ(x, x), the same for all outputs.
        draws: Of Z at every input; the same standard normal numbers at every time.
        seed: Of the draws.
        batch: Number of the batch, which has draws of its own.

    Source: poole2019variational.
    """
    n, outputs = mean.shape
    code = Diagonal(mean, variance.sqrt()[:, None].expand(-1, outputs))
    generator = stream(seed, "wide", "draws", batch)
    noise = torch.randn(draws, n, outputs, generator=generator, dtype=torch.float64).to(mean)
    z = code.drawn(noise)
    lower, upper = sandwich(code.log_density(z), log_densities(z.flatten(0, 1), code))
    return float(lower) / LN2, float(upper) / LN2


def data_information(there: Predictor, time: float) -> Float[Tensor, ""]:
    """KL(N(μ, Σ) ‖ N(0, K)) in bits of all outputs at some inputs: a bound on I(Z;D|X) there.

    The prior is what is expected without data, and in the place of the mean over all data sets; the
    bound is in expectation over data sets, of which this is one. 0 at τ = 0.

    Args:
        there: The ensemble at the inputs.
        time: τ.

    Raises:
        InfoplaneError: K is singular at these inputs.
    """
    return _divergence(there, there.mean([time])[0], there.covariance(time))


def bayes_loss(
    mean: Float[Tensor, "n outputs"],
    covariance: Float[Tensor, "n n"],
    y: Float[Tensor, "n outputs"],
) -> Float[Tensor, ""]:
    """−log2 N(Y; μ, Σ + 1) in bits, of all targets together."""
    noisy = covariance + torch.eye(len(covariance)).to(covariance)
    normal = torch.distributions.MultivariateNormal(mean.T, noisy, validate_args=False)
    return -normal.log_prob(y.T).sum() / LN2


def _of_outputs(
    there: Predictor, y: Tensor, mean: Float[Tensor, "n outputs"], time: float
) -> tuple[float, float]:
    """I(Z;D|X) and the Bayes loss of one target: what needs the whole covariance."""
    covariance = there.covariance(time)
    known = _divergence(there, mean, covariance)
    return float(known), float(bayes_loss(mean, covariance, y)) / y.numel()


def _divergence(there: Predictor, mean: Tensor, covariance: Tensor) -> Tensor:
    return divergence(mean, covariance, torch.zeros_like(mean), there.own)


def _require_spread(variance: Tensor, there: Sequence[Predictor]) -> None:
    """Refuses inputs at which all members agree, so that I(X;Z|D) is infinite.

    Raises:
        InfoplaneError: There are some.
    """
    prior = torch.stack([one.own.diagonal() for one in there])
    flat = int((variance <= 1e3 * EPS * prior).any(0).sum())
    if flat:
        raise InfoplaneError(
            f"At {flat} of {prior.numel()} inputs all networks say the same at some time, as they "
            "do of inputs that they were trained on: I(X;Z|D) is infinite. Ask of other inputs, or "
            "at earlier times."
        )
