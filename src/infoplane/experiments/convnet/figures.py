"""What a reader looks for in one run: planes, chains, pairs of maps, each beside its control."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from infoplane.analysis.repeated import mean
from infoplane.experiments import panels as shared
from infoplane.experiments.convnet.claims import claims
from infoplane.experiments.convnet.control import LABELS, control, has_control, network
from infoplane.experiments.convnet.kept import (
    TARGETS,
    backward,
    convolutions,
    forward,
    has_pairs,
    layers,
    of_maps,
    with_maps,
)
from infoplane.experiments.gaps import diverged, left_out
from infoplane.experiments.members import in_figures
from infoplane.experiments.sentences import probe_told, unmeasured_told, verdicts_told
from infoplane.values.finding import Finding
from infoplane.values.panel import Axis, Panel, Series
from infoplane.values.table import Cell, Table
from infoplane.values.trace import Trace, held_out, sides

_OF_PAIRS = {
    "trade_off": "Redundancy less synergy",
    "non_redundant": "Weighted non-redundant information",
    "pairwise": "What pairs of maps tell",
}
_COMPANIONS = {
    "loss": ("Cross-entropy", "On fixed images; of the control on the labels that it learns."),
    "error": ("Classification error", "Share of fixed images that are classified wrongly."),
}


def panels(trace: Trace) -> list[Panel]:
    """All figures, every estimator beside the other; those on one probe on the last one."""
    whole = network(trace)
    last, probes = held_out(whole), sides(whole)
    names = [str(name) for name in trace["estimator"].values]
    return [
        *(shared.plane(part, name, side) for name in names for side, part in probes.items()),
        *_twice(trace, names, lambda one, name: [shared.plane(one, name)], control_alone=True),
        *shared.layer_wise(probes, "class"),
        *_of_control(trace, lambda one: shared.layer_wise({"": one}, "class")),
        *_twice(trace, names, _backward),
        *(_pairs_of(trace) if has_pairs(trace) else []),
        *(
            shared.companions(trace, key, title, caption, _companions(trace, key))
            for key, (title, caption) in _COMPANIONS.items()
        ),
        shared.norms(last),
        *_of_control(trace, lambda one: [shared.norms(one)]),
        *_twice(trace, names, _chains),
    ]


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained and what was found."""
    error = trace["error_test"].values
    return [
        f"{trace.attrs['description']}; the test error went from {error[0]:.2%} to "
        f"{error[-1]:.2%} of {trace['error_test'].attrs['n']} images.",
        *_control_told(trace),
        *diverged(network(trace)),
        *verdicts_told(findings),
        *unmeasured_told(findings),
        *left_out(claims(held_out(trace)), findings),
        *probe_told(trace),
        "One seed: what it shows is about this network, not yet about its training.",
    ]


def tables(trace: Trace) -> list[Table]:
    """What pairs of maps tell at the end, and what one more assumption would make of it."""
    if not has_pairs(trace):
        return []
    last = of_maps(held_out(trace)).isel(snapshot=-1)
    return [_trio(last), _supposed(last)]


def _pairs_of(trace: Trace) -> list[Panel]:
    """What pairs of maps tell, the modified plane, and what maps share among themselves."""
    names = with_maps(trace)

    def pairs(one: Trace, name: str) -> list[Panel]:
        maps = of_maps(one)
        return [
            *(
                shared.curves(
                    maps,
                    f"{part}_{target}",
                    name,
                    f"{title} about {words}, mean over pairs; dashed: the target shuffled.",
                )
                for target, words in TARGETS.items()
                for part, title in _OF_PAIRS.items()
            ),
            _modified_plane(maps, name),
            shared.curves(
                maps,
                "T_star",
                name,
                "1 if one map determines all others; nears 1 with the number "
                "of maps where their joint entropy is at log₂ n.",
            ),
            shared.curves(maps, "I_star", name, "Mean over pairs; 1 of two maps that are alike."),
            _histogram(maps, name),
        ]

    return _twice(trace, names, pairs)


def _twice(
    trace: Trace,
    names: Sequence[str],
    draw: Callable[[Trace, str], list[Panel]],
    *,
    control_alone: bool = False,
) -> list[Panel]:
    """Figures of the network, and the same of the control beside them in one scale."""
    own = (
        [] if control_alone else [p for name in names for p in draw(held_out(network(trace)), name)]
    )
    twins = _of_control(trace, lambda one: [p for name in names for p in draw(one, name)])
    if len(twins) != len(own):
        return [*own, *twins]
    return [panel for pair in zip(own, twins, strict=True) for panel in pair]


def _of_control(trace: Trace, draw: Callable[[Trace], list[Panel]]) -> list[Panel]:
    """Figures of the network that learns shuffled labels; none without it."""
    if not has_control(trace):
        return []
    return [
        replace(
            panel,
            key=f"{panel.key}-shuffled",
            title=f"{panel.title}, {LABELS}" if LABELS not in panel.title else panel.title,
            caption=f"The control: the same network, trained on shuffled labels. {panel.caption}",
        )
        for panel in draw(held_out(control(trace)))
    ]


def _chains(trace: Trace, estimator: str) -> list[Panel]:
    """Where the inequalities hold."""
    both = {"forward": forward(trace), "backward": backward(trace)}
    return [shared.strip(trace, both, estimator)]


def _backward(trace: Trace, estimator: str) -> list[Panel]:
    before = trace.sel(layer=layers(trace)[:-1])
    return [
        shared.curves(
            before,
            "I_delta",
            estimator,
            "What the errors of each layer share with those of the output; dashed: the null. The "
            "paper's rule has a width of its own for errors.",
        )
    ]


def _modified_plane(maps: Trace, estimator: str) -> Panel:
    chosen = maps.sel(estimator=estimator)
    axes = [chosen[f"non_redundant_{target}"] for target in TARGETS]
    return Panel(
        key=f"modified-plane-{estimator}",
        title="Modified information plane",
        caption="Weighted non-redundant information of pairs of maps about the input and about the "
        "class, from the untrained network on.",
        x=Axis("non-redundant about the input", "bit"),
        y=Axis("non-redundant about the class", "bit"),
        series=tuple(
            shared.trajectory(layer, *(one.sel(layer=layer) for one in axes), of=layer)
            for layer in convolutions(maps)
        ),
        plane=True,
        group=estimator,
    )


def _histogram(maps: Trace, estimator: str) -> Panel:
    """The share of pairs by their normalised information, before and after training."""
    shares = mean("", maps["I_star_share"].sel(estimator=estimator))
    series = [
        Series(
            name=f"{layer}, {when}",
            x=shares["bin"].values,
            y=shares.sel(layer=layer).isel(snapshot=place).values,
            dashed=place == 0,
            of=layer,
        )
        for layer in convolutions(maps)
        for place, when in ((-1, "end"), (0, "untrained"))
    ]
    return Panel(
        key=f"I-star-histogram-{estimator}",
        title="Pairs of maps by what they share",
        caption="Share of the pairs whose normalised information I* lies in each twentieth; what "
        "is below 0 is in the first. Dashed: the untrained network.",
        x=Axis("I* of a pair"),
        y=Axis("share of the pairs"),
        series=tuple(series),
        group=estimator,
    )


def _companions(trace: Trace, key: str) -> dict[str, str]:
    """Losses or errors of the network and of its control."""
    named = {f"{key}_train": "training", f"{key}_test": "test"}
    twin = {f"{name}_shuffled": f"{words}, {LABELS}" for name, words in named.items()}
    return named | (twin if has_control(trace) else {})


def _control_told(trace: Trace) -> list[str]:
    if not has_control(trace):
        return []
    errors = [float(control(trace)[f"error_{part}"].values[-1]) for part in ("train", "test")]
    return [
        f"Beside it the same network learned shuffled labels, to a training error of "
        f"{errors[0]:.2%} and a test error of {errors[1]:.2%}."
    ]


def _trio(last: Trace) -> Table:
    """Trade-off, non-redundant information, their shares, and the standard errors over maps."""
    columns = (
        ("trade-off", "trade_off_{}", ".3f"),
        ("± over maps", "trade_off_error_{}", ".3f"),
        ("non-redundant", "non_redundant_{}", ".3f"),
        ("± over maps", "non_redundant_error_{}", ".3f"),
        ("pairs", "pairwise_{}", ".3f"),
    )
    rows = []
    for estimator, layer, target in _places(last):
        one = last.sel(estimator=estimator, layer=layer)
        cells = [in_figures(one[name.format(target)], form) for _, name, form in columns]
        ratio = one[f"trade_off_{target}"] / one[f"pairwise_{target}"]
        whole = one["I_XT" if target == "X" else "I_TY"]
        shares = [in_figures(share, ".1%") for share in (ratio, 1 - ratio)]
        told = [*cells, *shares, in_figures(whole, ".3f"), _above_null(one, target)]
        head = f"{layer}, {TARGETS[target]}, {estimator}"
        rows.append((Cell((head,)), *(Cell((text,)) for text in told)))
    return Table(
        "Pairs of maps at the end of training",
        (
            "layer, target, width",
            *(words for words, _, _ in columns),
            "trade-off share",
            "non-redundant share",
            "whole layer",
            "trade-off above null",
        ),
        tuple(rows),
        "Bits, means over pairs and probe batches. The two add up to what pairs tell. The errors "
        "are those of the choice of maps.",
    )


def _above_null(one: Trace, target: str) -> str:
    """The trade-off less its mean over shuffles of the target."""
    name = f"trade_off_{target}"
    if f"{name}_null" not in one:
        return "no null"
    return in_figures(one[name] - one[f"{name}_null"], ".3f")


def _supposed(last: Trace) -> Table:
    """R, U and S under MMI, which is an assumption and no measurement."""
    rows = []
    for estimator, layer, target in _places(last):
        one = last.sel(estimator=estimator, layer=layer)
        redundant = one[f"least_{target}"]
        synergy = redundant - one[f"trade_off_{target}"]
        unique = one[f"pairwise_{target}"] - redundant - synergy
        told = [in_figures(part, ".3f") for part in (redundant, unique, synergy)]
        head = f"{layer}, {TARGETS[target]}, {estimator}"
        rows.append((Cell((head,)), *(Cell((text,)) for text in told)))
    return Table(
        "If redundancy were the smaller of both informations (MMI)",
        ("layer, target, width", "R", "U₁ + U₂", "S"),
        tuple(rows),
        "Not measured: three numbers do not determine four. Under the extra assumption that "
        "R = min(I₁, I₂), minimum mutual information, the parts of I₁₂ would be these, in bits.",
        folded=True,
    )


def _places(last: Trace) -> list[tuple[str, str, str]]:
    return [
        (estimator, layer, target)
        for estimator in with_maps(last)
        for layer in convolutions(last)
        for target in TARGETS
    ]
