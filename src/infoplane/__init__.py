"""Activations in, bits out, and every bit comes with the evidence that it means something."""

import random
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infoplane.engine.cluster import RayCluster as RayCluster
    from infoplane.engine.grid import grid as grid
    from infoplane.engine.local import Local as Local
    from infoplane.experiments.autoencoder.experiment import Autoencoder as Autoencoder
    from infoplane.measures.evidence import Batched as Batched
    from infoplane.measures.evidence import WithNull as WithNull
    from infoplane.measures.front import entropy as entropy
    from infoplane.measures.front import mutual_information as mutual_information
    from infoplane.measures.renyi import Renyi as Renyi
    from infoplane.numerics.bandwidth import Alignment as Alignment
    from infoplane.numerics.bandwidth import Fixed as Fixed
    from infoplane.numerics.bandwidth import LeeJo as LeeJo
    from infoplane.numerics.bandwidth import MedianDistance as MedianDistance
    from infoplane.numerics.bandwidth import Silverman as Silverman
    from infoplane.numerics.bandwidth import Tapia as Tapia
    from infoplane.observe.tokens import Tokens as Tokens
    from infoplane.record.schedule import EvenlySpaced as EvenlySpaced
    from infoplane.record.schedule import Every as Every
    from infoplane.record.schedule import LogSpaced as LogSpaced
    from infoplane.runs import Run as Run
    from infoplane.runs import run as run
    from infoplane.sweeping import Sweep as Sweep
    from infoplane.sweeping import sweep as sweep
    from infoplane.values.errors import InfoplaneError as InfoplaneError
    from infoplane.values.errors import InfoplaneWarning as InfoplaneWarning
    from infoplane.values.estimate import Estimate as Estimate
    from infoplane.watching.checkpoints import watch_checkpoints as watch_checkpoints
    from infoplane.watching.flow import Flow as Flow
    from infoplane.watching.lightning import LightningWatch as LightningWatch
    from infoplane.watching.tensorboard import TensorBoardRows as TensorBoardRows
    from infoplane.watching.transformers import TransformersWatch as TransformersWatch
    from infoplane.watching.watch import watch as watch

__version__ = "0.1.0"

_HOMES = {
    # questions
    "entropy": "measures.front",
    "mutual_information": "measures.front",
    # estimators, and evidence for any of them
    "Renyi": "measures.renyi",
    "Batched": "measures.evidence",
    "WithNull": "measures.evidence",
    # kernel widths
    "Tapia": "numerics.bandwidth",
    "Silverman": "numerics.bandwidth",
    "LeeJo": "numerics.bandwidth",
    "MedianDistance": "numerics.bandwidth",
    "Alignment": "numerics.bandwidth",
    "Fixed": "numerics.bandwidth",
    # your own loop
    "watch": "watching.watch",
    "Tokens": "observe.tokens",
    "Flow": "watching.flow",
    "LogSpaced": "record.schedule",
    "EvenlySpaced": "record.schedule",
    "Every": "record.schedule",
    # somebody's trainer, or what a training left
    "LightningWatch": "watching.lightning",
    "TransformersWatch": "watching.transformers",
    "watch_checkpoints": "watching.checkpoints",
    "TensorBoardRows": "watching.tensorboard",
    # experiments: one, or many over settings and seeds
    "Autoencoder": "experiments.autoencoder.experiment",
    "run": "runs",
    "grid": "engine.grid",
    "sweep": "sweeping",
    "Local": "engine.local",
    "RayCluster": "engine.cluster",
    # what comes back
    "Run": "runs",
    "Sweep": "sweeping",
    "Estimate": "values.estimate",
    "InfoplaneError": "values.errors",
    "InfoplaneWarning": "values.errors",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:  # noqa: ANN401 — whatever the name stands for
    if name not in _HOMES:
        raise AttributeError(f"module 'infoplane' has no attribute {name!r}")
    state = random.getstate()
    try:
        return getattr(import_module(f"infoplane.{_HOMES[name]}"), name)
    finally:  # libraries may draw at random while they are imported; a training must not notice
        random.setstate(state)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
