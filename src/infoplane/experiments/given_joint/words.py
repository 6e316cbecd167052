"""An account in words and tables: what a page, or a terminal, says of it."""

import math
from collections.abc import Mapping, Sequence

from infoplane.bottleneck.account import (
    BIFURCATIONS,
    CURVE,
    DUAL,
    DUAL_BIFURCATIONS,
    Account,
    Beside,
    counted,
)
from infoplane.bottleneck.bifurcation import NARROW, Bifurcation, Kind
from infoplane.bottleneck.critical import Thresholds
from infoplane.bottleneck.solution import Solution, Status
from infoplane.values.table import Cell, Table

COLUMNS = ("β", "rate", "kept", "clusters", "lacks", "gap", "iterations", "status")
UNITS = "Rate I(X;T), kept I(T;Y) and gap in bits; lacks: of I(X;Y), in per cent."
DUAL_COLUMNS = ("β", "rate", "kept", "clusters", "below", "gap", "iterations", "status")
DUAL_UNITS = (
    "Rate and kept in bits, with Bayes' decoder; below: how far below the bottleneck's curve at "
    "the same rate, in bits."
)


def number(value: float | None, digits: int = 4) -> str:
    """A number as a table shows it, empty if there is none.

    >>> number(1.5625), number(float("inf")), number(None), number(3e-13)
    ('1.562', '∞', '', '3e-13')
    """
    if value is None or math.isnan(value):
        return ""
    return "∞" if value == math.inf else f"{value:.{digits}g}"


def row(account: Account, one: Solution) -> tuple[str, ...]:
    """A solution of the bottleneck under ``COLUMNS``."""
    lost = account.lost(one)
    lacks = "" if math.isnan(lost) else f"{max(lost, 0.0):.2f} %"  # rounding makes it −1e-14
    return (*_head(one), lacks, *_tail(account, one))


def dual_row(account: Account, one: Beside) -> tuple[str, ...]:
    """A solution of the dual under ``DUAL_COLUMNS``."""
    return (*_head(one.solution), f"{one.below:.1e}", *_tail(account, one.solution))


def _head(one: Solution) -> tuple[str, ...]:
    return number(one.beta), f"{one.rate:.6f}", f"{one.relevance:.6f}", str(one.clusters)


def _tail(account: Account, one: Solution) -> tuple[str, ...]:
    gap, asked = "" if one.gap is None else f"{one.gap:.0e}", account.beyond(one)
    more = "" if asked is None else f" ({number(asked)} bit were asked for)"
    return gap, str(one.iterations), one.status.name.lower() + more


def facts(account: Account) -> dict[str, str]:
    """Entropies, information and thresholds, name to value with its unit."""
    (hx, hy), found, dual = account.entropies, account.thresholds, account.dual_thresholds
    told = {
        "H(X)": f"{hx:.6f} bit",
        "H(Y)": f"{hy:.6f} bit",
        "I(X;Y)": f"{account.joint.information:.6f} bit",
        "onset β": _onset(found),
        "local threshold β": number(found.local, 6),
    }
    if dual is None:
        return told | {"dual onset β": "not defined: some p(y|x) = 0"}
    return told | {"dual onset β": _onset(dual), "dual local threshold β": number(dual.local, 6)}


def _onset(found: Thresholds) -> str:
    where = "the local threshold"
    if found.first_order:
        where = "below the local threshold: a cluster appears elsewhere"
    return number(found.onset, 6) + (f" ({where})" if math.isfinite(found.onset) else "")


HOW = {
    Kind.SPLITS: "a cluster splits",
    Kind.APPEARS: "a cluster appears elsewhere",
    Kind.MERGES: "clusters become fewer",
}


def bifurcation_told(one: Bifurcation) -> str:
    """A bifurcation in a line, with the rates on both sides, so that a jump is seen."""
    whose = "of the dual at " if one.below.dual else "at "
    within = "" if one.exact else f" ± {100 * NARROW:g} %"
    counts = f"{one.before} → {counted(one.after, 'cluster')}"
    rates = f"rate {one.below.rate:.4f} → {one.above.rate:.4f} bit"
    return f"{whose}β = {number(one.beta)}{within}: {counts}, {rates}, {HOW[one.kind]}"


def searched(account: Account, dual: bool = False) -> str:
    """Where bifurcations were sought; empty if nobody asked, or the search has not begun."""
    part = DUAL_BIFURCATIONS if dual else BIFURCATIONS
    limits = account.dual_thresholds if dual else account.thresholds
    where = (account.dual_search if dual else account.search).between
    whose = "Bifurcations of the dual" if dual else "Bifurcations"
    if part not in account.parts or limits is None:
        return ""
    if where is None:
        return "" if account.part else f"{whose}: sought nowhere, for want of two values of β."
    low, high = where
    onset = limits.onset
    such = "" if not math.isfinite(onset) or low <= onset <= high else ", such as the onset,"
    return (
        f"{whose}: searched from β = {number(low)} to {number(high)}; those outside{such} are "
        "not listed."
    )


def unfinished(account: Account) -> str:
    """What is missing of an account that was interrupted; empty if it is complete."""
    if not account.missing:
        return ""
    now, *later = account.missing
    begun = {CURVE: "further solutions", DUAL: "further solutions of the dual"}
    searches = {BIFURCATIONS: account.search, DUAL_BIFURCATIONS: account.dual_search}
    if now in searches and (where := searches[now].between) is not None:
        whose = " of the dual" if now == DUAL_BIFURCATIONS else ""
        begun[now] = f"those{whose} above β = {number(where[1])}"
    *lost, last = begun.get(now, now), *later
    listed = f"{', '.join(lost)} and {last}" if lost else last
    return f"Interrupted before the end of {now}, so that {listed} are missing."


def summary(account: Account, words: str) -> list[str]:
    """What was given, and what was found, in a few sentences.

    Args:
        account: What is known.
        words: What the joint was read from, such as "counts of 80 samples, 4 × 3 states".
    """
    found, whole, torn = account.thresholds, account.joint.information, unfinished(account)
    said = [*[torn] * bool(torn), f"Given: {words}, which share {whole:.4f} bit."]
    if not math.isfinite(found.onset):
        return [*said, "X and Y are independent."]
    where = ", the local threshold"
    if found.first_order:
        where = f", below the local threshold {number(found.local)}: a cluster appears elsewhere"
    said.append(f"Nothing is gained up to β = {number(found.onset)}{where}.")
    best = max(account.solutions, key=lambda one: one.relevance, default=None)
    if best is not None:
        said.append(
            f"{counted(best.clusters, 'cluster')} keep{'s' * (best.clusters == 1)} "
            f"{best.relevance:.4f} bit of it for {best.rate:.4f} bit of the "
            f"{account.entropies[0]:.4f} bit of X."
        )
    if account.dual:
        far = max(one.below for one in account.dual)
        said.append(f"The dual lies at most {far:.1e} bit below the curve.")
    return said


def tables(account: Account) -> list[Table]:
    """Thresholds, bifurcations, solutions, and those of the dual."""
    found = [
        _table("The joint and its thresholds", ("quantity", "value"), list(facts(account).items()))
    ]
    for title, bent, caption in (
        ("Bifurcations", account.search.found, searched(account)),
        ("Bifurcations of the dual", account.dual_search.found, searched(account, dual=True)),
    ):
        if caption:
            words = [_bifurcation_row(one) for one in bent]
            heads = ("β", "clusters", "rate [bit]", "kept [bit]", "how")
            exact = f" β within {100 * NARROW:g} %, that of the onset as sharp as its search."
            exact = exact if words else " None found."
            found.append(_table(title, heads, words, f"{caption}{exact}"))
    rows = [row(account, one) for one in account.solutions]
    found.append(_table("Solutions", COLUMNS, rows, UNITS, folded=True))
    if account.dual:
        beside = [dual_row(account, one) for one in account.dual]
        found.append(_table("Solutions of the dual", DUAL_COLUMNS, beside, DUAL_UNITS, folded=True))
    return found


def _bifurcation_row(one: Bifurcation) -> tuple[str, ...]:
    below, above = one.below, one.above
    return (
        number(one.beta),
        f"{below.clusters} → {above.clusters}",
        f"{below.rate:.4f} → {above.rate:.4f}",
        f"{below.relevance:.4f} → {above.relevance:.4f}",
        HOW[one.kind],
    )


def _table(
    title: str,
    columns: tuple[str, ...],
    rows: Sequence[Sequence[str]],
    caption: str = "",
    folded: bool = False,
) -> Table:
    cells = tuple(tuple(Cell((words,)) for words in one) for one in rows)
    return Table(title, columns, cells, caption, dense=folded, folded=folded)


def statuses(account: Account) -> Mapping[str, str]:
    """What each status means that occurs."""
    every = (*account.solutions, *(one.solution for one in account.dual))
    there = {one.status for one in every}
    return {one.name.lower(): one.value for one in Status if one in there}


def methods(account: Account) -> list[str]:
    """How it was computed, with keys of works as ``[@key]``, which a page numbers."""
    told = [
        "The information bottleneck of the given p(x, y) minimises I(X;T) + β E D[p(y|x) ‖ p(y|t)] "
        "over p(t|x), which is I(X;T) − β I(T;Y) up to a constant [@tishby1999information]; β "
        "weighs relevance, and both informations are in bits. The self-consistent equations are "
        "iterated as in [@blahut1972computation], accelerated as in [@walker2011anderson], from "
        "one cluster and from one cluster for every different p(y|x). In the measure over "
        "decoders the problem is convex, so that further clusters are sought until none lowers "
        "the objective; the gap bounds what a global minimum could still gain, if that search "
        "missed nothing.",
        "The local threshold is 1/ρ², ρ being the maximal correlation, above which one cluster is "
        "no local minimum; the onset is 1/η, η being the contraction coefficient "
        "[@anantharam2013maximal], above which it is no global one [@wu2019learnability]. Where "
        "the onset lies below, a cluster appears elsewhere and its mass rises from 0; where both "
        "agree, the rate may rise steadily, or jump. Bifurcations [@gedeon2012mathematical] are "
        "enclosed by global solutions; a cluster splits where the second variation of its own part "
        "of the objective vanishes.",
    ]
    if account.joint.deterministic and account.joint.information > 0:
        told.append(
            "Y is a function of X, so that β does not index the curve [@kolchinsky2019caveats]: "
            "a given rate is reached by two solutions that are used by turns."
        )
    if account.dual:
        told.append(
            "The dual reverses the distortion, D[p(y|t) ‖ p(y|x)] [@piran2020dual]; its I(T;Y) is "
            "that of Bayes' decoder, held against the bottleneck at the same rate. Its onset is "
            "1/η with η = sup D(m_p ‖ m_r)/D(r ‖ p) over distributions r of X, m_r being the "
            "geometric mean of p(y|x) under r."
        )
    return told


def csv(account: Account) -> str:
    """Every solution as a line, every number in full."""
    lines = ["problem,beta,rate_bit,relevance_bit,clusters,gap_bit,iterations,status,below_bit"]
    below = {id(one.solution): one.below for one in account.dual}
    for one in (*account.solutions, *(beside.solution for beside in account.dual)):
        cells = (
            "dual" if one.dual else "bottleneck",
            repr(float(one.beta)),
            repr(one.rate),
            repr(one.relevance),
            str(one.clusters),
            "" if one.gap is None else repr(float(one.gap)),
            str(one.iterations),
            one.status.name.lower(),
            repr(float(below[id(one)])) if id(one) in below else "",
        )
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"
