"""All experiments by name; the command line, the tests and the docs read this list."""

from collections.abc import Mapping

from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.experiments.blackbox.experiment import Blackbox
from infoplane.experiments.calibration.experiment import Calibration
from infoplane.experiments.convnet.experiment import Convnet
from infoplane.experiments.dual.experiment import Dual
from infoplane.experiments.feedback.experiment import TransferFeedback
from infoplane.experiments.latent.experiment import Latent
from infoplane.experiments.layerwise.experiment import Layerwise
from infoplane.experiments.protocol import Experiment, Shown
from infoplane.experiments.regularised.experiment import Regularised
from infoplane.experiments.species.experiment import DiverseAutoencoders
from infoplane.experiments.transfer.experiment import LayerTransfers
from infoplane.experiments.watched import Watched
from infoplane.experiments.wide.experiment import Wide
from infoplane.values.errors import InfoplaneError

WATCH = "watch"
"""What the record of a network that somebody else trained calls its experiment."""
EXPERIMENTS: Mapping[str, type[Experiment]] = {
    Autoencoder.name: Autoencoder,
    Blackbox.name: Blackbox,
    Calibration.name: Calibration,
    Convnet.name: Convnet,
    DiverseAutoencoders.name: DiverseAutoencoders,
    Dual.name: Dual,
    Latent.name: Latent,
    Layerwise.name: Layerwise,
    LayerTransfers.name: LayerTransfers,
    Regularised.name: Regularised,
    Wide.name: Wide,
    TransferFeedback.name: TransferFeedback,
}


def experiment(name: str) -> type[Experiment]:
    """The experiment of that name.

    Raises:
        InfoplaneError: There is none.
    """
    if name not in EXPERIMENTS:
        raise InfoplaneError(
            f"There is no experiment {name!r}; there are: {', '.join(EXPERIMENTS)}."
        )
    return EXPERIMENTS[name]


def shown(name: str) -> type[Shown]:
    """How the results of that name are presented: an experiment's, or a watched network's.

    Raises:
        InfoplaneError: There is no such experiment.
    """
    return Watched if name == WATCH else experiment(name)
