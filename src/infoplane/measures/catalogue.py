"""All estimators of information by name; the laws, the calibration and the command line read it."""

from collections.abc import Mapping
from difflib import get_close_matches

from infoplane.measures.counting.binned import Binned
from infoplane.measures.counting.plugin import PlugIn
from infoplane.measures.estimator import Estimator
from infoplane.measures.gram.renyi import Renyi
from infoplane.measures.neighbours.ksg import KSG
from infoplane.measures.neighbours.mixed_ksg import MixedKSG
from infoplane.measures.noise.channel import NoisyChannel
from infoplane.measures.noise.kde import PairwiseKDE
from infoplane.measures.normal.gaussian import Gaussian, GaussianCopula
from infoplane.measures.sliced import Sliced
from infoplane.measures.variational.estimators import MINE, NWJ, SMILE, InfoNCE
from infoplane.numerics.bandwidth import MedianDistance, Silverman
from infoplane.numerics.binning import Adaptive, Edges30, FixedWidth, Quantile
from infoplane.values.errors import InfoplaneError

UNTRAINED: Mapping[str, Estimator] = {
    # kernels
    "renyi-tapia": Renyi(),
    "renyi-silverman": Renyi(bandwidth=Silverman()),
    "renyi-median": Renyi(bandwidth=MedianDistance()),
    # nearest neighbours
    "ksg": KSG(),
    "ksg-2": KSG(variant=2),
    "mixed-ksg": MixedKSG(),
    "sliced-ksg": Sliced(KSG()),
    # normal distributions
    "gaussian": Gaussian(),
    "gaussian-copula": GaussianCopula(),
    # bins and counts
    "binned-30": Binned(Edges30()),
    "binned-width": Binned(FixedWidth()),
    "binned-quantile": Binned(Quantile()),
    "binned-adaptive": Binned(Adaptive()),
    "plug-in": PlugIn(),
    "miller-madow": PlugIn("miller-madow"),
    "shrinkage": PlugIn("shrinkage"),
    # a layer with noise added
    "kde-lower": PairwiseKDE(bound="lower"),
    "kde-upper": PairwiseKDE(bound="upper"),
    "noisy": NoisyChannel(),
}
"""Each with the parameters of its papers or their code, or with ours where they tell none."""

TRAINED: Mapping[str, Estimator] = {
    "mine": MINE(),
    "nwj": NWJ(),
    "infonce": InfoNCE(),
    "smile": SMILE(),
}
"""Those that train a network: seconds to minutes for one number."""

ESTIMATORS: Mapping[str, Estimator] = {**UNTRAINED, **TRAINED}
"""All of them."""


def estimator(name: str) -> Estimator:
    """The estimator of that name.

    Raises:
        InfoplaneError: There is none.
    """
    if name not in ESTIMATORS:
        near = get_close_matches(name.lower(), ESTIMATORS, n=1)
        meant = f" Perhaps you meant {near[0]}." if near else ""
        raise InfoplaneError(
            f"There is no estimator {name!r}; there are: {', '.join(ESTIMATORS)}.{meant}"
        )
    return ESTIMATORS[name]
