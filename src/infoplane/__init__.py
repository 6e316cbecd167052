"""Activations in, bits out, and every bit comes with the evidence that it means something."""

import random
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import infoplane.bottleneck as bottleneck  # noqa: F401
    import infoplane.training.variational as variational  # noqa: F401
    import infoplane.wide as wide  # noqa: F401
    from infoplane.engine.cluster import RayCluster as RayCluster
    from infoplane.engine.grid import grid as grid
    from infoplane.engine.local import Local as Local
    from infoplane.experiments.autoencoder.experiment import Autoencoder as Autoencoder
    from infoplane.experiments.blackbox.bound import (
        input_compression_bound as input_compression_bound,
    )
    from infoplane.experiments.blackbox.experiment import Blackbox as Blackbox
    from infoplane.experiments.calibration.experiment import Calibration as Calibration
    from infoplane.experiments.convnet.experiment import Convnet as Convnet
    from infoplane.experiments.dual.experiment import Dual as Dual
    from infoplane.experiments.feedback.experiment import TransferFeedback as TransferFeedback
    from infoplane.experiments.layerwise.experiment import Layerwise as Layerwise
    from infoplane.experiments.regularised.experiment import Regularised as Regularised
    from infoplane.experiments.transfer.experiment import LayerTransfers as LayerTransfers
    from infoplane.experiments.wide.experiment import Wide as Wide
    from infoplane.measures.counting.binned import Binned as Binned
    from infoplane.measures.counting.decomposition import decompose as decompose
    from infoplane.measures.counting.plugin import PlugIn as PlugIn
    from infoplane.measures.evidence.null import Batched as Batched
    from infoplane.measures.evidence.null import WithNull as WithNull
    from infoplane.measures.evidence.null import significant as significant
    from infoplane.measures.evidence.resampling import Bootstrapped as Bootstrapped
    from infoplane.measures.evidence.resampling import Subsampled as Subsampled
    from infoplane.measures.front import (
        conditional_mutual_information as conditional_mutual_information,
    )
    from infoplane.measures.front import entropy as entropy
    from infoplane.measures.front import mutual_information as mutual_information
    from infoplane.measures.geometry.gride import Gride as Gride
    from infoplane.measures.geometry.imbalance import information_imbalance as information_imbalance
    from infoplane.measures.geometry.likelihood import LevinaBickel as LevinaBickel
    from infoplane.measures.geometry.two_nn import TwoNN as TwoNN
    from infoplane.measures.gram.renyi import Renyi as Renyi
    from infoplane.measures.gram.trio import trio as trio
    from infoplane.measures.interaction import dual_total_correlation as dual_total_correlation
    from infoplane.measures.interaction import o_information as o_information
    from infoplane.measures.interaction import total_correlation as total_correlation
    from infoplane.measures.neighbours.ksg import KSG as KSG
    from infoplane.measures.neighbours.mixed_ksg import MixedKSG as MixedKSG
    from infoplane.measures.noise.channel import NoisyChannel as NoisyChannel
    from infoplane.measures.noise.kde import PairwiseKDE as PairwiseKDE
    from infoplane.measures.noise.propagation import SamplePropagation as SamplePropagation
    from infoplane.measures.normal.gaussian import Gaussian as Gaussian
    from infoplane.measures.normal.gaussian import GaussianCopula as GaussianCopula
    from infoplane.measures.side_by_side import side_by_side as side_by_side
    from infoplane.measures.sliced import Sliced as Sliced
    from infoplane.measures.transfer.dynamics import (
        active_information_storage as active_information_storage,
    )
    from infoplane.measures.transfer.dynamics import (
        causally_conditioned_entropy as causally_conditioned_entropy,
    )
    from infoplane.measures.transfer.dynamics import directed_information as directed_information
    from infoplane.measures.transfer.dynamics import entropy_rate as entropy_rate
    from infoplane.measures.transfer.dynamics import (
        predictive_information as predictive_information,
    )
    from infoplane.measures.transfer.dynamics import (
        stochastic_interaction as stochastic_interaction,
    )
    from infoplane.measures.transfer.dynamics import (
        time_lagged_mutual_information as time_lagged_mutual_information,
    )
    from infoplane.measures.transfer.front import granger_causality as granger_causality
    from infoplane.measures.transfer.front import transfer_entropy as transfer_entropy
    from infoplane.measures.transfer.front import (
        transfer_information_energy as transfer_information_energy,
    )
    from infoplane.measures.transfer.history import History as History
    from infoplane.measures.transfer.pairwise import (
        pairwise_transfer_entropy as pairwise_transfer_entropy,
    )
    from infoplane.measures.transfer.streaming import TransferStream as TransferStream
    from infoplane.measures.transfer.surrogates import BlocksPermuted as BlocksPermuted
    from infoplane.measures.transfer.surrogates import GivenPast as GivenPast
    from infoplane.measures.transfer.surrogates import Permuted as Permuted
    from infoplane.measures.transfer.surrogates import PermutedWithin as PermutedWithin
    from infoplane.measures.transfer.surrogates import Shifted as Shifted
    from infoplane.measures.variational.critic import Critic as Critic
    from infoplane.measures.variational.estimators import MINE as MINE
    from infoplane.measures.variational.estimators import NWJ as NWJ
    from infoplane.measures.variational.estimators import SMILE as SMILE
    from infoplane.measures.variational.estimators import InfoNCE as InfoNCE
    from infoplane.numerics.bandwidth import Alignment as Alignment
    from infoplane.numerics.bandwidth import Fixed as Fixed
    from infoplane.numerics.bandwidth import LeeJo as LeeJo
    from infoplane.numerics.bandwidth import MedianDistance as MedianDistance
    from infoplane.numerics.bandwidth import Silverman as Silverman
    from infoplane.numerics.bandwidth import Tapia as Tapia
    from infoplane.numerics.binary import Above as Above
    from infoplane.numerics.binary import AboveMedian as AboveMedian
    from infoplane.numerics.binary import AtLeast as AtLeast
    from infoplane.numerics.binning import Adaptive as Adaptive
    from infoplane.numerics.binning import Distinct as Distinct
    from infoplane.numerics.binning import Edges30 as Edges30
    from infoplane.numerics.binning import FixedWidth as FixedWidth
    from infoplane.numerics.binning import Quantile as Quantile
    from infoplane.observe.tokens import Tokens as Tokens
    from infoplane.quantities.chains import exact_te as exact_te
    from infoplane.record.schedule import EvenlySpaced as EvenlySpaced
    from infoplane.record.schedule import Every as Every
    from infoplane.record.schedule import LogSpaced as LogSpaced
    from infoplane.runs import Run as Run
    from infoplane.runs import run as run
    from infoplane.sweeping import Sweep as Sweep
    from infoplane.sweeping import sweep as sweep
    from infoplane.training.objectives import RenyiEntropy as RenyiEntropy
    from infoplane.training.objectives import RenyiInformation as RenyiInformation
    from infoplane.training.transfer_feedback import TEFeedback as TEFeedback
    from infoplane.training.widths import Frozen as Frozen
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
    "conditional_mutual_information": "measures.front",
    "side_by_side": "measures.side_by_side",
    # several variables
    "total_correlation": "measures.interaction",
    "dual_total_correlation": "measures.interaction",
    "o_information": "measures.interaction",
    "trio": "measures.gram.trio",
    "decompose": "measures.counting.decomposition",
    # series: what passes from one to another, what one stores
    "active_information_storage": "measures.transfer.dynamics",
    "causally_conditioned_entropy": "measures.transfer.dynamics",
    "directed_information": "measures.transfer.dynamics",
    "entropy_rate": "measures.transfer.dynamics",
    "predictive_information": "measures.transfer.dynamics",
    "stochastic_interaction": "measures.transfer.dynamics",
    "time_lagged_mutual_information": "measures.transfer.dynamics",
    "transfer_entropy": "measures.transfer.front",
    "transfer_information_energy": "measures.transfer.front",
    "granger_causality": "measures.transfer.front",
    "exact_te": "quantities.chains",
    "History": "measures.transfer.history",
    "pairwise_transfer_entropy": "measures.transfer.pairwise",
    "TransferStream": "measures.transfer.streaming",
    # how surrogates move a source in time
    "BlocksPermuted": "measures.transfer.surrogates",
    "Permuted": "measures.transfer.surrogates",
    "PermutedWithin": "measures.transfer.surrogates",
    "GivenPast": "measures.transfer.surrogates",
    "Shifted": "measures.transfer.surrogates",
    # numbers as two states
    "Above": "numerics.binary",
    "AboveMedian": "numerics.binary",
    "AtLeast": "numerics.binary",
    # estimators
    "Renyi": "measures.gram.renyi",
    "KSG": "measures.neighbours.ksg",
    "MixedKSG": "measures.neighbours.mixed_ksg",
    "Gaussian": "measures.normal.gaussian",
    "GaussianCopula": "measures.normal.gaussian",
    "PlugIn": "measures.counting.plugin",
    "Binned": "measures.counting.binned",
    "PairwiseKDE": "measures.noise.kde",
    "NoisyChannel": "measures.noise.channel",
    "SamplePropagation": "measures.noise.propagation",
    "Sliced": "measures.sliced",
    "MINE": "measures.variational.estimators",
    "NWJ": "measures.variational.estimators",
    "InfoNCE": "measures.variational.estimators",
    "SMILE": "measures.variational.estimators",
    "Critic": "measures.variational.critic",
    # evidence for any of them
    "Batched": "measures.evidence.null",
    "WithNull": "measures.evidence.null",
    "Bootstrapped": "measures.evidence.resampling",
    "Subsampled": "measures.evidence.resampling",
    "significant": "measures.evidence.null",
    # bins
    "FixedWidth": "numerics.binning",
    "Edges30": "numerics.binning",
    "Quantile": "numerics.binning",
    "Adaptive": "numerics.binning",
    "Distinct": "numerics.binning",
    # dimension and distance
    "TwoNN": "measures.geometry.two_nn",
    "LevinaBickel": "measures.geometry.likelihood",
    "Gride": "measures.geometry.gride",
    "information_imbalance": "measures.geometry.imbalance",
    # kernel widths
    "Tapia": "numerics.bandwidth",
    "Silverman": "numerics.bandwidth",
    "LeeJo": "numerics.bandwidth",
    "MedianDistance": "numerics.bandwidth",
    "Alignment": "numerics.bandwidth",
    "Fixed": "numerics.bandwidth",
    # losses
    "RenyiInformation": "training.objectives",
    "RenyiEntropy": "training.objectives",
    "Frozen": "training.widths",
    "TEFeedback": "training.transfer_feedback",
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
    "Blackbox": "experiments.blackbox.experiment",
    "input_compression_bound": "experiments.blackbox.bound",
    "Calibration": "experiments.calibration.experiment",
    "Convnet": "experiments.convnet.experiment",
    "Dual": "experiments.dual.experiment",
    "TransferFeedback": "experiments.feedback.experiment",
    "LayerTransfers": "experiments.transfer.experiment",
    "Layerwise": "experiments.layerwise.experiment",
    "Regularised": "experiments.regularised.experiment",
    "Wide": "experiments.wide.experiment",
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
_PACKAGES = {
    # theory: solve, curve, thresholds and more of a given joint distribution
    "bottleneck": "bottleneck",
    # infinite ensembles of infinitely wide networks: kernels, training, information
    "wide": "wide",
    # losses for a network with a normal code: vib, ceb, vdual, and what they are made of
    "variational": "training.variational",
}
"""Names that stand for a whole package."""
__all__ = sorted({*_HOMES, *_PACKAGES})


def __getattr__(name: str) -> Any:  # noqa: ANN401 — whatever the name stands for
    if name not in __all__:
        raise AttributeError(f"module 'infoplane' has no attribute {name!r}")
    state = random.getstate()
    try:
        if name in _PACKAGES:
            return import_module(f"infoplane.{_PACKAGES[name]}")
        return getattr(import_module(f"infoplane.{_HOMES[name]}"), name)
    finally:  # libraries may draw at random while they are imported; a training must not notice
        random.setstate(state)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
