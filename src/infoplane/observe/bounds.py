"""What a stochastic code provably keeps, at most, of its input, and tells, at least, of the class.

Every bound has its own name, and says what it bounds. They are means over samples, and over draws
of the code; only the draws make them err, so that on the samples themselves the data processing
inequality I(Z;Y) ≤ I(X;Z) may be held against them.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, final

import torch
import xarray as xr
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from infoplane.models.stochastic import StochasticByClass
from infoplane.observe.probe import Probe
from infoplane.observe.stopwatch import Stopwatch
from infoplane.quantities.diagonal import Diagonal, log_densities, log_mixture, sandwich
from infoplane.quantities.tables import entropy
from infoplane.record.snapshot import Snapshot
from infoplane.record.undisturbed import device_of, undisturbed
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.errors import InfoplaneError
from infoplane.values.methods import METHODS, Method, methods_json
from infoplane.values.seeds import stream
from infoplane.values.trace import Measured
from infoplane.values.units import BIT, LN2, PURE

Marginal = Literal["normal", "mixture"]
PRIOR, AGGREGATE = "prior", "aggregate"
"""The two upper bounds on I(X;Z), which stand where a plane has its estimators."""
CODE = "code"
_MEANINGS = {
    "I_XT": "I(input; code), upper bound",
    "I_TY": "I(code; class), lower bound",
    "lower_XT": "I(input; code), lower bound",
    "residual": "I(input; code | class), upper bound",
    "norm_T": "mean norm of the code's mean",
}
_WITHOUT_ESTIMATOR = ("lower_XT", "residual")


@final
@dataclass(frozen=True)
class Bounds:
    """Bounds in bits on what the code Z shares with input X and class Y, on fixed samples.

    * ``I_XT`` under "prior": E KL(e(z|x) ‖ r(z)) ≥ I(X;Z), with the r(z) that training has; and
      under "aggregate" the same with the mean of the other samples' e(z|x′) in a batch for r(z).
    * ``lower_XT`` ≤ I(X;Z): with the sample itself in that mean; at most log2 n.
    * ``residual``: E KL(e(z|x) ‖ b(z|y)) ≥ I(X;Z|Y), which is not I(X;Z).
    * ``I_TY``: H(Y) − E[−log c(y|z)] ≤ I(Z;Y), with the entropy of the probe's own labels.

    Attributes:
        probes: Samples and their classes (batch, n), by name; the last is not trained on.
        marginal: The r(z) that training has.
        frequencies: p(y) of the classes, shape (k,).
        draws: Codes drawn for every sample.
        seed: Of the draws.

    Source: alemi2017deep; fischer2020conditional; poole2019variational (aggregate and lower).
    """

    probes: Mapping[str, Probe]
    marginal: Marginal
    frequencies: Float[Tensor, " k"]
    draws: int
    seed: int

    def __call__(self, snapshot: Snapshot) -> Measured:
        """All bounds of one moment.

        Raises:
            InfoplaneError: The network has no stochastic code, or no b(z|y).
        """
        model = snapshot.model
        if not isinstance(model, StochasticByClass):
            raise InfoplaneError(
                f"A {type(model).__name__} draws no code that it knows the distribution of, by its "
                "encode, decode and by_class: leave the bounds out."
            )
        clock = Stopwatch()
        with clock.timing("bounds"), undisturbed(snapshot.model):
            seen = {
                name: self._of_probe(model, probe, name, snapshot)
                for name, probe in self.probes.items()
            }
        values = {
            name: self._labelled(name, torch.stack([one[name] for one in seen.values()]))
            for name in _MEANINGS
        }
        return Measured(values, clock.seconds)

    def _of_probe(
        self, model: StochasticByClass, probe: Probe, name: str, snapshot: Snapshot
    ) -> dict[str, Tensor]:
        """Numbers (batch,), and (estimator, batch) of the two that a plane shows."""
        labels = torch.bincount(probe.y.flatten().cpu())
        told = entropy(labels.double() / probe.y.numel())
        batches = [
            self._of_batch(
                model, x, y, stream(self.seed, "bounds", name, snapshot.step, place), snapshot.model
            )
            for place, (x, y) in enumerate(zip(probe.x, probe.y, strict=True))
        ]
        found = {key: torch.stack([one[key] for one in batches], -1) for key in batches[0]}
        found["I_TY"] = (told - found["I_TY"]).expand(2, -1)
        return found

    def _of_batch(
        self,
        model: StochasticByClass,
        x: Float[Tensor, "n *shape"],
        y: Int[Tensor, " n"],
        generator: torch.Generator,
        network: nn.Module,
    ) -> dict[str, Tensor]:
        """In bits; in the place of I(Z;Y) the cross-entropy."""
        device = device_of(network)
        code = model.encode(x.to(device))
        n, d = code.mean.shape
        noise = torch.randn(self.draws, n, d, generator=generator).to(device, code.mean.dtype)
        drawn = code.drawn(noise).flatten(0, 1)
        repeated = y.to(device).repeat(self.draws)
        lost = cross_entropy(model.decode(drawn).double(), repeated)
        code, classes = _double(code), _double(model.by_class)
        z = drawn.double()
        own = code.log_density(z.unflatten(0, (self.draws, n)))
        lower, upper = sandwich(own, log_densities(z, code))
        return {
            "I_XT": torch.stack([self._rate(code, classes, z, own), upper]) / LN2,
            "I_TY": lost / LN2,
            "lower_XT": lower / LN2,
            "residual": code.divergence(_chosen(classes, y.to(device))).mean() / LN2,
            "norm_T": code.mean.norm(dim=1).mean(),
        }

    def _rate(
        self,
        code: Diagonal,
        classes: Diagonal,
        z: Float[Tensor, "m d"],
        own: Float[Tensor, "draws n"],
    ) -> Float[Tensor, ""]:
        """E KL(e ‖ r): in closed form, or over the draws for the mixture."""
        if self.marginal == "normal":
            return code.from_standard().mean()
        weights = self.frequencies.to(z)
        return own.mean() - log_mixture(z, classes, weights).mean()

    def _labelled(self, name: str, values: Tensor) -> xr.DataArray:
        """With names of the probes, estimators and layer, and what it is."""
        numbers = values.double().cpu().numpy()
        coords: dict[str, list[str]] = {"probe": list(self.probes)}
        if name in ("I_XT", "I_TY"):
            coords["estimator"] = [PRIOR, AGGREGATE]
        dims = [*coords, "batch"]
        if name not in _WITHOUT_ESTIMATOR:
            coords["layer"], numbers = [CODE], numbers[..., None]
            dims.append("layer")
        return xr.DataArray(numbers, coords, dims, attrs=dict(self._attributes(name)))

    def _attributes(self, name: str) -> Iterator[tuple[str, object]]:
        yield "long_name", _MEANINGS[name]
        yield "unit", PURE if name == "norm_T" else BIT
        yield "n", next(iter(self.probes.values())).n
        if name in ("I_XT", "I_TY"):
            yield CEILINGS, ceilings_json(dict.fromkeys((PRIOR, AGGREGATE), math.inf))
        if name == "I_XT":
            yield METHODS, methods_json(described(self.draws))


def described(draws: int) -> dict[str, Method]:
    """Both upper bounds in words, the same of every objective, so that runs can be joined."""
    return {
        PRIOR: Method(
            "the upper bound E KL(e(z|x) ‖ r(z)) with the r(z) that training has: N(0, 1) in "
            "closed form, or under a residual rate the mixture Σ p(y) b(z|y) of the classes, "
            f"{draws} draws",
            ("alemi2017deep", "fischer2020conditional"),
            parameters=json.dumps({"draws": draws}),
        ),
        AGGREGATE: Method(
            "the upper bound with the mean of the other samples' e(z|x′) in the batch for r(z), "
            f"{draws} draws",
            ("poole2019variational",),
            parameters=json.dumps({"draws": draws}),
        ),
    }


def _double(code: Diagonal) -> Diagonal:
    return Diagonal(code.mean.double(), code.scale.double())


def _chosen(classes: Diagonal, y: Int[Tensor, " n"]) -> Diagonal:
    return Diagonal(classes.mean[y], classes.scale[y])
