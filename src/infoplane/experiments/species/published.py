"""What the authors' own figures show, read off them by pixel: ±0.05 bit, ±0.02 in log₁₀ loss.

The figures are those of the notebooks published with the code (lee2021information), one run of
every species and data set without a seed. How far a run may lie from them is our choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from infoplane.experiments.species.settings import preset
from infoplane.values.trace import Trace, settings_of

WITHIN = 0.5
"""Bits within which a number counts as reproduced."""
APART = 0.9
"""Bits by which two ends may lie nearer to each other than the published ones."""
FACTOR = 1.4
"""By so much the ratio of two losses may be less than the published one."""
SOURCE = "lee2021information, figures of the authors' notebooks, read off by pixel"
SHARE = 0.12
"""Relative deviation within which a final test loss counts as reproduced."""
DRAWN_SHARE = 0.03
"""The same of the variational species."""


@final
@dataclass(frozen=True)
class Published:
    """One species on one data set.

    Attributes:
        peak: Largest I(X;Z) in bits, None where the curve has no peak to speak of.
        end: I(X;Z) at the end, in bits.
        loss: Test loss at the end, penalties included; nats per image of the variational one.
        train_loss: Training loss at the end, where it differs from that of the test.
        encoder: I(X;T) of the encoder's layers before the code at the end, outermost first.
        to_output: I(Z;X′) at the end, where it differs from I(X;Z).
    """

    peak: float | None
    end: float
    loss: float
    train_loss: float | None = None
    encoder: tuple[float, ...] = ()
    to_output: float | None = None


FIGURES: Mapping[str, Mapping[str, Published]] = {
    "mnist": {
        "vanilla": Published(5.23, 3.62, 0.0058),
        "sparse": Published(4.81, 0.79, 0.0085),
        "tied-published": Published(6.39, 6.37, 0.0163),
        "deep": Published(4.44, 2.83, 0.0062, encoder=(6.52, 5.02)),
        "overfit": Published(None, 5.23, 0.0277, train_loss=0.0066, encoder=(6.64, 6.34)),
        "variational": Published(None, 6.64, 141.0, encoder=(6.57, 2.78), to_output=6.15),
        "label": Published(1.33, 1.22, 0.0200, encoder=(6.60, 5.60)),
    },
    "fashion": {
        "vanilla": Published(5.08, 3.56, 0.0105),
        "sparse": Published(3.93, 0.88, 0.0111),
        "tied-published": Published(5.96, 5.96, 0.0180),
        "deep": Published(4.27, 3.72, 0.0112, encoder=(6.44, 5.32)),
        "overfit": Published(None, 4.94, 0.0219, train_loss=0.0126),
        "variational": Published(None, 6.64, 247.0, to_output=6.38),
        "label": Published(None, 1.2, 0.0213),
    },
    "emnist": {
        "vanilla": Published(5.05, 3.36, 0.0057),
        "sparse": Published(5.08, 0.36, 0.0067),
        "tied-published": Published(6.42, 6.38, 0.0163),
        "deep": Published(4.28, 2.04, 0.0042, encoder=(6.45, 4.21)),
        "overfit": Published(None, 5.39, 0.0324, train_loss=0.0063),
        "variational": Published(None, 6.64, 160.0, to_output=6.62),
        "label": Published(1.41, 1.48, 0.0152),
    },
}
"""By data set and species."""


def figures(trace: Trace) -> Mapping[str, Published]:
    """What was published for just these settings; nothing where one of them differs."""
    settings = settings_of(trace)
    dataset = str(settings.get("dataset"))
    known = FIGURES.get(dataset, {})
    return {name: one for name, one in known.items() if _as_published(settings, dataset, name)}


def _as_published(settings: Mapping[str, Any], dataset: str, species: str) -> bool:
    own = preset(dataset, species)
    published = {
        "code_size": own.code_size,
        "training.steps": own.steps,
        "rules.gamma": own.gamma,
        "training.batch_size": 100,
        "training.learning_rate": 0.005,
        "rules.alpha": 1.01,
        "probing.probe_size": 100,
    }
    return all(settings.get(name) in (None, value) for name, value in published.items())
