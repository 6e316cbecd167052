"""S0's second plane: what a pair of stages shares, against what input and reconstruction share."""

from infoplane.analysis.repeated import error_words
from infoplane.experiments.panels import trajectory
from infoplane.values.ceilings import known_ceiling
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.trace import Trace

_X, _Y = Axis("I(T;T′)", "bit"), Axis("I(X;X′)", "bit")


def second_plane(trace: Trace, estimator: str, side: str = "") -> Panel:
    """I(T_i;T_i′) against I(X;X′), one trajectory per pair of stages.

    Args:
        trace: A run, measured on one probe.
        estimator: Which of its estimators.
        side: Name of the probe if there are several.
    """
    chosen = trace.sel(estimator=estimator)
    told = error_words(trace["I_XY"])
    crosses = f" Crosses: {told}." if told else ""
    return Panel(
        key="-".join(part for part in ("second-plane", estimator, side) if part),
        title="Second plane: symmetric pairs",
        caption=(
            "Each encoder stage with its decoder stage, against the input with its "
            f"reconstruction.{crosses} Right of the diagonal a pair shares more than they do, left "
            "of it less."
        ),
        x=_X,
        y=_Y,
        series=tuple(_of_pair(str(pair), chosen, str(pair)) for pair in trace["pair"].values),
        bisector=True,
        ceiling=known_ceiling(chosen["I_pair"]),
        plane=True,
        group=estimator,
        side=side,
    )


def second_plane_of_sizes(members: dict[int, Trace], estimator: str) -> Panel:
    """The same of the innermost pair, one trajectory per code size.

    Args:
        members: Runs by code size, measured on one probe.
        estimator: Which of their estimators.
    """
    pairs = {size: str(one["pair"].values[-1]) for size, one in members.items()}
    return Panel(
        key=f"sizes-second-plane-{estimator}",
        title="Second plane by code size",
        caption=(
            f"The innermost pair ({', '.join(dict.fromkeys(pairs.values()))}) against the input "
            "with its reconstruction; one trajectory per size."
        ),
        x=_X,
        y=_Y,
        series=tuple(
            _of_pair(f"K = {size}", one.sel(estimator=estimator), pairs[size])
            for size, one in members.items()
        ),
        bisector=True,
        plane=True,
        group=estimator,
    )


def _of_pair(name: str, chosen: Trace, pair: str) -> Series:
    return trajectory(name, chosen["I_pair"].sel(pair=pair), chosen["I_XY"])
