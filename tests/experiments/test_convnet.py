"""Convolutional networks: runs, controls, claims, and what a family of filter counts is told."""

import json
import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from torch.nn.functional import cross_entropy

from infoplane.analysis.claims import judge
from infoplane.analysis.family import family
from infoplane.datasets import catalogue, cifar
from infoplane.engine.grid import gridded, grids_in
from infoplane.experiments.convnet.control import (
    CONTROL,
    LABELS,
    NETWORK,
    SUFFIX,
    control,
    network,
)
from infoplane.experiments.convnet.experiment import Convnet
from infoplane.experiments.convnet.family import Filters
from infoplane.experiments.convnet.family_claims import claims
from infoplane.experiments.convnet.kept import backward, forward, of_maps, share
from infoplane.experiments.convnet.members import Counts
from infoplane.experiments.convnet.settings import SILVERMAN, TENSOR, Looking, architecture
from infoplane.experiments.settings import Probing, Training
from infoplane.record.loop import batches
from infoplane.store.address import canonical
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict
from infoplane.values.trace import Checkpoint, Row, held_out, trace_of

SMALL = Convnet(
    filters=(3, 4),
    training=Training(steps=40, batch_size=50, learning_rate=2e-2),
    probing=Probing(
        snapshots=3,
        probe_batches=2,
        probe_size=24,
        probe_from="both",
        null_snapshots=2,
        permutations=1,
        evaluation=200,
    ),
    looking=Looking(map_snapshots=3, map_permutations=1),
)
MEMBERS = {"2-3": (2, 3), "3-4": (3, 4), "5-6": (5, 6)}


def traced(experiment):
    rows = [one for one in experiment.run() if isinstance(one, Row)]
    settings = json.dumps(canonical(experiment))
    return trace_of(rows, {**experiment.attributes, "settings": settings})


@pytest.fixture(scope="module")
def members():
    """Tiny runs of three filter counts, by name."""
    return {name: traced(replace(SMALL, filters=filters)) for name, filters in MEMBERS.items()}


@pytest.fixture(scope="module")
def trace(members):
    return members["3-4"]


@pytest.fixture(scope="module")
def findings(trace):
    return {one.key: one for one in Convnet.findings([trace])}


# runs


def test_it_learns_and_all_is_measured(trace):
    assert float(trace["error_test"][-1]) < 0.5 < float(trace["error_test"][0])
    assert trace["I_XT"].dims == ("snapshot", "probe", "estimator", "batch", "layer")
    assert trace["layer"].values.tolist() == ["conv.1", "conv.2", "hidden.1", "output"]
    for name in ("I_XT", "I_TY", "S_T"):
        assert trace[name].notnull().all() and trace[name + SUFFIX].notnull().all(), name
    assert trace["I_delta"].sel(layer=["conv.1", "hidden.1"]).notnull().all()
    maps = of_maps(trace)
    assert maps["step"].values.tolist() == [0, 1, 40]
    assert maps["trade_off_X"].drop_sel(estimator=TENSOR).notnull().all()
    assert maps["trade_off_X_null"].isel(snapshot=[0, -1]).sel(estimator=SILVERMAN).notnull().all()


def test_the_control_begins_as_the_network_and_learns_other_labels(trace):
    own, other = held_out(network(trace)), held_out(control(trace))
    for name in ("I_XT", "T_star", "I_delta"):
        assert np.array_equal(own[name][0], other[name][0], equal_nan=True), name
    assert not np.array_equal(own["I_XT"][-1], other["I_XT"][-1])
    assert float(other["error_test"][-1]) > 0.7
    assert not [name for name in network(trace) if name.endswith(SUFFIX)]


def test_labels_are_shuffled_and_not_drawn():
    labels = SMALL.labels()
    counts = [torch.bincount(one).tolist() for one in labels.values()]
    assert counts[0] == counts[1] and not torch.equal(*labels.values())
    assert torch.equal(replace(SMALL, filters=(5, 6)).labels()[CONTROL], labels[CONTROL])


def test_the_twin_does_not_touch_the_network(trace):
    """Together they are trained as each would be alone."""
    alone = traced(replace(SMALL, control=False))
    assert not [name for name in alone if name.endswith(SUFFIX)]
    for name in alone:
        assert np.array_equal(alone[name], trace[name], equal_nan=True), name
    found = {one.key: one for one in Convnet.findings([alone])}
    assert "labels shuffled" not in found["pairs-rises"].readings[0].controls
    model = SMALL.network()
    optimiser = torch.optim.Adam(model.parameters(), lr=SMALL.training.learning_rate)
    x, y = SMALL.data.train_x, SMALL.labels()[NETWORK]
    for _, chosen in zip(range(40), batches(len(x), 50, seed=0), strict=False):
        optimiser.zero_grad()
        cross_entropy(model(x[chosen]), y[chosen]).backward()
        optimiser.step()
    with torch.no_grad():
        wrong = (model(SMALL.data.test_x[:200]).argmax(1) != SMALL.data.test_y[:200]).double()
    assert float(wrong.mean()) == float(trace["error_test"][-1])


def test_resumed_it_yields_the_same_rows():
    experiment = replace(
        SMALL,
        training=replace(SMALL.training, steps=20),
        probing=replace(SMALL.probing, probe_from="test", permutations=0),
        looking=Looking(map_snapshots=2, map_permutations=0),
    )
    events = list(experiment.run())
    middle = [one for one in events if isinstance(one, Checkpoint)][9]
    rows = [one for one in events if isinstance(one, Row) and one.step > middle.step]
    resumed = [one for one in experiment.run(middle) if isinstance(one, Row)]
    assert rows and len(resumed) == len(rows)
    for one, other in zip(resumed, rows, strict=True):
        assert all(one.values[name].identical(other.values[name]) for name in other.values)


def test_cifar_end_to_end_from_files_of_its_format(tmp_path, monkeypatch):
    tiny = replace(cifar.CIFAR10, per_file=16)
    random = np.random.default_rng(0)
    (tmp_path / "cifar10").mkdir()
    for name in tiny.files:
        rows = random.integers(0, 256, (16, cifar.RECORD), dtype=np.uint8)
        rows[:, 0] %= 10
        (tmp_path / "cifar10" / name).write_bytes(rows.tobytes())
    monkeypatch.setitem(catalogue.CATALOGUE, "cifar10", partial(cifar.read, tiny))
    experiment = replace(
        SMALL,
        dataset="cifar10",
        data_dir=tmp_path,
        filters=(2, 3) * 3,
        training=Training(steps=2, batch_size=20),
        probing=replace(
            SMALL.probing, probe_batches=1, probe_size=16, probe_from="test", snapshots=2
        ),
        looking=Looking(map_snapshots=2, map_permutations=0),
    )
    assert experiment.data.shape == (3, 32, 32)
    trace = traced(experiment)
    assert trace["I_XT"].notnull().all()
    assert "on cifar10" in trace.attrs["description"]
    assert len(backward(held_out(trace)).links) == trace.sizes["layer"] - 2
    found = Convnet.findings([trace])
    assert {one.verdict for one in found} <= {Verdict.UNDECIDED, Verdict.NOT_MEASURABLE}
    assert Convnet.panels(trace)


# what is refused


def test_what_cannot_be_is_refused():
    for filters, words in (((3,), "2 convolutions"), ((1, 4), "2 are the least")):
        with pytest.raises(InfoplaneError, match=words):
            replace(SMALL, filters=filters)
    with pytest.raises(InfoplaneError, match="too small for"):
        replace(SMALL, net="lenet").model()
    for bad in ({"map_snapshots": 1}, {"map_pairs": 1}, {"map_permutations": -1}):
        with pytest.raises(InfoplaneError, match=next(iter(bad))):
            Looking(**bad)
    with pytest.raises(InfoplaneError, match="h must be positive"):
        replace(SMALL, error_h=0.0)


def test_the_usual_architecture_is_that_of_the_images():
    assert architecture("mnist", "usual", ()).filters == (6, 12)
    assert len(architecture("cifar10", "usual", ()).filters) == 6
    assert len(architecture("cifar10", "vgg16", ()).filters) == 13


# claims about one run

CHAINS = ("dpi-forward", "dpi-backward")


def test_every_claim_is_asked(findings):
    layers = ("conv.2", "hidden.1")
    assert tuple(findings) == (
        *CHAINS,
        *(f"{chain}-above-null" for chain in CHAINS),
        *(
            f"{kind}-{layer}"
            for layer in layers
            for kind in ("fitting", "simplifying", "simplifying-above-null")
        ),
        "measurable",
        "redundancy",
        "modified-plane",
        "total-correlation-rises",
        "total-correlation-high",
        "pairs-rises",
        "pairs-lower-first",
        "maps-measurable",
        "compression-in-training",
        "stops-before-compression",
    )


def test_chains_run_forward_over_layers_and_backward_over_errors(trace):
    last = held_out(trace)
    assert forward(last).names[0] == "I(input; conv.1)"
    assert backward(last).links == (
        "I(δ output; δ hidden.1) ≥ I(δ output; δ conv.2)",
        "I(δ output; δ conv.2) ≥ I(δ output; δ conv.1)",
    )


def test_controls_stand_beside_the_claims(findings):
    for key in CHAINS:
        for reading in findings[key].readings:
            assert list(reading.controls) == ["untrained network", "labels shuffled"]
    for key in ("fitting-conv.2", "simplifying-hidden.1"):
        assert list(findings[key].readings[0].controls) == ["permutation null", "labels shuffled"]
    assert list(findings["pairs-rises"].readings[0].controls) == ["labels shuffled"]


def test_claims_about_maps_are_asked_of_estimators_that_know_them(findings):
    for key in ("redundancy", "pairs-rises", "maps-measurable"):
        assert [one.estimator for one in findings[key].readings] == ["silverman", "tapia"]
        assert any("Not asked of tensor" in note for note in findings[key].notes)


def test_effects_are_what_they_say(trace, findings):
    maps = of_maps(held_out(trace)).sel(estimator=SILVERMAN)
    rises = findings["pairs-rises"].readings[0]
    for layer in ("conv.1", "conv.2"):
        values = maps["I_star"].sel(layer=layer).mean("batch")
        change = float(values[-1] - values[0])
        assert rises.parts[layer].mean == pytest.approx(change, abs=1e-12)
    course = maps["I_XT"].sel(layer="conv.2").mean("batch").values
    shares = share(maps, "X").sel(layer="conv.2").mean("batch").values
    expected = float(shares[-1] - shares[course.argmax()])
    assert findings["redundancy"].readings[0].parts[""].mean == pytest.approx(expected, abs=1e-12)


def changed(trace, **courses):
    """The same run with other first and last values, on training and test samples if on both."""
    trace, moments = trace.copy(deep=True), trace.sizes["snapshot"]
    for name, ends in courses.items():
        there = trace[name].notnull()
        dims = ("snapshot", "probe") if "probe" in there.dims else ("snapshot",)
        course = xr.DataArray(np.linspace(*np.array(ends).T, moments), dims=dims)
        values = course.broadcast_like(there).where(there)
        trace[name] = trace[name].copy(data=values.transpose(*there.dims))
    return trace


def verdicts(trace, key):
    found = {one.key: one for one in Convnet.findings([trace])}
    return {one.verdict for one in found[key].readings}


def test_a_fall_that_is_none_is_not_set_beside_another(trace):
    """Noise alone falls from its peak, and further the larger its scale is."""
    slight, large = ((2.0, 1.9),) * 2, ((2.0, 1.0),) * 2
    pairs = {"non_redundant_X": (1.0, 0.95), "pairwise_X": (2.0, 2.0)}
    assert verdicts(changed(trace, I_XT=slight, **pairs), "modified-plane") == {
        Verdict.CONTRADICTED
    }
    assert verdicts(changed(trace, I_XT=large, **pairs), "modified-plane") == {Verdict.SUPPORTED}
    key = "compression-in-training"
    assert verdicts(changed(trace, I_XT=((2.0, 1.9), (2.0, 1.95))), key) == {Verdict.CONTRADICTED}
    assert verdicts(changed(trace, I_XT=((2.0, 1.0), (2.0, 1.5))), key) == {Verdict.SUPPORTED}


def test_the_control_is_asked_about_both_probes_too(trace):
    fallen, risen = ((2.0, 1.0), (2.0, 1.5)), ((1.0, 2.0), (1.5, 2.0))
    for ends, shared in ((fallen, True), (risen, False)):
        planted = changed(trace, I_XT=fallen, I_XT_shuffled=ends)
        found = {one.key: one for one in Convnet.findings([planted])}["compression-in-training"]
        assert all((LABELS in one.shared_with) == shared for one in found.readings)
        assert all(LABELS in one.at_controls for one in found.readings)


@pytest.mark.parametrize("key", ["redundancy", "modified-plane"])
def test_what_all_maps_tell_must_be_measurable_too(trace, key):
    full = ((math.log2(24), math.log2(24)),) * 2
    low = {"pairwise_X": (2.0, 2.0)}
    assert verdicts(changed(trace, I_XT=full, **low), key) == {Verdict.NOT_MEASURABLE}
    assert Verdict.NOT_MEASURABLE not in verdicts(
        changed(trace, I_XT=((2.0, 1.0),) * 2, **low), key
    )


def test_a_run_is_shown(trace, findings):
    panels = Convnet.panels(trace)
    assert len({one.key for one in panels}) == len(panels)
    keys = {one.key for one in panels}
    assert {"modified-plane-silverman", "modified-plane-silverman-shuffled"} <= keys
    assert {"plane-tensor-test", "plane-tapia-shuffled", "I-delta-tapia"} <= keys
    assert "shuffled labels" in " ".join(Convnet.summary(trace, list(findings.values())))
    measured, supposed = Convnet.tables(trace, {})
    assert len(measured.rows) == len(supposed.rows) == 2 * 2 * 2
    assert "extra assumption" in supposed.caption and "(MMI)" in supposed.title
    for row in supposed.rows:
        assert all(cell.lines[0] not in ("", "no number") for cell in row)


def test_without_pairs_or_nulls_less_is_asked():
    plain = replace(
        SMALL,
        control=False,
        probing=replace(SMALL.probing, permutations=0, probe_from="test"),
        looking=Looking(map_snapshots=0),
    )
    trace = traced(replace(plain, training=Training(steps=4)))
    found = {one.key for one in Convnet.findings([trace])}
    assert "redundancy" not in found and "dpi-forward-above-null" not in found
    assert "compression-in-training" not in found and "fitting-conv.2" in found
    assert Convnet.panels(trace) and not Convnet.tables(trace, {})


# families of filter counts


@pytest.fixture(scope="module")
def whole(members):
    return family(members, "filters")


def test_the_family_asks_of_the_first_and_the_last_convolution(whole):
    found = {one.key: one for one in Filters.findings([whole])}
    kinds = ("grows", "saturates", "beyond-untrained", "share")
    assert tuple(found) == (
        *(
            f"{kind}-{layer}-{target}"
            for layer in ("conv.1", "conv.2")
            for target in "XY"
            for kind in kinds
        ),
        "not-always-better",
    )
    assert list(found["grows-conv.1-X"].readings[0].controls) == [
        "untrained network",
        "labels shuffled",
        "permutation null",
    ]
    steps = list(found["share-conv.2-Y"].readings[0].parts)
    assert steps == ["2-3 to 3-4", "3-4 to 5-6"]
    assert found["not-always-better"].verdict is Verdict.UNDECIDED  # one seed


def test_gains_are_those_of_trained_and_untrained_networks(whole, members):
    found = {one.key: one for one in Filters.findings([whole])}
    reading = found["grows-conv.2-X"].readings[0]

    def ends(name, place):
        one = held_out(members[name])["I_XT"].sel(estimator=SILVERMAN, layer="conv.2")
        return one.isel(snapshot=place)

    gained = {place: ends("5-6", place) - ends("2-3", place) for place in (0, -1)}
    assert reading.parts[""].mean == pytest.approx(float(gained[-1].mean()), abs=1e-12)
    untrained = reading.controls["untrained network"][""].mean
    assert untrained == pytest.approx(float(gained[0].mean()), abs=1e-12)
    beyond = found["beyond-untrained-conv.2-X"].readings[0].parts[""].mean
    expected = float(np.abs(gained[-1] - gained[0]).mean()) - 0.25
    assert beyond == pytest.approx(expected, abs=1e-12)


def under(seed, trace, error):
    """The same run under another seed, with a test error of its own."""
    trace = trace.copy(deep=True)
    trace["error_test"].values[-1] = error
    settings = {**json.loads(trace.attrs["settings"]), "seed": seed}
    return trace.assign_attrs(seed=seed, settings=json.dumps(settings))


def better(members, errors):
    """What is said of errors by seed and filter count."""
    seeds = [
        family(
            {
                name: under(seed, members[name][["I_XT", "error_test"]], error)
                for name, error in zip(MEMBERS, of_seed, strict=True)
            },
            "filters",
        )
        for seed, of_seed in enumerate(errors)
    ]
    return judge(claims(seeds[0], seeds)[-1], seeds)


def test_whether_more_filters_are_better_is_judged_over_seeds(members):
    for errors, verdict in (
        ((0.30, 0.10, 0.15), Verdict.SUPPORTED),
        ((0.30, 0.20, 0.10), Verdict.CONTRADICTED),
    ):
        noise = 1e-3 * np.arange(3)[:, None]
        assert better(members, np.array(errors) + noise).verdict is verdict


def test_the_best_smaller_number_is_chosen_on_the_other_seeds(members):
    """All three are as good; the luckier of two would beat the third in every seed."""
    luck = 0.05 * np.array([1, 1, -1, -1, 1, -1])
    even = np.stack([0.2 + luck, 0.2 - luck, 0.2 + 0.01 * luck], 1)
    assert better(members, even).verdict is not Verdict.SUPPORTED
    given = np.array([[0.10, 0.30, 0.20], [0.30, 0.10, 0.25], [0.20, 0.15, 0.22]])
    chosen = [1, 0, 0]  # by the sums of the others: 0.5 and 0.25, 0.3 and 0.45, 0.4 and 0.4
    expected = [one[2] - one[place] for one, place in zip(given, chosen, strict=True)]
    found = better(members, given).readings[0].parts[""]
    assert found.mean == pytest.approx(np.mean(expected), abs=1e-12)


def test_a_number_of_filters_that_diverged_is_not_the_best(members):
    given = np.array([[0.10, 0.15, 0.20], [math.nan, 0.15, 0.21], [0.10, 0.15, 0.22]])
    assert better(members, given).readings[0].parts[""].mean == pytest.approx(0.06, abs=1e-12)


def test_the_family_is_shown(whole):
    panels = Filters.panels(whole)
    assert len({one.key for one in panels}) == len(panels)
    known = next(one for one in panels if one.key == "I-XT-filters-silverman")
    assert known.series[0].x.tolist() == [2, 3, 5]
    assert [one.dashed for one in known.series[:3]] == [False, True, True]
    tables = Filters.tables(whole, {})
    assert [row[0].lines[0] for row in tables[0].rows] == list(MEMBERS)
    assert "2-3" in " ".join(Filters.summary(whole, []))
    assert Counts(whole).layers == ["conv.1", "conv.2"]


def test_what_the_page_shows_in_python_runs(capsys):
    text = (Path(__file__).parents[2] / "docs/convnet.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names = {}
    exec(compile(code, "docs/convnet.md", "exec"), names)
    assert names["found"]["0"].shape == (20, 3, 6, 6)
    assert names["gram"].kernel.shape == (20, 20)
    assert "trade-off" in capsys.readouterr().out


def test_the_settings_of_the_reproduction_are_those_of_the_experiment():
    grids = grids_in(Path(__file__).parents[2] / "sweeps/s3.toml")
    found = gridded(Convnet(), grids)
    assert [one.filters for one in found] == [(24, 48), (12, 24), (6, 12), (4, 8), (2, 4)]
    assert {(one.dataset, one.training.steps) for one in found} == {("mnist", 3000)}
