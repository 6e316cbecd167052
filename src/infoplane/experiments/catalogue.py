"""All experiments by name; the command line, the tests and the docs read this list."""

from collections.abc import Mapping

from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.experiments.protocol import Experiment
from infoplane.values.errors import InfoplaneError

EXPERIMENTS: Mapping[str, type[Experiment]] = {Autoencoder.name: Autoencoder}


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
