"""Several seeds of several settings on one page: a tiny run and its like, and a large sweep."""

import csv
import io
import json
import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.ledger import Ledger
from infoplane.comparing import Comparison
from infoplane.comparing.column import Column, Read
from infoplane.comparing.numbers import numbers, numbers_for_page
from infoplane.comparing.tables import LOST, settings_table, verdict_tables
from infoplane.comparing.together import families_of
from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.experiments.autoencoder.stacked import COSTS
from infoplane.experiments.comparison.responses import responses
from infoplane.experiments.comparison.verdicts import judged
from infoplane.experiments.settings import Probing, Training
from infoplane.report.references import Citations
from infoplane.runs import Run, run
from infoplane.store.manifest import Manifest
from infoplane.store.traces import write_trace
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Finding, Interval, Reading, as_json
from infoplane.values.replicates import Replicate
from infoplane.values.trace import settings_of

SMALL = Autoencoder(
    code_size=4,
    training=Training(steps=20),
    probing=Probing(
        snapshots=3,
        probe_batches=2,
        probe_size=12,
        null_snapshots=2,
        permutations=2,
        evaluation=20,
    ),
)
SEEDS = (2, 0)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two seeds of each of two code sizes, a size after the other, the larger seed first.

    One was computed; the others are like it, and a little larger.
    """
    root = tmp_path_factory.mktemp("sweep")
    first = run(replace(SMALL, code_size=7, seed=SEEDS[0]), root)
    return [first, *(like(first, size, seed) for size, seed in [(7, 0), (4, 2), (4, 0)])]


def like(first, size, seed):
    """Another run's folder: the same values times 1.01 for every step of size or seed."""
    folder = first.folder.with_name(f"{size}-{seed}")
    shutil.copytree(first.folder, folder)
    own = {"code_size": size, "seed": seed}
    settings = {**first.manifest.settings, **own}
    replace(first.manifest, settings=settings, address=folder.name).write(folder / "manifest.json")
    factor = 1 + 0.01 * (7 - size + seed)
    trace = first.trace.map(
        lambda values: values if str(values.name).endswith("_p") else values * factor,
        keep_attrs=True,
    )
    told = json.dumps({**json.loads(first.trace.attrs["settings"]), **own})
    words = first.trace.attrs["description"].replace(f"seed {SEEDS[0]}", f"seed {seed}")
    trace.attrs |= {"settings": told, "seed": seed, "description": words, "address": folder.name}
    write_trace(folder / "trace.zarr", trace)
    return Run(folder)


@pytest.fixture(scope="module")
def held(runs):
    """The same runs, of which somebody has read nothing yet."""
    return [Run(each.folder) for each in runs]


@pytest.fixture(scope="module")
def sweep(held):
    return Comparison.by_setting(held, title="Sweep <b>", notes=["1 of 5 runs is missing: <i>."])


@pytest.fixture(scope="module")
def text(sweep, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "sweep.html"
    assert sweep.write(path) == path
    return path.read_text()


def test_seeds_of_a_setting_are_one_column_in_order_of_first_appearance(sweep):
    assert list(sweep.columns) == ["code_size=7", "code_size=4"]
    for trace in sweep.traces.values():
        assert trace["seed"].values.tolist() == sorted(SEEDS)
    assert [len(members) for members in sweep.runs.values()] == [2, 2]


def test_findings_are_those_of_all_seeds_together(runs, sweep):
    expected = Autoencoder.findings([runs[1].trace, runs[0].trace])
    assert sweep.findings["code_size=7"] == expected
    assert expected[0].spread == "2 seeds"
    assert len(sweep.ledger.entries) == sum(
        reading.n >= 2 and reading.verdict != "not measurable"
        for found in {**sweep.findings, **sweep.said_together}.values()
        for finding in found
        for reading in finding.readings
    )


def test_the_order_of_the_seeds_changes_nothing(runs, sweep, text):
    mixed = [runs[1], runs[0], runs[3], runs[2]]
    assert Comparison.by_setting(mixed, title=sweep.title, notes=sweep.notes).page() == text


def test_a_column_of_one_seed_has_the_numbers_of_the_run_itself(runs):
    one = Comparison.by_setting(runs[::2], title="one seed each")
    two = Comparison.of([each.folder for each in runs[::2]])
    assert list(one.columns) == list(two.columns) == ["code_size=7", "code_size=4"]
    for name in one.columns:
        xr.testing.assert_equal(one.traces[name], two.traces[name])
        assert settings_of(one.traces[name])["seeds"] == [settings_of(two.traces[name])["seed"]]
        assert one.findings[name] == two.findings[name]
    assert numbers(one.traces) == numbers(two.traces)
    assert "batch" in one.traces["code_size=7"].dims


@pytest.fixture(scope="module")
def partly(runs):
    """A sweep of which one seed is missing."""
    return Comparison.by_setting(runs[:3], title="partly complete")


def test_a_partly_complete_sweep_has_the_names_and_figures_of_a_complete_one(partly, sweep):
    assert list(partly.columns) == list(sweep.columns)
    assert [line.name for line in first_lines(partly)] == [line.name for line in first_lines(sweep)]
    for line in first_lines(partly):
        assert len(line.x) == 2 and line.error_is == ("standard error", "half of the 90% interval")
    table = settings_table(partly.traces, {name: [Path("a")] for name in partly.columns})
    rows = {row[0].lines: [cell.lines for cell in row[1:]] for row in table.rows}
    assert list(rows) == [("code_size",), ("seeds",), ("folder",)]
    assert rows["seeds",] == [("0, 2",), ("2",)]


def first_lines(comparison):
    """The lines of the first figure against the settings, in the order of the code's size."""
    return responses(comparison.traces)[0].series


def test_every_number_of_a_mixed_table_says_what_its_error_is(partly):
    kinds = {}
    for line in csv.DictReader(io.StringIO(numbers(partly.traces))):
        kinds.setdefault(line["run"], set()).add(line["error_is"])
    assert kinds["code_size=7"] - {""} == {"half of the 90% interval over 2 seeds"}
    assert kinds["code_size=4"] - {""} == {"standard error over 2 probe batches"}


def test_findings_as_json_tell_what_a_reading_is_worth_and_over_what(partly):
    told = json.loads(json.dumps(partly.as_json(), allow_nan=False))
    assert list(told) == [*partly.together, *partly.columns]
    assert [one["spread"] for one in told["code_size=4"]][0] == "2 probe batches, one seed"
    for name, over in (("code_size=7", "seed"), ("code_size=4", "batch")):
        for one, found in zip(told[name], partly.findings[name], strict=True):
            plain = as_json(found)
            for reading, own, known in zip(
                one["readings"], plain["readings"], found.readings, strict=True
            ):
                entry = partly.ledger.entry(name, found, known.estimator)
                assert reading["p_value"] == known.p_value and reading["over"] == over
                assert reading["q_value"] == (None if entry is None else entry.q_value)
                assert {key: reading[key] for key in own} == own
            assert {**one, "readings": 0} == {**plain, "readings": 0}


def test_the_ledger_of_a_partly_complete_sweep_counts_two_families(partly):
    words = " ".join(partly.ledger.words())
    assert "readings over seeds " in words and "readings over probe batches " in words
    assert {entry.over for entry in partly.ledger.entries} == {Replicate.SEED, Replicate.BATCH}


# runs that differ in the setting which their experiment compares


def test_runs_of_all_code_sizes_are_judged_together(sweep, text):
    assert list(sweep.together) == ["code_size = 4, 7"]
    ((name, one),) = sweep.together.items()
    assert sorted(one.runs) == sorted(SEEDS) and one.left_out == ()
    trace = one.read.trace
    assert trace["code_size"].values.tolist() == [4, 7] and trace.sizes["seed"] == 2
    assert one.read.findings and {found.spread for found in one.read.findings} == {"2 seeds"}
    words = unescape(text)
    assert words.index(f"What the runs say together: {name}") < words.index(">Verdicts<")
    told = sweep.as_json()[name]
    assert [found["key"] for found in told] == [found.key for found in one.read.findings]
    assert any(entry.setting == name for entry in sweep.ledger.entries)


def test_a_value_that_some_seed_lacks_is_left_out_and_named(runs):
    third = like(runs[0], 9, 0)
    one = families_of([*runs, third])["code_size = 4, 7"]
    shutil.rmtree(third.folder)
    assert one.left_out == (9,) and one.notes[0].endswith("left out: 9.")


def test_families_are_told_apart_by_their_other_settings(runs):
    others = [like(runs[0], size, 5) for size in (7, 4)]
    for each in others:
        settings = {**each.manifest.settings, "cost": "cross-entropy"}
        replace(each.manifest, settings=settings).write(each.folder / "manifest.json")
    found = families_of([*runs, *(Run(each.folder) for each in others)])
    for each in others:
        shutil.rmtree(each.folder)
    assert list(found) == [f"code_size = 4, 7, cost={cost}" for cost in COSTS]


def test_what_is_no_family_is_none(runs):
    assert families_of([]) == {} == families_of(runs[:1])
    assert families_of(runs[1:3]) == {}, "no value that both seeds have"
    assert families_of([runs[0], runs[0], runs[2]]) == {}, "nobody knows which is meant"


def test_no_trace_of_a_single_seed_is_kept(held, sweep):
    assert sweep.traces and not any("trace" in vars(each) for each in held)


@pytest.mark.parametrize("count", [1, 2])
def test_one_setting_or_one_run_alone_is_a_page_too(runs, count, tmp_path):
    alone = Comparison.by_setting(runs[:count], title="alone")
    assert list(alone.columns) == ["autoencoder"]
    text = unescape(alone.write(tmp_path / "page.html").read_text())
    assert "Against the settings" not in text and "Information plane" in text
    assert ("seeds 0, 2" in text) == (count == 2)


def test_the_page_says_what_is_missing_first_and_nothing_is_markup(text):
    assert "<h1>Sweep &lt;b&gt;</h1>" in text and "Sweep <b>" not in text
    assert text.index("1 of 5 runs is missing: &lt;i&gt;.") < text.index("Verdicts")
    words = unescape(re.sub(r"<[^>]+>", " ", text.partition('<script type="application')[0]))
    assert "Against the settings" in words and "over 2 seeds" in words
    assert re.search(r"Benjamini and Hochberg \[\d+\]", words)
    assert "Controlling the false discovery rate" in words
    assert "in every seed: values are means over 2 seeds" in words


def test_what_cannot_be_columns_is_refused(runs, tmp_path):
    with pytest.raises(InfoplaneError, match="at least one finished run"):
        Comparison.by_setting([], title="none")
    with pytest.raises(InfoplaneError, match="named twice"):
        Comparison.by_setting([runs[0], runs[0]], title="twice")
    copy = tmp_path / "copy"
    shutil.copytree(runs[0].folder, copy)
    with pytest.raises(InfoplaneError, match="seeds, which must differ"):
        Comparison.by_setting([runs[0], Run(copy)], title="the same seed")


# verdicts among many


def finding(p_value, key="rise"):
    readings = tuple(
        Reading(name, {"": Interval(1.0, 0.5, 1.5, p_value, 3)}) for name in ("silverman", "tapia")
    )
    return Finding(key, "It rises.", "lee2021information", readings, "bit", "3 seeds")


def test_a_reading_that_others_take_back_is_marked():
    found = {"k=1": [finding(0.09)], **{f"k={k}": [finding(1.0)] for k in range(2, 6)}}
    tables = verdict_tables(judged(found), tuple(found), Ledger.of(found), Citations())
    glance, details = tables
    assert glance.columns == ("claim, by k", "1", "2", "3", "4", "5")
    ((claim, first, second, *_),) = glance.rows
    assert claim.lines == (
        "It rises.",
        "1\N{NO-BREAK SPACE}✓\N{NO-BREAK SPACE} 4\N{NO-BREAK SPACE}?",
    )
    assert (first.signs, second.signs) == ("(✓) (✓)", "? ?")
    assert f"silverman: supported, {LOST}" in first.lines[0]
    assert all(LOST in line for line in details.rows[0][1].lines[:2])
    assert not any(LOST in line for line in details.rows[0][2].lines)
    assert "Of 10 readings" in glance.words[0] and details.words == ()
    assert f"marked “{LOST}”" in glance.words[-1]


def test_two_columns_need_no_table_at_a_glance():
    found = {"A": [finding(0.001)], "B": [finding(1.0)]}
    (details,) = verdict_tables(judged(found), ("A", "B"), Ledger.of(found), Citations())
    assert details.title == "Verdicts" and "Of 4 readings" in details.words[0]
    assert not any("marked" in sentence for sentence in details.words), "nothing is"
    assert verdict_tables([], ("A", "B"), Ledger.of({}), Citations()) == []


# a large sweep

SETTINGS, MOMENTS, LAYERS = 25, 60, 5


def noise(name, unit, dims, random):
    """Five seeds of noise, which no packing makes much smaller."""
    sizes = {"snapshot": MOMENTS, "estimator": 2, "layer": LAYERS, "seed": 5}
    tops = {CEILINGS: ceilings_json({"silverman": 6.6, "tapia": 6.6})} if unit == "bit" else {}
    attrs = {"long_name": name, "unit": unit, "n": 100, **tops}
    return xr.DataArray(3 + random.random([sizes[dim] for dim in dims]), dims=dims, attrs=attrs)


def large(k):
    random = np.random.default_rng(k)
    layered = ("snapshot", "estimator", "layer", "seed")
    values = {
        name: noise(f"{name} of layer", unit, layered, random)
        for names, unit in (
            (("I_XT", "I_TY", "S_T", "I_XT_null", "I_TY_null"), "bit"),
            (("I_XT_p", "I_TY_p", "width_T"), "1"),
        )
        for name in names
    }
    values["loss_test"] = noise("loss", "1", ("snapshot", "seed"), random)
    steps = np.arange(MOMENTS) * 100
    coords = {
        "estimator": ["silverman", "tapia"],
        "layer": [f"encoder.{i}" for i in range(LAYERS)],
        "seed": range(5),
        "step": ("snapshot", steps),
        "epoch": ("snapshot", steps / 10),
    }
    settings = json.dumps({"code_size": k, "seeds": list(range(5))})
    return xr.Dataset(values, coords, {"experiment": "made-up", "settings": settings})


def column(k):
    """A column that was read, without folders."""
    manifest = Manifest("autoencoder", "", {}, "", 1, {}, "complete", "", 1, {}, {"processor": "p"})
    runs = tuple(Run(Path(f"runs/made-up/{k:06d}{seed}")) for seed in range(5))
    for each in runs:
        vars(each)["manifest"] = manifest  # what would be read from the folder
    told = Column(runs)
    vars(told)["read"] = Read(large(k), [finding(k / 100, f"claim-{i}") for i in range(10)])
    return told


def test_a_large_sweep_is_a_page_that_can_be_sent(tmp_path):
    columns = {f"code_size={2 * k}": column(2 * k) for k in range(1, SETTINGS + 1)}
    text = Comparison(columns, "25 settings × 5 seeds").page()
    assert len(text.encode()) < 6e6
    words = unescape(re.sub(r"<[^>]+>", " ", text.partition('<script type="application')[0]))
    assert "12 of 25 settings, evenly chosen" in words
    assert "trace.zarr" in words and "All numbers (CSV" not in words
    settings = settings_table(
        Comparison(columns, "").traces, {name: [Path("a/b"), Path("a/c")] for name in columns}
    )
    assert settings.folded and len(settings.rows) == SETTINGS


def test_numbers_are_whole_or_left_out():
    traces = {"a": large(2).isel(snapshot=[0]), "b": large(4).isel(snapshot=[0])}
    assert numbers_for_page(traces) == numbers(traces) != ""
    assert numbers_for_page(traces, 100) == ""
    line = numbers(traces).splitlines()[1]
    assert line.startswith("a,0,0.0,silverman,encoder.0,I_XT,")
    assert line.endswith(",half of the 90% interval over 5 seeds,bit")
