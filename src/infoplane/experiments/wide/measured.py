"""Rows of a run: what the infinite ensemble knows, and how far finite ones are from it."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import final

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from infoplane.experiments.wide.problem import Problem
from infoplane.experiments.wide.settings import Finite, Looking
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.methods import METHODS, Method, methods_json
from infoplane.values.units import BIT, PURE
from infoplane.wide.architecture import Architecture
from infoplane.wide.dynamics import Ensemble, Predictor
from infoplane.wide.information import Information, information, input_information
from infoplane.wide.networks import Networks, trained
from infoplane.wide.path import (
    displacement,
    fisher_trace,
    parameter_information,
    path_energy,
    training_information,
)

UPPER, LOWER = "upper", "lower"
"""The two bounds on I(X;Z|D), which stand where a plane has its estimators."""
OUTPUT = "output"
CROSS = (0.0, 1.0)
"""The conventions of the cross term in I(Θ;D) that are told side by side."""
CURVE = np.linspace(0.0, 8.0, 81)
"""Rates in bits at which the exact curve is drawn."""
_WORDS = {
    "I_ZD": ("I(output; data | new inputs), upper bound", BIT),
    "bayes": ("Bayes loss of a new target", BIT),
    "gibbs": ("Gibbs loss of a new target", BIT),
    "squared_test": ("squared error, new samples", PURE),
}


@final
class Infinite:
    """The infinite ensemble of one problem at all times."""

    def __init__(self, net: Architecture, problem: Problem, looking: Looking, seed: int) -> None:
        self.ensemble = Ensemble(net, problem.x, problem.y)
        self.problem, self.looking, self.seed = problem, looking, seed
        self.times = looking.times

    @cached_property
    def found(self) -> Information:
        """Bounds at all times."""
        return information(
            self.ensemble,
            self.problem.new_x,
            self.problem.new_y,
            self.times,
            target=self.problem.target,
            batches=self.looking.batches,
            draws=self.looking.draws,
            seed=self.seed,
        )

    @cached_property
    def there(self) -> list[Predictor]:
        """The ensemble at every batch, for what finite networks are compared with."""
        size = self.looking.batch_size
        inputs = self.problem.new_x.split(size)[: self.looking.batches]
        return [self.ensemble.predictor(one) for one in inputs]

    @cached_property
    def _path(self) -> dict[str, Tensor]:
        flow = self.ensemble.flow
        at = self.ensemble.predictor()
        off = (at.mean(self.times) - flow.targets).square().mean((1, 2))
        return {
            "squared_train": off + at.variance(self.times).mean(1),
            "I_ZD_train": training_information(flow, self.times),
            "I_theta": torch.stack(
                [parameter_information(flow, self.times, cross=one) for one in CROSS], 1
            ),
            "energy": path_energy(flow, self.times),
            "displacement": displacement(flow, self.times),
        }

    @cached_property
    def ceilings(self) -> np.ndarray | None:
        """The most that can be told of the target at the upper bounds, (t, batch); or None."""
        if self.problem.exact is None:
            return None
        rates = self.found.input_upper.clamp_min(0.0).numpy()  # a bound below 0 says: nothing
        return self.problem.exact.curve(rates.ravel()).reshape(rates.shape)

    def values(self, i: int) -> dict[str, xr.DataArray]:
        """Everything at one time."""
        found, path = self.found, self._path
        both = torch.stack([found.input_upper[i], found.input_lower[i]]).numpy()
        told = np.broadcast_to(found.target_lower[i].numpy(), both.shape)
        values = {
            "time": scalar(self.times[i], "training time τ", PURE),
            "I_XT": _on_plane(both, "I(input; output | data)", self.looking, method=True),
            "I_TY": _on_plane(told, "I(output; target | data), lower bound", self.looking),
            "squared_train": scalar(path["squared_train"][i], "squared error, trained on", PURE),
            "I_ZD_train": scalar(
                path["I_ZD_train"][i], "I(output; data | trained inputs), upper bound"
            ),
            "I_theta": xr.DataArray(
                path["I_theta"][i].numpy(),
                {"cross": list(CROSS)},
                ("cross",),
                attrs={"long_name": "I(parameters; data), upper bound", "unit": BIT},
            ),
            "energy": scalar(path["energy"][i], "path energy in the Fisher metric", PURE),
            "displacement": scalar(path["displacement"][i], "E‖θ(τ) − θ(0)‖²", PURE),
            "fisher": scalar(fisher_trace(self.ensemble.flow), "trace of the Fisher matrix", PURE),
        }
        of_batch = {
            "I_ZD": found.data,
            "bayes": found.bayes,
            "gibbs": found.gibbs,
            "squared_test": found.squared,
        }
        for name, numbers in of_batch.items():
            values[name] = per_batch(numbers[i], *_WORDS[name])
        if self.ceilings is not None:
            values["ceiling_TY"] = per_batch(
                self.ceilings[i], "most that can be told of the target", BIT
            )
        return values

    def curve(self) -> dict[str, xr.DataArray]:
        """The exact curve, if it is known."""
        if self.problem.exact is None:
            return {}
        words = {"long_name": "I(T;Y) of the exact bottleneck", "unit": BIT}
        relevances = self.problem.exact.curve(CURVE)
        return {"exact": xr.DataArray(relevances, {"rate": CURVE}, ("rate",), attrs=words)}


@final
class Beside:
    """Finite ensembles of several widths, trained to the times that their updates reach."""

    def __init__(self, infinite: Infinite, settings: Finite, seed: int, device: str) -> None:
        self.infinite, self.settings = infinite, settings
        flow, net = infinite.ensemble.flow, infinite.ensemble.net
        step = settings.rate / float(flow.spectrum[0][-1])
        self.times = reached(infinite.times, step, settings.updates) if settings.widths else ()
        x = infinite.problem.x
        self.networks = {
            width: Networks(
                net,
                x.shape[1:],
                width=width,
                copies=settings.copies,
                seed=seed,
                dtype=torch.float32,
                device=device,
            )
            for width in settings.widths
        }
        self._training = {
            width: trained(one, x, flow.targets, self.times, step=step)
            for width, one in self.networks.items()
        }

    def values(self, i: int) -> dict[str, xr.DataArray]:
        """Where the ensembles are at one time, along "width"; none if they do not reach it."""
        if i >= len(self.times):
            return {}
        rows = []
        for width, networks in self.networks.items():
            next(self._training[width])
            rows.append(self._of_width(networks, i))
        names = {
            "finite_XT": ("I(input; output | data), upper bound", BIT),
            "finite_TY": ("I(output; target | data), lower bound", BIT),
            "apart_mean": ("distance of means, in standard deviations", PURE),
            "apart_variance": ("relative distance of variances", PURE),
        }
        return {
            name: xr.DataArray(
                np.stack([one[name] for one in rows]),
                {"width": list(self.networks)},
                ("width", "batch"),
                attrs={"long_name": words, "unit": unit},
            )
            for name, (words, unit) in names.items()
        }

    def _of_width(self, networks: Networks, i: int) -> dict[str, np.ndarray]:
        """Both informations of a normal distribution with their moments; and root mean squares."""
        infinite, time = self.infinite, self.infinite.times[i]
        means, variances = _moments(networks, self._inputs())
        mean = torch.stack([one.mean([time])[0] for one in infinite.there])[..., 0]
        variance = torch.stack([one.variance([time])[0] for one in infinite.there])
        targets = infinite.problem.new_y[: mean.numel()].reshape(*mean.shape, 1)
        upper = [
            input_information(
                one[:, None],
                spread,
                draws=infinite.looking.draws,
                seed=infinite.seed,
                batch=batch,
            )[1]
            for batch, (one, spread) in enumerate(zip(means, variances, strict=True))
        ]
        told = infinite.problem.target.told(means[None, ..., None], variances[None], targets)
        return {
            "finite_XT": np.array(upper),
            "finite_TY": told[0].numpy(),
            "apart_mean": ((means - mean).square() / variance).mean(1).sqrt().numpy(),
            "apart_variance": (variances / variance - 1).square().mean(1).sqrt().numpy(),
        }

    def _inputs(self) -> Sequence[Tensor]:
        """New inputs, batch by batch."""
        looking = self.infinite.looking
        return self.infinite.problem.new_x.split(looking.batch_size)[: looking.batches]


def reached(times: Sequence[float], step: float, updates: int) -> tuple[float, ...]:
    """The first of the times, as many as so many updates of at most that step reach."""
    now, left, found = 0.0, updates, []
    for time in times:
        left -= math.ceil((time - now) / step - 1e-9)
        if left < 0:
            break
        found.append(time)
        now = time
    return tuple(found)


def _moments(networks: Networks, inputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and variance over the networks at every input, (batch, n) each."""
    with torch.no_grad():
        outputs = [networks(one)[..., 0].double().cpu() for one in inputs]
    return (
        torch.stack([one.mean(0) for one in outputs]),
        torch.stack([one.var(0) for one in outputs]),
    )


def scalar(value: float | Tensor, words: str, unit: str = BIT) -> xr.DataArray:
    """One number with what it is."""
    return xr.DataArray(float(value), attrs={"long_name": words, "unit": unit})


def per_batch(values: Tensor | np.ndarray, words: str, unit: str) -> xr.DataArray:
    """One number for every batch."""
    attributes = {"long_name": words, "unit": unit}
    return xr.DataArray(np.asarray(values), dims=("batch",), attrs=attributes)


def _on_plane(
    values: np.ndarray, words: str, looking: Looking, method: bool = False
) -> xr.DataArray:
    """Along estimator, batch and layer, as on every information plane."""
    tops = {UPPER: math.inf, LOWER: math.log2(looking.batch_size)}
    attributes: dict[str, object] = {
        "long_name": words,
        "unit": BIT,
        "n": looking.batch_size,
        CEILINGS: ceilings_json(tops if method else dict.fromkeys(tops, math.inf)),
    }
    if method:
        attributes[METHODS] = methods_json(_methods(looking.draws))
    coords = {"estimator": [UPPER, LOWER], "layer": [OUTPUT]}
    return xr.DataArray(
        values[..., None], coords, ("estimator", "batch", "layer"), attrs=attributes
    )


def _methods(draws: int) -> Mapping[str, Method]:
    parameters = json.dumps({"draws": draws})
    return {
        UPPER: Method(
            "the upper bound with the mean over the other inputs of a batch for p(z), "
            f"{draws} draws at every input",
            ("poole2019variational",),
            parameters=parameters,
        ),
        LOWER: Method(
            "the lower bound with the input itself in that mean, at most log₂ n",
            ("poole2019variational",),
            parameters=parameters,
        ),
    }
