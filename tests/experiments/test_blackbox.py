"""Opening the black box: runs, claims on planted courses, the family, and bad input."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

from infoplane.analysis.family import family
from infoplane.analysis.networks import compared
from infoplane.bottleneck.anneal import curve
from infoplane.bottleneck.joint import Joint
from infoplane.datasets.known import icosahedron
from infoplane.experiments.blackbox.bound import input_compression_bound
from infoplane.experiments.blackbox.compression import generalisation
from infoplane.experiments.blackbox.experiment import Blackbox
from infoplane.experiments.blackbox.family import Variants
from infoplane.experiments.blackbox.problem import (
    BETAS,
    ceiling,
    exact_curve,
    learned_from,
    patterns,
)
from infoplane.experiments.blackbox.settings import PROTOCOLS, Looking, Variant
from infoplane.quantities.tables import mutual_information
from infoplane.report.references import Citations
from infoplane.store.address import canonical
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict
from infoplane.values.trace import Checkpoint, Row, trace_of

SMALL = Blackbox(
    networks=4,
    epochs=12,
    looking=Looking(
        snapshots=8,
        compared=3,
        kde_snapshots=2,
        kde_patterns=60,
        renyi_snapshots=2,
        renyi_patterns=40,
        noisy_snapshots=3,
        noisy_patterns=30,
        noisy_draws=4,
        gradient_snapshots=8,
    ),
)
SETTINGS = {
    "published": Variant(),
    "published activation=relu": Variant(activation="relu"),
    "published batch_size=0": Variant(batch_size=0),
    "published share=0.05": Variant(share=0.05),
    "published noise=0.01": Variant(noise=0.01),
}


def of(variant, **changed):
    return replace(SMALL, variant=variant, **changed)


def traced(experiment):
    rows = [one for one in experiment.run() if isinstance(one, Row)]
    settings = json.dumps(canonical(experiment))
    return trace_of(rows, {**experiment.attributes, "settings": settings})


@pytest.fixture(scope="module")
def runs():
    """A tiny run of every member."""
    return {name: traced(of(variant)) for name, variant in SETTINGS.items()}


# runs


def test_every_estimator_measures_what_it_is_asked_of(runs):
    trace = runs["published"]
    measured = trace["I_XT"].notnull()
    counts = measured.any(("snapshot", "layer")).sum("init")
    moments = measured.any(("init", "layer")).sum("snapshot")
    for name in trace["estimator"].values:
        bins = name in ("edges30", "width", "adaptive")
        assert int(counts.sel(estimator=name)) == (4 if bins else 3)
    assert int(moments.sel(estimator="edges30")) == trace.sizes["snapshot"] == 7
    assert int(moments.sel(estimator="kde-upper")) == 2
    assert compared(trace).sizes["init"] == 3
    assert trace["gradient_snr"].dims == ("snapshot", "init", "layer")


def test_what_binned_layers_tell_is_one_number_twice_and_within_its_bounds(runs):
    trace = runs["published"].sel(estimator=["edges30", "width", "adaptive"])
    assert trace["I_XT"].equals(trace["S_T"])
    assert bool((trace["I_XT"] <= 12).all())
    p = icosahedron.hard_labels().mean()
    entropy = -(p * math.log2(p) + (1 - p) * math.log2(1 - p))
    assert bool((trace["I_TY"] <= entropy + 1e-12).all())
    assert bool((trace["I_TY"] <= trace["I_XT"] + 1e-12).all())


def test_errors_are_of_what_was_learned_from_and_of_the_rest(runs):
    trace, model = runs["published"], SMALL.model()
    problem = patterns("hard", 0)
    wrong = (model.alone(2)(problem.x).argmax(1) != problem.y).double()
    m = round(0.8 * 4096)
    first = trace.isel(snapshot=0, init=2)
    assert float(first["error_train"]) == pytest.approx(float(wrong[:m].mean()), abs=1e-12)
    assert float(first["error_test"]) == pytest.approx(float(wrong[m:].mean()), abs=1e-12)


@pytest.mark.parametrize("protocol", ["paper", "ibsgd"])  # gradient descent, and Adam
def test_resumed_it_yields_the_same_rows(protocol):
    experiment = of(Variant(protocol=protocol), networks=2)
    events = list(experiment.run())
    middle = [one for one in events if isinstance(one, Checkpoint)][9]
    rows = [one for one in events if isinstance(one, Row) and one.step > middle.step]
    resumed = [one for one in experiment.run(middle) if isinstance(one, Row)]
    assert rows and len(resumed) == len(rows)
    for one, other in zip(resumed, rows, strict=True):
        assert all(one.values[name].identical(other.values[name]) for name in other.values)


def test_the_first_networks_are_the_same_however_many_are_trained(runs):
    fewer = traced(of(Variant(), networks=3))
    both = [one["error_test"].values[:, :3] for one in (fewer, runs["published"])]
    assert np.array_equal(*both)


@pytest.mark.parametrize(
    ("name", "drawn"), [("published", False), ("paper", True), ("ibsgd", True)]
)
def test_protocols_choose_their_training_samples(name, drawn):
    plan = PROTOCOLS[name]
    chosen = learned_from(plan, 3, 0)
    m = round(plan.share * 4096)
    assert chosen.shape == (3, m)
    assert all(len(one.unique()) == m for one in chosen)
    assert torch.equal(chosen[0], torch.arange(m)) is not drawn
    assert torch.equal(chosen[0], chosen[1]) is not drawn


def test_soft_labels_are_drawn_from_the_rule():
    problem = patterns("soft", 0)
    p = torch.from_numpy(icosahedron.soft_rule())
    assert torch.equal(problem.p[:, 1], p)
    errors = (p * (1 - p)).sum().sqrt()
    assert float((problem.y.sum() - p.sum()).abs() / errors) < 4
    assert torch.equal(patterns("hard", 0).y, torch.from_numpy(icosahedron.hard_labels()))


def test_the_exact_curve_is_that_of_the_acceptance_statement():
    rates, relevances = exact_curve("soft")
    known = {1.1: (0.277703, 0.254944), 1.2: (0.732001, 0.655076), 2.0: (0.986024, 0.842657),
             3.0: (0.998458, 0.848129)}  # fmt: skip
    for beta, point in known.items():
        place = 1 + BETAS.index(beta)
        assert (rates[place], relevances[place]) == pytest.approx(point, abs=1e-6)
    whole = mutual_information(icosahedron.joint(icosahedron.soft_rule()))
    assert (relevances <= whole).all()
    assert exact_curve("hard")[0] == pytest.approx([0.0, 0.9991571208], abs=1e-9)


def test_nothing_on_the_exact_curve_lies_above_what_is_drawn():
    table = Joint.of_table(icosahedron.joint(icosahedron.soft_rule(), lumped=True))
    between = curve(table, betas=[1.085, 1.105, 1.25, 1.7, 4.0, 30.0, 1000.0])
    x = np.array([0.0, *between.rates, 6.0])
    y = np.array([0.0, *between.relevances, table.information])
    drawn = ceiling(x, exact_curve("soft"), "soft")
    assert (y <= drawn + 1e-9).all() and (drawn - y).max() < 0.02
    assert ceiling(x, exact_curve("hard"), "hard") == pytest.approx(np.minimum(x, 0.9991571208))


def test_a_blunter_rule_tells_less_of_the_label():
    told = [patterns("soft", 0, sharpness).p.std() for sharpness in (3.0, 12.0)]
    assert told[0] < told[1]
    assert exact_curve("soft", 3.0)[1][-1] < exact_curve("soft")[1][-1]
    assert canonical(Variant(rule="soft")) == {
        key: value
        for key, value in canonical(Variant(rule="soft", sharpness=3.0)).items()
        if key != "sharpness"
    }


def test_networks_can_learn_from_patterns_of_their_own_under_any_protocol():
    own = learned_from(Variant(share=0.05, drawn=True).plan, 3, seed=0)
    first = learned_from(Variant(share=0.05).plan, 3, seed=0)
    assert own.shape == first.shape == (3, 205)
    assert (first == torch.arange(205)).all() and own.max() > 2048
    assert len({tuple(one.tolist()) for one in own}) == 3


# what is said of a run


@pytest.mark.parametrize("name", SETTINGS)
def test_a_run_is_shown_and_judged(runs, name):
    trace = runs[name]
    found = {one.key: one for one in Blackbox.findings([trace])}
    expected = ["compression", "published", "gradient", "onset", "saturation", "generalisation"]
    tanh = "relu" not in name
    assert list(found)[: len(expected)] == (
        expected if tanh else [one for one in expected if one not in ("published", "saturation")]
    )
    assert ("clustering" in found) == ("noise" in name)
    assert found["compression"].spread == "3 networks"
    assert found["gradient"].spread == "4 networks"
    readers = {one.estimator for one in found["compression"].readings}
    assert ("edges30" in readers) == tanh
    panels = Blackbox.panels(trace)
    assert len({one.key for one in panels}) == len(panels)
    assert all(one.still is not None for one in panels if one.plane)
    assert [one.title for one in Blackbox.tables(trace, {})][:2] == [
        "Compression under every estimator",
        "Layers",
    ]
    assert "4 networks" in Blackbox.summary(trace, list(found.values()))[0]
    citations = Citations()
    assert all(citations.woven(one) for one in Blackbox.methods(trace))
    assert all(citations.cite(one.source) for one in found.values())


def planted(trace, *, height, early=8.0, late=-8.0, order=1.0):
    """The same run with a course of its own: a rise to 6 bits, and a fall of such a height."""
    trace = trace.copy(deep=True)
    epochs = trace["epoch"].values
    moments, nets = len(epochs), trace.sizes["init"]
    slight = 0.01 * np.arange(nets)
    course = np.concatenate([[0.0, 6.0], np.linspace(6.0, 6.0 - height, moments - 2)])
    measured = trace["I_XT"].notnull()
    values = (
        course[:, None, None, None]
        - slight[None, None, :, None] * np.arange(moments)[:, None, None, None]
    )
    trace["I_XT"] = trace["I_XT"].copy(data=np.broadcast_to(values, measured.shape)).where(measured)
    snr = np.where(np.arange(moments) < 2, 2.0**early, 2.0**late)[:, None, None] + slight[:, None]
    there = trace["gradient_snr"].notnull()
    trace["gradient_snr"] = (
        trace["gradient_snr"].copy(data=np.broadcast_to(snr, there.shape)).where(there)
    )
    if "saturated_T" in trace:
        rising = np.linspace(0, 0.9, moments)[:, None, None] + slight[:, None]
        trace["saturated_T"] = trace["saturated_T"].copy(
            data=np.broadcast_to(rising, trace["saturated_T"].shape)
        )
    trace["error_test"].values[-1] = 0.1 - order * slight
    return trace


def verdicts(findings, key, *names):
    (one,) = [one for one in findings if one.key == key]
    return {read.verdict for read in one.readings if read.estimator in names}


BINS = ("width", "adaptive")


def test_planted_courses_are_told_apart(runs):
    falling = Blackbox.findings([planted(runs["published"], height=3.0)])
    assert verdicts(falling, "compression", "edges30", *BINS) == {Verdict.SUPPORTED}
    assert verdicts(falling, "published", "edges30") == {Verdict.SUPPORTED}
    assert verdicts(falling, "gradient", "none") == {Verdict.SUPPORTED}
    assert verdicts(falling, "saturation", *BINS) == {Verdict.SUPPORTED}
    assert verdicts(falling, "onset", *BINS) == {Verdict.SUPPORTED}
    assert verdicts(falling, "generalisation", *BINS) == {Verdict.SUPPORTED}
    still = Blackbox.findings(
        [planted(runs["published"], height=0.0, early=-3.0, late=-3.0, order=-1.0)]
    )
    assert verdicts(still, "compression", "edges30", *BINS) == {Verdict.CONTRADICTED}
    assert verdicts(still, "gradient", "none") == {Verdict.CONTRADICTED}
    assert verdicts(still, "generalisation", *BINS) == {Verdict.CONTRADICTED}


@pytest.mark.parametrize(
    ("height", "early", "late", "crossing"),
    [
        (-2.0, 1.6, 1.6, 0.0),  # rises to its end, and a ratio of 3 throughout
        (-2.0, 8.0, -8.0, 1.0),  # the ratio sinks, and nothing falls
        (3.0, -3.0, -3.0, 0.0),  # below 1 from the first moment: nothing sinks
        (3.0, 8.0, 8.0, 0.0),
    ],
)
def test_a_fall_begins_where_the_ratio_crosses_only_if_both_are_there(
    runs, height, early, late, crossing
):
    trace = planted(runs["published"], height=height, early=early, late=late)
    found = Blackbox.findings([trace])
    assert verdicts(found, "onset", *BINS) == {Verdict.CONTRADICTED}
    (onset,) = [one for one in found if one.key == "onset"]
    for reading in onset.readings:
        assert set(reading.evidence.values()) == {crossing}
        if not crossing:
            assert {one.mean for one in reading.parts.values()} == {-2.0}


def test_the_counter_experiments_are_judged_on_their_members(runs):
    names = ("published", "published activation=relu", "published batch_size=0")
    heights = dict(zip(names, (3.0, 0.0, 2.0), strict=True))
    whole = family({name: planted(runs[name], height=heights[name]) for name in names}, "variant")
    found = Variants.findings([whole])
    for key in ("compression", "compression less-relu", "compression none-relu",
                "compression full-batch"):  # fmt: skip
        assert verdicts(found, key, *BINS) == {Verdict.SUPPORTED}, key
    (none,) = [one for one in found if one.key == "compression none-relu"]
    assert "edges30" not in {one.estimator for one in none.readings}
    assert any("edges" in note for note in none.notes)
    other = family(
        {name: planted(runs[name], height=3.0 - heights[name]) for name in names}, "variant"
    )
    assert verdicts(Variants.findings([other]), "compression none-relu", *BINS) == {
        Verdict.CONTRADICTED
    }


def test_noisy_networks_that_only_rise_support_neither_compression_nor_clustering():
    looking = replace(SMALL.looking, noisy_snapshots=6)
    trace = traced(of(SETTINGS["published noise=0.01"], looking=looking))
    moments, measured = trace.sizes["snapshot"], trace["I_XT"].notnull()
    for first, last, verdict in ((1.0, 3.0, Verdict.CONTRADICTED), (4.0, 1.0, Verdict.SUPPORTED)):
        shaped = trace.copy(deep=True)
        course = np.broadcast_to(
            np.linspace(first, last, moments)[:, None, None, None], measured.shape
        )
        shaped["I_XT"] = trace["I_XT"].copy(data=course).where(measured)
        bins = xr.zeros_like(trace["clusters_T"]) + shaped["I_XT"].sel(estimator="width", drop=True)
        noise = 0.01 * xr.DataArray(np.arange(bins.sizes["init"]), dims="init")
        shaped["clusters_T"] = (bins + noise).transpose(*trace["clusters_T"].dims)
        found = Blackbox.findings([shaped])
        assert verdicts(found, "compression-in-noise", "propagated") == {verdict}
        told = verdicts(found, "clustering", "propagated")
        assert told == ({Verdict.SUPPORTED} if first > last else {Verdict.UNDECIDED})


def test_shares_are_compared_among_members_that_learn_alike(runs):
    names = ("published share=0.05 drawn=True", "published share=0.85 drawn=True")
    parts = {name: planted(runs["published"], height=3.0) for name in names}
    found = Variants.findings([family({"published": runs["published"], **parts}, "variant")])
    (shares,) = [one for one in found if one.key == "generalisation"]
    assert set(shares.readings[0].parts) == {
        f"hidden.{layer}, {share} alone" for layer in (4, 5) for share in ("5%", "85%")
    }


def test_full_batches_say_by_what_they_are_trained(runs):
    parts = {
        name: planted(runs["published batch_size=0"], height=3.0)
        for name in ("published batch_size=0", "paper batch_size=0")
    }
    whole = family({"published": runs["published"], **parts}, "variant")
    found = {one.key: one for one in Variants.findings([whole])}
    assert any("Adam on all" in note for note in found["compression full-batch"].notes)
    other = found["compression full-batch paper batch_size=0"]
    assert any("gradient descent on all" in note for note in other.notes)


# the family


def test_all_members_are_judged_and_shown_together(runs):
    whole = family(runs, "variant")
    found = Variants.findings([whole])
    keys = [one.key for one in found]
    assert keys == [
        "compression",
        "published",
        "gradient",
        "onset",
        "saturation",
        "compression less-relu",
        "compression none-relu",
        "compression full-batch",
        "generalisation",
        "compression-in-noise",
        "clustering",
    ]
    alone = {one.key: one for one in Blackbox.findings([runs["published"]])}
    same = next(one for one in found if one.key == "compression")
    for one, other in zip(same.readings, alone["compression"].readings, strict=True):
        assert one.parts == other.parts
    shares = next(one for one in found if one.key == "generalisation")
    assert set(shares.readings[0].parts) == {
        f"hidden.{layer}, {share} alone" for layer in (4, 5) for share in ("80%", "5%")
    }
    assert list(shares.readings[0].evidence) == [
        f"hidden.{layer}, networks of all shares together" for layer in (4, 5)
    ]
    panels = Variants.panels(whole)
    assert len({one.key for one in panels}) == len(panels)
    (table,) = Variants.tables(whole, {})
    assert [row[0].lines[0] for row in table.rows] == list(runs)
    assert "published share=0.05" in Variants.summary(whole, found)[0]


def test_shares_that_differ_in_fall_and_error_support_nothing_by_themselves(runs):
    """Within each share the networks that fall more err more; over both it looks otherwise."""
    falls = {"published": 3.0, "published share=0.05": 1.0}
    parts = {name: planted(runs[name], height=falls[name], order=-1.0) for name in falls}
    parts["published share=0.05"]["error_test"].values[-1] += 0.3
    found = Variants.findings([family(parts, "variant")])
    (shares,) = [one for one in found if one.key == "generalisation"]
    for reading in shares.readings:
        assert reading.verdict is Verdict.CONTRADICTED
        assert min(reading.evidence.values()) > 0.3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("published", "in their start alone, those"),
        ("paper", "start, the patterns they learn from, the order of their minibatches, those"),
        ("ibsgd batch_size=0", "in their start, the patterns they learn from, those"),
        ("published noise=0.01", "in their start, the noise of their units, those"),
    ],
)
def test_networks_that_are_compared_are_said_to_differ_in_what_they_do(runs, name, words):
    trace = runs["published"].assign_attrs(variant=name)
    assert words in generalisation(trace).statement


@pytest.mark.parametrize(
    "name",
    [
        *SETTINGS,
        "ibsgd rule=soft optimiser=sgd learning_rate=0.25",
        "published rule=soft share=0.05 drawn=True sharpness=3.0",
        "paper drawn=False",
    ],
)
def test_a_name_and_its_variant_are_one(name):
    one = Variant.named(name)
    assert one.name == name
    assert Variants.named({"type": "Variant", **vars(one)}) == name


def test_a_variant_changes_what_it_names_alone():
    plan = Variant(protocol="ibsgd", batch_size=0, share=0.3).plan
    assert (plan.batch_size, plan.share) == (0, 0.3)
    assert replace(plan, batch_size=256, share=0.8) == PROTOCOLS["ibsgd"]


# the heuristic, and bad input


def test_one_bit_less_is_worth_twice_the_samples():
    loose = input_compression_bound(20.0, 10**6)
    assert input_compression_bound(21.0, 2 * 10**6) == pytest.approx(loose, rel=1e-4)
    assert input_compression_bound(0.0, 50, 0.1) == pytest.approx(
        math.sqrt((1 + math.log(20)) / 100)
    )
    for wrong in ((math.nan, 10, 0.1), (1.0, 0, 0.1), (1.0, 10, 1.0)):
        with pytest.raises(InfoplaneError, match="are needed"):
            input_compression_bound(*wrong)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: Variant(share=1.0), "share=1.0"),
        (lambda: Variant(learning_rate=0.0), "learning_rate=0.0"),
        (lambda: Variant(noise=-0.1), "noise=-0.1"),
        (lambda: Variant(sharpness=3.0), "take rule=soft"),
        (lambda: Variant(rule="soft", sharpness=0.0), "sharpness=0.0"),
        (lambda: Variant(batch_size=-1), "batch_size=-1"),
        (lambda: Variant.named("nobody"), "names no variant"),
        (lambda: Variant.named("published colour=red"), "colour"),
        (lambda: Looking(snapshots=1), "snapshots=1"),
        (lambda: Looking(compared=0), "compared=0"),
        (lambda: Blackbox(networks=1), "networks=1"),
        (lambda: Blackbox(epochs=-1), "epochs=-1"),
        (lambda: Blackbox(variant=Variant(share=1e-5)), "share=1e-05"),
    ],
)
def test_settings_that_make_no_sense_are_refused(made, words):
    with pytest.raises(InfoplaneError, match=words):
        made()
