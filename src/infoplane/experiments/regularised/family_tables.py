"""What every price and every dropout brought, in numbers, and which are comparable."""

from infoplane.experiments.claims import has_null
from infoplane.experiments.members import DIVERGED, in_figures
from infoplane.experiments.regularised.in_its_place import BEST, EQUAL
from infoplane.experiments.regularised.kept import ALONG, Kept
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace

CAPTION = (
    "The gap is the test error less the training error. Information in bits on the probe, the "
    f"objective's own is of another order. {DIVERGED}"
)


def tables(trace: Trace) -> list[Table]:
    """All members, and those that stand for their kind, if there are both kinds."""
    kept = Kept(trace)
    return [reached(trace), *([beside(trace)] if kept.paid and kept.dropped else [])]


def reached(trace: Trace) -> Table:
    """What each member ends with."""
    names = [str(name) for name in trace[ALONG].values]
    return Table(
        f"At the end of training; T is {Kept(trace).layer}",
        (ALONG, *_heads(trace)),
        tuple(_row(trace, name) for name in names),
        CAPTION,
    )


def beside(trace: Trace) -> Table:
    """Prices beside dropout, each at its best, and where both have about the same error."""
    kept = Kept(trace)
    best, dropped = BEST.chosen(trace)
    alike, _ = EQUAL.chosen(trace)
    chosen = {
        "neither": kept.free,
        "dropout at its best": dropped,
        "price at its best": best,
        "price at the error of dropout, or the nearest": alike,
    }
    return Table(
        "Does paying for information do what dropout does?",
        ("stands for", ALONG, *_heads(trace)),
        tuple(
            (Cell((what,)), *_row(trace, name)) for what, name in chosen.items() if name is not None
        ),
        f"Chosen by the test error, of several seeds the mean. {CAPTION}",
    )


def _heads(trace: Trace) -> tuple[str, ...]:
    names = [str(name) for name in trace["estimator"].values]
    above = [f"above its null, {name}" for name in names] if has_null(trace) else []
    return ("training error", "test error", "gap", *(f"I(X;T), {name}" for name in names), *above)


def _row(trace: Trace, name: str) -> tuple[Cell, ...]:
    """A member's name and numbers."""
    kept = Kept(trace)
    shares = (kept.error(name, "train"), kept.error(name), kept.gap(name))
    informations = [kept.information(name)]
    if has_null(trace):
        informations.append(kept.above_null(name))
    told = (
        name,
        *(in_figures(share, ".2%") for share in shares),
        *(
            in_figures(values.sel(estimator=estimator), ".3f")
            for values in informations
            for estimator in trace["estimator"].values
        ),
    )
    return tuple(Cell((words,)) for words in told)
