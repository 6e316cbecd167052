"""The figures of an account: the curve, what β does, encoders and decoders."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from infoplane.bottleneck.account import Account, in_order
from infoplane.bottleneck.bifurcation import Bifurcation
from infoplane.bottleneck.solution import Solution
from infoplane.values.panel import Axis, HeatMap, Panel, Series

BOTTLENECK, DUAL = "bottleneck", "dual"
MOST_MAPS = 4
"""So many encoders are shown."""
MOST_ROWS = 60
"""So many states of X, or of Y, are shown of each."""
_RATE, _KEPT = Axis("rate I(X;T)", "bit"), Axis("kept I(T;Y)", "bit")


def panels(account: Account, x: Sequence[str], y: Sequence[str]) -> list[Panel]:
    """All that there is to draw.

    Args:
        account: What is known.
        x: Names of the states of X.
        y: Names of the states of Y.
    """
    return [_curve(account), *_below(account), *_over_beta(account), *_maps(account, x, y)]


def known(account: Account) -> list[Solution]:
    """All solutions of the bottleneck, those next to its bifurcations too, by rising rate."""
    return _risen(account.solutions, account.search.found)


def known_of_dual(account: Account) -> list[Solution]:
    """All solutions of the dual, those next to its bifurcations too, by rising rate."""
    return _risen([one.solution for one in account.dual], account.dual_search.found)


def _risen(solutions: Sequence[Solution], bent: Sequence[Bifurcation]) -> list[Solution]:
    beside = [one for at in bent for one in (at.below, at.above)]
    return sorted((*solutions, *beside), key=lambda one: (one.rate, one.beta))


def _curve(account: Account) -> Panel:
    whole, every, duals = account.joint.information, known(account), known_of_dual(account)
    end = max([whole, *(one.rate for one in (*every, *duals))])
    bound = Series("bound", np.array([0.0, whole, end]), np.array([0.0, whole, whole]), dashed=True)
    lines = [_plane_line(BOTTLENECK, every)] if every else []
    lines += [_plane_line(DUAL, duals)] if duals else []
    bent = [
        *_bifurcations("bifurcations", account.search.found),
        *_bifurcations("bifurcations of the dual", account.dual_search.found),
    ]
    marks = " Marks: the first solution after each bifurcation." if bent else ""
    return Panel(
        key="bottleneck-curve",
        title="Kept I(T;Y) against rate",
        caption=(
            "What T can tell of Y for what it is told of X. Dashed: min(I(X;T), I(X;Y)), which "
            f"nothing exceeds.{marks}"
        ),
        x=_RATE,
        y=_KEPT,
        series=(bound, *lines, *bent),
    )


def _below(account: Account) -> Iterator[Panel]:
    """How far the dual lies below, which is too little to be seen between two lines."""
    if not account.dual:
        return
    ordered = sorted(account.dual, key=lambda one: one.solution.rate)
    end = max(one.solution.rate for one in ordered)
    zero = Series("zero", np.array([0.0, end]), np.zeros(2), dashed=True)
    line = Series(
        DUAL,
        np.array([one.solution.rate for one in ordered]),
        np.array([one.below for one in ordered]),
        of=DUAL,
        beside=_beside([one.solution for one in ordered]),
    )
    yield Panel(
        key="dual-below",
        title="How far the dual lies below",
        caption=(
            "I(T;Y) of the bottleneck less that of the dual at the same rate; what is nearer to 0 "
            "than about 1e-9 bit is rounding. Dashed: no difference."
        ),
        x=_RATE,
        y=Axis("below", "bit"),
        series=(zero, line),
    )


def _plane_line(name: str, solutions: Sequence[Solution]) -> Series:
    return Series(
        name,
        np.array([one.rate for one in solutions]),
        np.array([one.relevance for one in solutions]),
        of=name,
        beside=_beside(solutions),
    )


def _beside(solutions: Sequence[Solution]) -> dict[str, np.ndarray]:
    betas = np.array([one.beta for one in solutions])
    return {
        "β": np.where(np.isfinite(betas), betas, np.nan),
        "clusters": np.array([float(one.clusters) for one in solutions]),
    }


def _bifurcations(name: str, found: Sequence[Bifurcation]) -> list[Series]:
    """Marks that no line joins: between any two of them stands one that was not measured."""
    if not found:
        return []
    x, y, beta = (np.repeat([of(one) for one in found], 2)[:-1] for of in _MARK)
    y[1::2] = np.nan
    return [Series(name, x, y, of=name, beside={"β": beta})]


_MARK: Sequence[Callable[[Bifurcation], float]] = (
    lambda one: one.above.rate,
    lambda one: one.above.relevance,
    lambda one: one.beta,
)
"""Rate, I(T;Y) and β of a bifurcation."""


def _over_beta(account: Account) -> Iterator[Panel]:
    """Clusters, rate and I(T;Y) against β, where β indexes the curve."""
    lines = {
        BOTTLENECK: _indexed(known(account)),
        DUAL: _indexed(known_of_dual(account)),
    }
    drawn = {name: each for name, each in lines.items() if len({one.beta for one in each}) > 1}
    if not drawn:
        return
    betas = np.array([one.beta for each in drawn.values() for one in each])
    axis = Axis("β", log=True, ticks=ticks(float(betas.min()), float(betas.max())))
    for key, title, of, unit in (
        ("clusters", "Clusters", lambda one: float(one.clusters), ""),
        ("rate", "Rate I(X;T)", lambda one: one.rate, "bit"),
        ("kept", "Kept I(T;Y)", lambda one: one.relevance, "bit"),
    ):
        yield Panel(
            key=f"{key}-against-beta",
            title=title,
            caption=_lines_told(account),
            x=axis,
            y=Axis(key, unit),
            series=tuple(
                Series(
                    name,
                    np.array([one.beta for one in each]),
                    np.array([of(one) for one in each]),
                    of=name,
                )
                for name, each in drawn.items()
            ),
            uprights=uprights(account),
            group="Against β",
        )


def _indexed(solutions: Sequence[Solution]) -> list[Solution]:
    """Those that belong to one finite β, by rising β, which has a logarithm."""
    found = [one for one in solutions if one.indexed and one.beta > 0]
    return sorted(found, key=lambda one: one.beta)


def uprights(account: Account) -> dict[str, float]:
    """The thresholds by name, without those that say nothing of their own."""
    found, dual = account.thresholds, account.dual_thresholds
    every = {"onset": found.onset} | ({"local": found.local} if found.first_order else {})
    if account.dual and dual is not None:
        every |= {"dual onset": dual.onset}
        every |= {"dual local": dual.local} if dual.first_order else {}
    return {name: beta for name, beta in every.items() if math.isfinite(beta)}


def _lines_told(account: Account) -> str:
    told = {
        "onset": "onset, above which something is gained",
        "local": "local, up to which one cluster is still a local minimum",
        "dual onset": "dual onset, above which the dual gains something",
        "dual local": "dual local, up to which one cluster of the dual is still a local minimum",
    }
    named = [told[name] for name in uprights(account)]
    return f"Upright lines: {'; '.join(named)}." if named else ""


def ticks(low: float, high: float) -> tuple[float, ...]:
    """Round numbers from low to high: the finest of three choices that is no more than eight.

    >>> ticks(0.9, 60.0)
    (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1,)):
        found = tuple(s * 10.0**d for d in decades for s in steps if low <= s * 10.0**d <= high)
        if len(found) <= 8:
            return found
    return found


def _maps(account: Account, x: Sequence[str], y: Sequence[str]) -> Iterator[Panel]:
    """Encoders and decoders of a few solutions."""
    for one in shown(account):
        columns = tuple(f"t{place + 1}" for place in range(one.clusters))
        side, order = _name(one), in_order(one)
        for key, title, names, cells in (
            ("encoder", "Encoder p(t|x)", x, one.encoder[:, order]),
            ("decoder", "Decoder p(y|t)", y, one.bayes_decoder[order].T),
        ):
            yield Panel(
                key=f"{key}-{side}",
                title=title,
                caption=_cut_told(key, len(names)),
                x=Axis("cluster"),
                y=Axis("probability"),
                heat=_heat(names, columns, cells, title),
                side=side,
            )


def shown(account: Account) -> list[Solution]:
    """A solution of every number of clusters, the middle one; of many the ends and some between."""
    counts: dict[int, list[Solution]] = {}
    for one in account.solutions:
        if one.clusters > 1:
            counts.setdefault(one.clusters, []).append(one)
    middle = [counts[count][len(counts[count]) // 2] for count in sorted(counts)]
    places = np.linspace(0, len(middle) - 1, min(MOST_MAPS, len(middle))).round().astype(int)
    return [middle[place] for place in places]


def _name(one: Solution) -> str:
    return f"β = {one.beta:.4g}" if one.indexed else f"I(X;T) = {one.rate:.4g} bit"


def _cut_told(key: str, count: int) -> str:
    what = {
        "encoder": "Every row is a state of X: into which cluster it goes, and how surely.",
        "decoder": "Every column is a cluster: what it says of Y.",
    }[key]
    cut = f" The first {MOST_ROWS} of {count} rows." if count > MOST_ROWS else ""
    return f"{what} Colours follow the root of the probability.{cut}"


def _heat(names: Sequence[str], columns: tuple[str, ...], cells: np.ndarray, title: str) -> HeatMap:
    """Probabilities of the first rows, zero without colour."""
    rows = tuple(names[:MOST_ROWS])
    cut = np.asarray(cells[: len(rows)], dtype=float)
    return HeatMap(
        rows=rows,
        columns=columns,
        cells=cut,
        limit=1.0,
        marks=tuple(("",) * len(columns) for _ in rows),
        words=tuple(tuple(f"{title} = {value:.4g}" for value in row) for row in cut),
        below="",
        above="probability (full: 1)",
    )
