"""Variational bottlenecks on images: runs, bounds, the known problem, and what a family is told."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import rel_entr
from scipy.stats import norm

from infoplane.analysis.across import combined
from infoplane.analysis.family import family
from infoplane.bottleneck.solver import solve
from infoplane.experiments.dual import known
from infoplane.experiments.dual.experiment import Dual
from infoplane.experiments.dual.family import Objectives
from infoplane.experiments.dual.family_claims import claims
from infoplane.experiments.dual.kept import Kept
from infoplane.experiments.dual.settings import Looking, Objective, Supposed
from infoplane.experiments.dual.supposed import noise_model
from infoplane.experiments.settings import Training
from infoplane.models.stochastic import NARROWEST
from infoplane.quantities.diagonal import Diagonal
from infoplane.record.snapshot import Snapshot
from infoplane.store.address import canonical
from infoplane.training.variational.losses import coded
from infoplane.training.variational.noise import Confusion, Jittered, Predicted, Smoothing
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict
from infoplane.values.trace import Checkpoint, Row, held_out, trace_of
from infoplane.values.units import LN2

SMALL = Dual(
    hidden=(24,),
    code_size=4,
    training=Training(steps=80, batch_size=50, learning_rate=1e-2),
    looking=Looking(
        snapshots=4, probe_batches=3, probe_size=40, draws=3, evaluation=200, known_steps=0
    ),
)
MEMBERS = {
    "vib": (Objective("vib", 1.0), Objective("vib", 10.0), Objective("vib", 100.0)),
    "ceb": (Objective("ceb", 10.0), Objective("ceb", 100.0)),
    "vdual": (Objective("vdual", 1.0), Objective("vdual", 10.0), Objective("vdual", 100.0)),
    "published": (
        Objective("published", 0.0, 10.0),
        Objective("published", 0.0, 100.0),
    ),
}
NAMES = [one.name for several in MEMBERS.values() for one in several]


def traced(experiment):
    rows = [one for one in experiment.run() if isinstance(one, Row)]
    settings = json.dumps(canonical(experiment))
    return trace_of(rows, {**experiment.attributes, "settings": settings})


def of(method, beta=10.0, gamma=0.0, **changed):
    return replace(SMALL, objective=Objective(method, beta, gamma), **changed)


@pytest.fixture(scope="module")
def trace():
    """A tiny run with the known problem at its end."""
    return traced(of("vib", looking=replace(SMALL.looking, known_steps=3)))


# runs


def test_what_is_learned_is_told_of_the_class(trace):
    told = trace["I_TY"].sel(probe="test", estimator="prior").mean("batch")
    assert float(told[-1, 0]) > float(told[0, 0]) + 1
    assert float(trace["error_test"][-1]) < 0.3 < float(trace["error_test"][0])
    assert {"error_sampled_test", "loss_sampled_train", "residual", "lower_XT"} <= set(trace)


@pytest.mark.parametrize("method", ["vib", "ceb", "vdual"])
def test_every_bound_is_on_its_side_at_every_moment(trace, method):
    """On the samples themselves the bounds are in order, up to the draws."""
    one = trace if method == "vib" else traced(of(method))
    upper, told = one["I_XT"].isel(layer=0), one["I_TY"].isel(layer=0)
    assert bool((upper.mean("batch") > told.mean("batch") - 0.02).all())
    assert bool((upper > one["lower_XT"] - 1e-9).sel(estimator="aggregate").all())
    assert bool((one["lower_XT"] <= math.log2(40)).all())
    assert one["residual"].attrs["long_name"] != one["I_XT"].attrs["long_name"]


def test_resumed_it_yields_the_same_rows():
    experiment = of("vib", training=Training(steps=20, batch_size=50))
    events = list(experiment.run())
    middle = [one for one in events if isinstance(one, Checkpoint)][9]
    rows = [one for one in events if isinstance(one, Row) and one.step > middle.step]
    resumed = [one for one in experiment.run(middle) if isinstance(one, Row)]
    assert rows and len(resumed) == len(rows)
    for one, other in zip(resumed, rows, strict=True):
        assert set(one.values) == set(other.values)
        assert all(one.values[name].identical(other.values[name]) for name in other.values)


def test_the_untrained_network_is_the_same_under_every_objective():
    one, other = of("vib").model(), of("published", 0.0, 3.0).model()
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_the_loss_of_the_published_dual_without_gamma_is_that_of_ceb():
    experiment = of("ceb", 4.0)
    x, given = experiment.data.train_x[:20], torch.eye(10)[experiment.labels[:20]]
    losses = []
    for one in (experiment, of("published", 4.0)):
        torch.manual_seed(5)
        losses.append(one.loss(one.model(), x, given, None).detach())
    assert torch.equal(*losses)


def test_b_of_an_objective_without_it_follows_the_codes_and_moves_nothing_else():
    experiment = of("vib")
    x, given = experiment.data.train_x[:20], torch.eye(10)[experiment.labels[:20]]
    model = experiment.model()
    torch.manual_seed(5)
    experiment.loss(model, x, given, None).backward()
    alone = experiment.model()
    torch.manual_seed(5)
    experiment.objective.lagrangian(coded(alone, x), given).backward()
    for (name, one), other in zip(model.named_parameters(), alone.parameters(), strict=True):
        if name.startswith("class_"):
            assert other.grad is None and bool(one.grad.abs().sum() > 0)
        else:
            assert torch.equal(one.grad, other.grad), name


def test_wrong_labels_are_learned_from_and_true_ones_are_tested_on():
    noisy = of("vib", label_noise=0.25)
    assert int((noisy.labels != noisy.data.train_y).sum()) == round(0.25 * 1297)
    assert "25% of the labels wrong" in noisy.attributes["description"]
    assert torch.equal(noisy._evaluated["train"][1], noisy.data.train_y[:200])


@pytest.mark.parametrize(
    ("noise", "kind"),
    [
        ("smoothing", Smoothing),
        ("jittered", Jittered),
        ("confusion", Confusion),
        ("predicted", Predicted),
    ],
)
def test_every_noise_model_gives_rows_and_draws_nothing_of_the_run_s(noise, kind):
    data = SMALL.data
    x, y = data.train_x[:300], data.train_y[:300]
    before = torch.random.get_rng_state()
    made = noise_model(Supposed(noise, pretraining=20), x, y, 10, seed=0)
    rows = made(x, y, 10)
    assert isinstance(made, kind)
    assert rows.double().sum(1).numpy() == pytest.approx(1.0, abs=1e-5)
    assert torch.equal(before, torch.random.get_rng_state())


# the known problem


def test_the_integral_of_a_known_encoder_is_that_of_its_closed_form():
    """Two clusters so far apart that z tells them exactly; and one code for all."""
    mean = torch.tensor([[0.0], [0.0], [100.0], [100.0], [100.0]])
    clustered = known.informations(Diagonal(mean, torch.ones(5, 1)))
    table = known.joint().table
    split = np.stack([table[:2].sum(0), table[2:].sum(0)])
    told = (split * np.log2(split / np.outer(split.sum(1), split.sum(0)))).sum()
    share = -(0.4 * np.log2(0.4) + 0.6 * np.log2(0.6))
    assert clustered == pytest.approx((share, told), abs=1e-9)
    assert known.informations(Diagonal(torch.ones(5, 1), torch.ones(5, 1))) == pytest.approx(
        (0.0, 0.0), abs=1e-12
    )


def much_finer(code):
    """Both informations by the trapezoid rule on all inputs' grids at once, in bits."""
    mean, scale = code.mean.double().numpy()[:, 0], code.scale.double().numpy()[:, 0]
    z = np.unique(mean[:, None] + scale[:, None] * np.linspace(-9, 9, 20_001))
    density = norm.pdf(z[:, None], mean, scale)
    of_class = density @ known.joint().table
    whole = of_class.sum(1, keepdims=True)
    of_input = rel_entr(density, whole).mean(1)
    of_label = rel_entr(of_class, whole * known.joint().py).sum(1)
    return tuple(np.trapezoid(one, z) / LN2 for one in (of_input, of_label))


@pytest.mark.parametrize("seed", range(12))
def test_the_integrals_err_by_less_than_they_may_whatever_the_scales(seed):
    """Means and σ over the decades, down to the least σ that a network has."""
    draw = np.random.default_rng(seed)
    mean = draw.normal(size=5) * 10 ** draw.uniform(-3, 1, 5)
    scale = np.exp(draw.uniform(np.log(NARROWEST), np.log(5), 5))
    code = Diagonal(*(torch.from_numpy(one)[:, None] for one in (mean, scale)))
    assert known.informations(code) == pytest.approx(much_finer(code), abs=known.TOLERANCE)


def test_narrow_codes_within_wide_ones_are_not_stepped_over():
    mean = torch.tensor([[0.0], [0.01], [0.3], [0.5], [4.0]])
    code = Diagonal(mean, torch.tensor([[1e-3], [1e-3], [3.0], [5.0], [1e-3]]))
    found = known.informations(code)
    assert found == pytest.approx(much_finer(code), abs=known.TOLERANCE)
    assert found[0] == pytest.approx(1.94624, abs=1e-5)


@pytest.mark.parametrize("beta", [6.0, 20.0])
def test_the_lines_that_touch_the_curve_are_above_it_and_near_it(beta):
    exact = solve(known.joint(), beta)
    above = known.exact(False).ceiling(exact.rate) - exact.relevance
    assert -1e-9 < above < 1e-3


@pytest.mark.parametrize(
    ("objective", "steps"),
    [
        (Objective("vib", 20.0), 300),
        (Objective("ceb", 19.0), 600),  # which has to find its b(z|y) too
        (Objective("vdual", 20.0), 300),
        (Objective("published", 0.0, 20.0), 600),
    ],
)
def test_a_trained_encoder_approaches_the_exact_curve_from_below(objective, steps):
    rate, relevance = known.informations(known.trained(objective.lagrangian, steps, 0))
    below = known.exact(False).ceiling(rate) - relevance
    assert -1e-6 < below < 0.02
    assert relevance > 0.05


def test_what_is_exact_at_the_same_beta_is_told_of_each_method():
    assert Objective("vib", 20.0).exact == (20.0, False)
    assert Objective("ceb", 19.0).exact == (20.0, False)
    assert Objective("published", 19.0).exact == (20.0, False)
    assert Objective("vdual", 20.0).exact == (20.0, True)
    assert Objective("published", 0.0, 20.0).exact is None


def test_the_exact_points_of_a_trace_are_those_of_the_acceptance_statement(trace):
    last = trace.isel(snapshot=-1)
    assert float(last["same_rate"]) == pytest.approx(0.69190033, abs=1e-7)
    assert float(last["same_relevance"]) == pytest.approx(0.11686989, abs=1e-7)
    dual = solve(known.joint(), 10.0, dual=True)
    assert (dual.rate, dual.relevance) == pytest.approx((0.71482217, 0.11901186), abs=1e-7)
    lines = [known.exact(False).ceiling(one) for one in known.exact(True).rates]
    assert bool((np.array(lines) > known.exact(True).relevances - 1e-9).all())


# what is said of a run


def test_a_run_is_shown_and_judged(trace):
    found = {one.key: one for one in Dual.findings([trace])}
    assert list(found) == ["dpi", "published-axis", "known"]
    assert found["dpi"].verdict is Verdict.SUPPORTED
    assert found["known"].verdict is Verdict.UNDECIDED  # one seed
    panels = Dual.panels(trace)
    assert len({one.key for one in panels}) == len(panels)
    assert {one.side for one in panels if one.plane} == {"train", "test"}
    assert "of 200 images" in Dual.summary(trace, list(found.values()))[0]
    (table,) = Dual.tables(trace, {})
    assert [row[0].lines[0] for row in table.rows].count("I(X;Z)") == 3
    assert any("[@poole2019variational]" in one for one in Dual.methods(trace))


def made_up(trace, ends, seed, objective):
    """The same run under another name, with its own numbers at the end of training."""
    trace = trace.copy(deep=True)
    for name, value in ends.items():
        trace[name].values[-1] = value
    trace["known_below"].values[-1] = ends.get("known_below", 0.01)
    settings = json.loads(trace.attrs["settings"])
    told = {"method": objective.method, "beta": objective.beta, "gamma": objective.gamma}
    settings |= {"seed": seed, "objective": {"type": "Objective", **told}}
    return trace.assign_attrs(
        seed=seed, settings=json.dumps(settings), objective=objective.name, label_noise=0.2
    )


TOLD = {1.0: 1.0, 10.0: 2.0, 100.0: 3.0}
"""I(Z;Y) in bits by weight, alike under all methods."""
INFORMED = {"vib": 3.0, "ceb": 2.0, "vdual": 2.0, "published": 2.5}
"""I(X;Z) in bits is so many times I(Z;Y): the dual's is lower than VIB's, not than CEB's."""
ERRORS = {"vib": 0.10, "ceb": 0.12, "vdual": 0.13, "published": 0.08}


def several_seeds(trace, count=3, **changed):
    found = []
    for seed in range(count):
        members = {}
        for method, several in MEMBERS.items():
            for one in several:
                slight = 1e-3 * seed * (1 + list(MEMBERS).index(method))
                told = TOLD[one.weight] + slight
                ends = {
                    "I_TY": told,
                    "I_XT": INFORMED[method] * told,
                    "residual": (INFORMED[method] - 1) * told - (0.5 if method != "vib" else -1),
                    "error_test": ERRORS[method] + 0.01 / one.weight + slight,
                    **changed.get(one.name, {}),
                }
                members[one.name] = made_up(trace, ends, seed, one)
        found.append(family(members, "objective"))
    return found


@pytest.fixture(scope="module")
def seeds(trace):
    """Three made-up seeds of a family of known truth."""
    return several_seeds(trace)


def test_verdicts_over_seeds_are_those_of_the_numbers(seeds):
    found = {one.key: one for one in Objectives.findings(seeds)}
    assert list(found) == [
        *("dpi", "published-axis", "known"),
        *(f"weight-{one}" for one in MEMBERS),
        *("plane-vdual", "plane-published", "error-vdual", "error-published"),
    ]
    supported = [key for key, one in found.items() if one.verdict is Verdict.SUPPORTED]
    contradicted = [key for key, one in found.items() if one.verdict is Verdict.CONTRADICTED]
    assert contradicted == ["published-axis", "plane-published", "error-vdual"]
    assert supported == [key for key in found if key not in contradicted]
    assert found["published-axis"].readings[0].weakest == "vib beta=100.0"
    near = found["plane-vdual"].readings[0]
    # 90 % of 3 bit lies 0.7 of the way from 2 to 3, on both straight lines
    assert near.parts[""].mean == pytest.approx(2.7, abs=0.02)
    assert near.evidence["seed 0"]["I(X;Z) of vib"] == pytest.approx(8.1, abs=1e-9)
    assert "With 20% of the training labels wrong" in found["error-vdual"].statement
    assert found["error-published"].readings[0].evidence["seed 0"]["ceb"] == "ceb beta=100.0"
    assert found["error-published"].readings[0].parts[""].mean == pytest.approx(0.04 - 2e-3)


def test_one_weight_of_a_method_is_no_curve_to_be_nearer_than(seeds):
    alone = [
        one.sel(objective=["vib beta=1.0", "vib beta=10.0", "vdual beta=10.0"]) for one in seeds
    ]
    found = {one.key for one in Objectives.findings(alone)}
    assert "plane-vdual" not in found and {"weight-vib", "error-vdual", "dpi"} <= found


def test_a_member_that_breaks_the_inequality_or_the_exact_curve_is_found(trace):
    wrong = several_seeds(trace, **{"ceb beta=10.0": {"I_XT": 1.5, "known_below": -0.01}})
    found = {one.key: one for one in Objectives.findings(wrong)}
    for key in ("dpi", "known"):
        reading = found[key].readings[0]
        assert reading.weakest == "ceb beta=10.0" and reading.verdict is Verdict.CONTRADICTED


def test_a_member_that_diverged_is_not_compared(trace):
    whole = several_seeds(trace, 2, **{"vib beta=100.0": {"I_XT": np.nan, "I_TY": np.nan}})
    found = [one.key for one in Objectives.findings(whole)]
    assert "weight-vib" not in found and "plane-vdual" not in found and "dpi" not in found
    assert {"plane-published", "error-vdual", "weight-ceb"} <= set(found)
    told = Objectives.summary(combined(whole), Objectives.findings(whole))
    assert any("Not judged" in one and "plane-vdual" in one for one in told)


def test_a_family_is_shown_for_one_seed_and_for_several(seeds):
    for trace in (seeds[0], combined(seeds)):
        panels = {one.key: one for one in Objectives.panels(trace)}
        assert {"plane-weights-prior", "published-weights", "error-weights", "known"} <= set(panels)
        (vib,) = [one for one in panels["plane-weights-prior"].series if one.name == "vib"]
        assert vib.y.tolist() == pytest.approx([1.0, 2.0, 3.0], abs=2e-3)
        (table,) = Objectives.tables(trace, {})
        assert [row[0].lines[0] for row in table.rows] == NAMES
        assert "published beta=0.0 gamma=100.0" in Objectives.summary(trace, [])[0]


def test_runs_of_methods_with_other_marginals_are_joined():
    """Their bounds have one description, or they could not be set side by side."""
    short = {"training": Training(steps=3, batch_size=50), "looking": SMALL.looking}
    made = {
        one.objective.name: traced(one)
        for one in (of("vib", **short), of("ceb", **short), of("published", 0.0, 10.0, **short))
    }
    whole = family(made, "objective")
    assert {"dpi", "published-axis"} <= {one.key for one in Objectives.findings([whole])}
    for name, one in made.items():
        known_end = held_out(one)["I_XT"].isel(snapshot=-1, layer=0).values
        assert np.array_equal(Kept(held_out(whole)).informed(name).values, known_end)


def test_one_method_alone_is_asked_nothing_about_pairs(trace):
    some = {one.name: made_up(trace, {"I_TY": 1.0}, 0, one) for one in MEMBERS["vib"][:2]}
    whole = held_out(family(some, "objective"))
    assert [one.key for one in claims(whole)] == ["dpi", "published-axis", "known", "weight-vib"]
    assert list(Kept(whole).methods) == ["vib"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_and_its_objective_are_one(name):
    one = Objective.named(name)
    assert one.name == name
    assert Objectives.named({"type": "Objective", **vars(one)}) == name


# bad input


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hidden": (0,)}, r"hidden\[0\]=0"),
        ({"code_size": 0}, "code_size=0"),
        ({"label_noise": 1.0}, "label_noise=1.0"),
        ({"label_noise": float("nan")}, "label_noise=nan"),
        ({"device": "nowhere"}, "device=nowhere"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(InfoplaneError, match=words):
        Dual(**settings)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: Objective("vib", -1.0), "beta=-1.0"),
        (lambda: Objective("vib", math.inf), "beta=inf"),
        (lambda: Objective("vib", 1.0, 1.0), "gamma=1.0 belongs to"),
        (lambda: Objective.named("none beta=1.0"), "names no objective"),
        (lambda: Supposed(smoothing=0.0), "smoothing=0.0"),
        (lambda: Supposed(smoothing=1.5), "smoothing=1.5"),
        (lambda: Supposed(deviation=math.inf), "deviation=inf"),
        (lambda: Supposed(deviation=0.0), "deviation=0.0"),
        (lambda: Supposed(pretraining=0), "pretraining=0"),
        (lambda: Looking(draws=0), "draws=0"),
        (lambda: Looking(probe_size=1), "probe_size=1"),
    ],
)
def test_parts_that_make_no_sense_are_refused(made, words):
    with pytest.raises(InfoplaneError, match=words):
        made()


def test_a_network_without_a_stochastic_code_is_refused():
    bounds = SMALL._bounds(SMALL.labels)
    with pytest.raises(InfoplaneError, match="A Linear draws no code"):
        bounds(Snapshot(0, 0.0, torch.nn.Linear(2, 2), None))
