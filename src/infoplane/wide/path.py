"""How far gradient flow moves the parameters of an infinitely wide network, and what they learn.

All parameters are standard normal at first, θ(0) ~ N(0, 1); outputs are independent, so that what
does not depend on the targets counts once for each.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from infoplane.values.errors import InfoplaneError
from infoplane.values.units import LN2
from infoplane.wide.dynamics import EPS, GradientFlow

Times = Sequence[float] | Tensor


def fisher_trace(flow: GradientFlow) -> Float[Tensor, ""]:
    """Tr Θ times the outputs: the trace of the Fisher information JᵀJ of z + N(0, 1), constant.

    A pure number; J is the slope of all training outputs in all parameters.
    """
    return flow.targets.shape[1] * flow.kernels.ntk.trace()


def path_energy(flow: GradientFlow, times: Times) -> Float[Tensor, " t"]:
    """∫₀^τ ‖θ′‖²_F dt in the Fisher metric, where ‖θ′‖_F = ‖z′(X)‖.

    Without a ridge ½ Tr[(K + YYᵀ) Θ (I − E²)] with E = exp(−τΘ). It is an energy: the length of
    the path squared is at most τ times it. In squared units of the targets.
    """
    rates = flow.spectrum[0]
    speeds = torch.where(rates > 0, rates.square() / (2 * (rates + flow.ridge)), 0.0)
    return (1 - flow.kept(times).square()) @ (speeds * flow.energies)


def squared_speed(flow: GradientFlow, times: Times) -> Float[Tensor, " t"]:
    """E‖θ′(τ)‖²_F, of which ``path_energy`` is the integral."""
    return flow.kept(times).square() @ (flow.spectrum[0].square() * flow.energies)


def displacement(flow: GradientFlow, times: Times) -> Float[Tensor, " t"]:
    """E‖θ(τ) − θ(0)‖² = Tr[K Θ⁻¹(I − E)²] + YᵀΘ⁻¹(I − E)²Y, without a ridge."""
    return flow.gained(times).square() @ (flow.spectrum[0] * flow.energies)


def parameter_information(flow: GradientFlow, times: Times, *, cross: float) -> Float[Tensor, " t"]:
    """An upper bound in bits on I(Θ; D): E KL(p(θ(τ)|D) ‖ p(θ(0))), for this training set.

    τ Tr Θ − c Tr[K Θ⁻¹(I − E)] + ½ E‖θ(τ) − θ(0)‖² nats without a ridge, the first two times the
    outputs. The first is the volume that gradient flow contracts, and grows without limit.

    Args:
        flow: The training set.
        times: Training times.
        cross: The convention c of the cross term E[θ(0)·(θ(τ) − θ(0))] = −c Tr[K Θ⁻¹(I − E)].
            1 for a function that is linear in θ, z = Jθ: exact. 0 if the initial function is taken
            as independent of its slopes. The number of layers for a network that is homogeneous
            of that degree (``Architecture.degree``), by Euler's theorem.

    Source: shwartzziv2019information; which c it takes is not known to us.
    """
    outputs, crossed = flow.targets.shape[1], flow.gained(times) @ flow.prior.diagonal()
    volume = outputs * (flow.contracted(times) - cross * crossed)
    return (volume + 0.5 * displacement(flow, times)) / LN2


def training_information(flow: GradientFlow, times: Times) -> Float[Tensor, " t"]:
    """KL(N(μ, Σ) ‖ N(0, K)) in bits of the outputs on the training inputs themselves.

    An upper bound on I(Z; D|X) there, in closed form: Σ = S K S with S = I − Θf, so that its volume
    is that of K times det S², which without a ridge is exp(−2 τ Tr Θ). It grows without limit,
    where on other inputs (``information.data_information``) it stays finite.

    Raises:
        InfoplaneError: K is singular, such as where an input comes twice.
    """
    n, outputs = flow.targets.shape
    values = torch.linalg.eigvalsh(flow.kernels.nngp)
    if not float(values[0]) > n * EPS * float(values[-1]):
        raise InfoplaneError(
            f"K of the training inputs is singular (eigenvalues {float(values[0]):.3g} to "
            f"{float(values[-1]):.3g}), such as where an input comes twice: leave repeated inputs "
            "out, or ask on other inputs."
        )
    inverse = torch.linalg.inv(flow.prior)
    left = flow.remaining(times)
    traces = ((left @ (flow.prior * inverse)) * left).sum(1)
    mean = (1 - left)[..., None] * flow.wanted
    apart = torch.einsum("tno,nm,tmo->t", mean, inverse, mean)
    return 0.5 * (outputs * (traces - n + 2 * flow.contracted(times)) + apart) / LN2
