"""The command about anybody's joint distribution: its information bottleneck, solved exactly."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numpy as np
import tyro
from rich.table import Table

from infoplane.bottleneck.account import Account, in_order
from infoplane.bottleneck.accounting import accounts
from infoplane.bottleneck.bifurcation import Bifurcation
from infoplane.bottleneck.critical import Thresholds
from infoplane.bottleneck.solution import Solution
from infoplane.cli.console import console, err
from infoplane.cli.exits import INTERRUPTED, NOTHING
from infoplane.cli.joints import NamedJoint, read_joint, require_positive
from infoplane.experiments.given_joint import words
from infoplane.experiments.given_joint.panels import shown
from infoplane.store.files import require_file
from infoplane.values.errors import InfoplaneError

FEW = 6
"""Of so many solutions all clusters are told, of more only those of some."""


def bottleneck(
    table: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="TABLE")],
    beta: tuple[float, ...] | None = None,
    rates: tuple[float, ...] | None = None,
    dual: bool = False,
    bifurcations: bool = True,
    counts: bool = False,
    samples: bool = False,
    soften: float = 0.0,
    clusters: bool = False,
    report: Path | None = None,
    json: bool = False,
) -> None:
    """Solve the information bottleneck of a joint distribution exactly, in bits.

    Minimises I(X;T) − β I(T;Y). Without --beta and --rates, β runs from below the onset, in
    quarters of an octave, until every different p(y|x) has a cluster and 99 % of I(X;Y) are kept,
    at most to 1024 times the onset; where Y is a function of X, nine rates take its place.

    Args:
        table: A file: csv, npy, npz or parquet. A joint table p(x, y), one row for each state of X,
            that sums to 1; or counts, with --counts; or samples of X and Y, with --samples or as
            two columns by name, such as table.csv:age,label. A first column of words names rows.
        beta: Values of β, such as 2 5 10.
        rates: Values of I(X;T) in bits instead.
        dual: Solve the dual bottleneck beside it.
        bifurcations: Search for bifurcations between neighbours in β, which takes longest.
        counts: The entries are counts, or anything to be divided by its sum.
        samples: The two columns are samples, one line for each.
        soften: Share of p(y) that is mixed into every p(y|x), such as 0.001.
        clusters: Also tell which states of X go where, and what a cluster says of Y; of some
            solutions if there are more than six.
        report: Write a page with figures to this file.
        json: Print JSON instead of tables.
    """
    _require_asked(beta, rates)
    if report is not None:
        require_file(report)  # before anything is computed
    with _nothing_computed():
        named = _read(table, counts, samples, soften)
    if dual:
        require_positive(named)
    growing = accounts(
        named.joint, betas=beta or (), rates=rates or (), dual=dual, bifurcations=bifurcations
    )
    found, whole = _gathered(growing)
    if found is None:
        _end(NOTHING)
    _show(found, named, clusters, json)
    if report is not None:
        _write(found, named, report, Path(table).name)
    if not whole:
        told = words.unfinished(found) or "Interrupted at the very end: all was computed."
        _end(f"{told} What was computed is told.")


def _end(told: str) -> NoReturn:
    err.print(told, soft_wrap=True)
    raise SystemExit(INTERRUPTED)


@contextmanager
def _nothing_computed() -> Iterator[None]:
    """Ends the program where it is interrupted before anything was computed."""
    try:
        yield
    except KeyboardInterrupt:
        _end(NOTHING)


def _require_asked(beta: Sequence[float] | None, rates: Sequence[float] | None) -> None:
    """Refuses --beta and --rates without values, and both at once.

    Raises:
        InfoplaneError: It is so.
    """
    for name, values in (("--beta", beta), ("--rates", rates)):
        if values is not None and not values:
            raise InfoplaneError(
                f"{name} has no values behind it: give some, such as {name} 0.5 2, or leave it out."
            )
    if beta and rates:
        raise InfoplaneError("--beta and --rates are two ways along one curve: give one of them.")


def _read(table: str, counts: bool, samples: bool, soften: float) -> NamedJoint:
    """The joint, softened if that was asked for."""
    named = read_joint(table, counts=counts, samples=samples)
    if not soften:
        return named
    told = f"{named.words}, softened by {soften:g}"
    return NamedJoint(named.joint.softened(soften), named.x, named.y, told)


def _gathered(growing: Iterator[Account]) -> tuple[Account | None, bool]:
    """The account as far as it was computed, and whether nobody interrupted."""
    found: Account | None = None
    try:
        for one in _told(growing):
            found = one
    except KeyboardInterrupt:
        return found, False
    return found, True


def _told(growing: Iterator[Account]) -> Iterator[Account]:
    """The same, and what is computed on stderr: one line on a terminal, else one for each tenth."""
    last: tuple[str, int] | None = None
    if err.is_terminal:
        with err.status("thresholds") as line:
            for one in growing:
                yield one
                line.update(one.doing)
        return
    err.print("computing: thresholds", style="dim")
    for one in growing:
        yield one
        now = (one.part, 10 * one.done // max(one.total, 1))
        if one.doing and now != last:
            last = now
            err.print(f"computing: {one.doing}", style="dim")


def _show(found: Account, named: NamedJoint, clusters: bool, json: bool) -> None:
    if json:
        print(dumps(_plain(found, named, clusters), indent=2))  # noqa: T201
        return
    console.print(f"Read as: {named.words}.", soft_wrap=True)
    facts = words.facts(found)
    wide = max(map(len, facts))
    for name, value in facts.items():
        console.print(f"{name:{wide}}  {value}")
    for dual, search in ((False, found.search), (True, found.dual_search)):
        for change in search.found:
            console.print(f"bifurcation {words.bifurcation_told(change)}", soft_wrap=True)
        if sought := words.searched(found, dual):
            console.print(sought, soft_wrap=True)
    rows = [words.row(found, one) for one in found.solutions]
    _print(words.COLUMNS, rows, words.UNITS)
    if found.dual:
        beside = [words.dual_row(found, one) for one in found.dual]
        _print(words.DUAL_COLUMNS, beside, f"The dual. {words.DUAL_UNITS}")
    for note in found.notes:
        console.print(note, soft_wrap=True)
    if clusters:
        told = found.solutions if len(found.solutions) <= FEW else shown(found)
        for one in told:
            _print_clusters(one, named)
        if len(told) < len(found.solutions):
            console.print("(--beta tells the clusters of others)", style="dim")


def _print(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> None:
    """A table; nothing where there are no rows."""
    if not rows:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for place, heading in enumerate(columns):
        last = place == len(columns) - 1
        table.add_column(heading, no_wrap=True, justify="left" if last else "right")
    for cells in rows:
        table.add_row(*cells)
    console.print(f"\n{caption}", soft_wrap=True)
    if console.is_terminal:
        console.print(table)
    else:  # in a file or a pipe nothing is cut off
        console.print(table, width=console.measure(table).maximum, crop=False)


def _print_clusters(one: Solution, named: NamedJoint) -> None:
    """Which states go into which cluster for the most part, and what it says of Y."""
    console.print(f"\nβ = {words.number(one.beta)}, I(X;T) = {one.rate:.4f} bit")
    for count, place in enumerate(in_order(one), start=1):
        members = [named.x[i] for i in np.flatnonzero(one.assignment == place)]
        said = ", ".join(
            f"{name} {p:.3f}" for name, p in zip(named.y, one.bayes_decoder[place], strict=True)
        )
        inside = ", ".join(members) or "none for the most part"
        console.print(f"t{count} ({one.marginal[place]:.3f}): {inside}; Y: {said}", soft_wrap=True)


def _write(found: Account, named: NamedJoint, path: Path, name: str) -> None:
    from infoplane.presentation import write_account  # Plotly and Jinja, for those who want a page
    from infoplane.store.manifest import machine

    write_account(
        found, path, x=named.x, y=named.y, words=named.words, name=name, machine=machine()
    )
    err.print(f"Report: {path}", soft_wrap=True)


def _plain(found: Account, named: NamedJoint, clusters: bool) -> dict[str, Any]:
    """All of it as JSON takes it; null where a number is infinite, or there is none."""
    hx, hy = found.entropies
    return {
        "read_as": named.words,
        "unit": "bit",
        "H_X": hx,
        "H_Y": hy,
        "I_XY": found.joint.information,
        "thresholds": _limits(found.thresholds),
        "dual_thresholds": None if (of_dual := found.dual_thresholds) is None else _limits(of_dual),
        "bifurcations": [_bifurcation(one) for one in found.search.found],
        "searched": found.search.between,
        "dual_bifurcations": [_bifurcation(one) for one in found.dual_search.found],
        "dual_searched": found.dual_search.between,
        "solutions": [_solution(one, clusters) for one in found.solutions],
        "dual": [{**_solution(one.solution, clusters), "below": one.below} for one in found.dual],
        "notes": list(found.notes),
        "complete": found.complete,
        **({"x": list(named.x), "y": list(named.y)} if clusters else {}),
    }


def _limits(found: Thresholds) -> dict[str, Any]:
    return {
        "onset": _finite(found.onset),
        "local": _finite(found.local),
        "first_order": found.first_order,
    }


def _bifurcation(one: Bifurcation) -> dict[str, Any]:
    return {
        "beta": one.beta,
        "before": one.before,
        "after": one.after,
        "rate_before": one.below.rate,
        "rate_after": one.above.rate,
        "kind": one.kind.name.lower(),
    }


def _solution(one: Solution, clusters: bool) -> dict[str, Any]:
    maps = (
        {
            "encoder": one.encoder.tolist(),
            "decoder": one.decoder.tolist(),
            "bayes_decoder": one.bayes_decoder.tolist(),
        }
        if clusters
        else {}
    )
    whole = one.joint.information
    return {
        "beta": _finite(one.beta),
        "rate": one.rate,
        "relevance": one.relevance,
        "clusters": one.clusters,
        "lacks_share": _finite(1 - one.relevance / whole) if whole else None,
        "gap": None if one.gap is None else _finite(one.gap),
        "iterations": one.iterations,
        "status": one.status.name.lower(),
        **maps,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
