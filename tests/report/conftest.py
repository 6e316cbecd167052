"""Made-up panels and findings that look like a real report: 8 layers, 80 steps, 100 samples."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from infoplane.values.finding import Finding, Interval, Reading
from infoplane.values.panel import Axis, Panel, Series, Strip

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> & %{x}"
LAYERS = ("enc 500", "enc 250", "enc 50", "enc 5", "dec 50", "dec 250", "dec 500", "out 784")
STEPS = np.unique(np.rint(np.geomspace(1, 12001, 80)).astype(int)) - 1
CEILING = math.log2(100)
INPUT = Axis("I(X;T)", "bit")
OUTPUT = Axis("I(T;X′)", "bit")


def trajectory(depth: int, name: str, sharp: float) -> Series:
    """A layer's path: it rises to its capacity, and less the nearer it is to the bottleneck."""
    random = np.random.default_rng(depth)
    progress = 1 / (1 + np.exp(-(np.log1p(STEPS) - 4 - 0.25 * depth) * sharp))
    capacity = CEILING * (0.97 - 0.12 * (3.5 - abs(depth - 3.5)))
    start = 0.75 - 0.06 * depth
    x = capacity * (start + (0.98 - start) * progress) + random.normal(0, 0.03, len(STEPS))
    y = capacity * (0.12 + 0.02 * depth) + random.normal(0, 0.05, len(STEPS))
    y += (0.96 * x - y) * progress**1.5
    error = 0.06 + 0.12 * (1 - progress)
    rare = np.where(np.arange(len(STEPS)) % 8 == 0, 0.3, np.nan)
    return Series(
        name,
        x,
        y,
        x_error=error,
        y_error=1.3 * error,
        at=STEPS,
        of=name,
        beside={"I(X;T) after shuffling [bit]": rare, "S(T) [bit]": x + 0.15, "width σ": y * 0 + 2},
    )


def plane(
    title: str, sharp: float, names: tuple[str, ...] = LAYERS, group: str = "", side: str = ""
) -> Panel:
    layers = tuple(trajectory(depth, name, sharp) for depth, name in enumerate(names))
    caption = (
        "Each layer moves from the lower left to the upper right while the network learns. "
        "Crosses are ± 1 standard error over 5 probe batches."
    )
    return Panel(
        f"plane {sharp}{side}",
        title,
        caption,
        INPUT,
        OUTPUT,
        layers,
        bisector=True,
        ceiling=CEILING,
        plane=True,
        group=group,
        side=side,
    )


def curves(names: tuple[str, ...] = LAYERS) -> Panel:
    series = []
    for depth, name in enumerate(names):
        path = trajectory(depth, name, 1.2)
        y = path.y.copy()
        y[20:23] = np.nan
        series.append(Series(name, STEPS + 1.0, y, None, path.y_error, STEPS, of=name))
        null = np.full(len(STEPS), np.nan)
        null[:: len(STEPS) // 4] = 0.2 + 0.08 * depth
        series.append(
            Series(
                f"{name} null",
                STEPS + 1.0,
                null,
                None,
                np.full_like(null, 0.03),
                STEPS,
                dashed=True,
                of=name,
            )
        )
    return Panel(
        "curves",
        "Information about the output, I(T;X′)",
        "Solid: estimate with ± 1 standard error. Dashed: its mean under permutation (null). "
        "The abscissa is the training step plus one, so that step 0 has a place.",
        Axis("training step + 1", log=True),
        OUTPUT,
        tuple(series),
        ceiling=CEILING,
    )


def losses() -> Panel:
    """Curves that are about no layer."""
    falling = 0.3 / (1 + np.log1p(STEPS))
    series = tuple(
        Series(name, STEPS + 1.0, scale * falling, at=STEPS)
        for name, scale in (("training", 1.0), ("test", 1.1))
    )
    axis = Axis("training step + 1", log=True)
    return Panel("loss", "Loss", "Mean squared error.", axis, Axis("loss"), series)


def strip(names: tuple[str, ...] = LAYERS) -> Panel:
    random = np.random.default_rng(3)
    rows = tuple(f"{a} → {b}" for a, b in zip(names, names[1:], strict=False))
    detail = np.cumsum(random.normal(0.02, 0.15, (len(rows), len(STEPS))), 1)
    cells = np.where(detail > 0.2, 1.0, np.where(detail < -0.6, -1.0, 0.0))
    cells[2, 10] = detail[2, 10] = np.nan
    return Panel(
        "dpi",
        "Type-I inequality, neighbour by neighbour",
        "A cell is blue where information falls from one layer to the next by more than its error.",
        Axis("training step"),
        Axis("", "bit"),
        strip=Strip(rows, STEPS, cells, detail),
    )


def finding(
    key: str, statement: str, effects: list[list[float]], saturated: float = 0.1
) -> Finding:
    estimators = ("Rényi, Silverman (paper)", "Rényi, Tapia (scale-invariant)")
    readings = tuple(
        Reading(
            name,
            {"enc 1 ≥ enc 2": Interval.of(effect)},
            {
                "untrained network": {
                    "enc 1 ≥ enc 2": Interval.of([value - 0.4 for value in effect])
                }
            },
            saturated,
            {"share of steps": 0.93, "smallest margin": -0.0123, "layer": "enc 5"},
        )
        for name, effect in zip(estimators, effects, strict=True)
    )
    return Finding(
        key,
        statement,
        "yu2019understanding, Property 1",
        readings,
        "bit",
        "5 probe batches, one seed",
    )


FINDINGS = [
    finding(
        "dpi-1", "Information falls from layer to layer in the encoder.", [[0.5, 0.6, 0.7]] * 2
    ),
    finding(
        "dpi-2", "Layers of equal distance carry equal information.", [[-0.5, -0.6, -0.55]] * 2
    ),
    finding(
        "rule",
        "The trajectories approach the bisector.",
        [[0.3, 0.35, 0.32], [-0.3, -0.2, -0.25]],
    ),
    finding("compression", "There is a compression phase in every layer.", [[0.1, -0.2, 0.15]] * 2),
    finding("top", "The widest layer keeps the most information.", [[0.1, 0.2, 0.15]] * 2, 0.8),
]


@pytest.fixture
def fictions() -> SimpleNamespace:
    """Builders of panels, and the hostile name."""
    return SimpleNamespace(
        plane=plane,
        curves=curves,
        strip=strip,
        losses=losses,
        hostile=HOSTILE,
        steps=STEPS,
        layers=LAYERS,
    )


@pytest.fixture
def content() -> dict:
    """All arguments of ``page``."""
    return {
        "title": "Information flow in a stacked autoencoder on MNIST",
        "summary": [
            "A fully connected autoencoder was watched at 80 moments of its training.",
            "In the encoder, information falls from layer to layer, as the paper says.",
            "Whether the trajectories approach the bisector depends on the kernel width.",
            "The widest layers are saturated: with 100 samples no more than 6.64 bit can be seen.",
        ],
        "panels": [
            plane("Kernel width of the paper (Silverman)", 1.0),
            plane("Scale-invariant kernel width (Tapia)", 1.6),
            curves(),
            losses(),
            strip(),
        ],
        "findings": FINDINGS,
        "methods": ["Information is matrix-based Rényi information [1]."],
        "references": ["S. Yu and J. C. Príncipe. Understanding autoencoders. 2019."],
        "table": "step,value\r\n0,1.5\r\n",
        "settings": {"dataset": "MNIST, 60 000 images", "learning rate": "0.1", "α": "1.01"},
        "machine": {"processor": "8 cores", "torch": "2.13.0", "results version": "1"},
        "notes": ["One seed only.", "Nulls were measured at five moments."],
    }
