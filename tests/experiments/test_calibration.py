"""The calibration: what it asks and keeps, and what it says of estimators known to be wrong."""

import csv
import io
import math
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import pytest
import torch

from infoplane.analysis.calibration import State, cells, failures
from infoplane.comparing import Comparison
from infoplane.datasets.known.catalogue import TASKS, described, task
from infoplane.experiments.calibration import budget, experiment
from infoplane.experiments.calibration.budget import Asked, planned
from infoplane.experiments.calibration.claims import claims, usual
from infoplane.experiments.calibration.experiment import PRESETS, Calibration
from infoplane.measures.catalogue import ESTIMATORS
from infoplane.measures.estimator import Properties
from infoplane.measures.gram.renyi import Renyi
from infoplane.presentation import document, methods_told
from infoplane.report.references import Citations
from infoplane.runs import run
from infoplane.store.journal import Journal
from infoplane.store.traces import read_trace, write_trace
from infoplane.values.errors import InfoplaneError
from infoplane.values.estimate import Estimate
from infoplane.values.finding import Verdict
from infoplane.values.trace import Checkpoint, Row, Tick, sentences_of, trace_of

SUITE = (
    "independent-1",
    "normal-1",
    "half-cube-1",
    "normal-25-pairs",
    "student-1-df1",
    "steps-5",
    "channel-2",
    "layer",
)
SIZES = (20, 40)
ASKED = {"tasks": SUITE, "sizes": SIZES, "repeats": 3}


@final
@dataclass(frozen=True)
class Oracle:
    """Knows the truth, less what it is told to be wrong by.

    Attributes:
        bias: Added to the truth in bits.
        width: Half of the interval it claims; None for none.
        takes: Kinds of pairs.
        noise: Standard deviation of its error.
        enough: It claims an interval from so many samples on.
    """

    bias: float = 0.0
    width: float | None = None
    takes: tuple = ("numbers", "mixed", "labels")
    noise: float = 0.0
    enough: int = 0

    @property
    def properties(self) -> Properties:
        return Properties(takes=self.takes, interval=self.width is not None, error=0.1)

    def __call__(self, x, y) -> Estimate:
        rows = x.shape[1:] + y.shape[1:]
        chance = np.random.default_rng(int(1e6 * float(x.double().sum().abs()))).normal()
        value = float(sum(rows)) + self.bias + self.noise * float(chance)
        claims = self.width is not None and len(x) >= self.enough
        interval = (value - self.width, value + self.width) if claims else None
        return Estimate(value, len(x), repr(self), interval=interval, shared=True)


@final
@dataclass(frozen=True)
class Broken:
    """Fails in every way there is, by the number of columns."""

    properties = Properties()

    def __call__(self, x, y) -> Estimate:
        if x.ndim == 2 and x.shape[1] == 25:
            return Estimate(math.nan, len(x), "broken", notes=("It diverged: train it less.",))
        if x.ndim == 2 and x.shape[1] == 2:
            raise torch.linalg.LinAlgError("singular")
        raise InfoplaneError(f"<b>{len(x)}</b> samples are too few; take more.")


def truths(one):
    """The truth as the oracle computes it, from the shapes of the samples alone."""
    return float(sum(sum(part.shape[1:]) for part in one.sample(2, 0)))


@final
@dataclass(frozen=True)
class Known:
    """A task of the suite whose truth is what the oracle says."""

    base: object

    def __getattr__(self, name):
        return getattr(object.__getattribute__(self, "base"), name)

    @property
    def truth(self):
        return math.inf if math.isinf(self.base.truth) else truths(self.base)


@pytest.fixture
def calibrated(monkeypatch):
    """The Trace of made-up estimators on the suite, with truths that they know."""

    def build(estimators, **asked):
        monkeypatch.setattr(experiment, "estimator", lambda name: estimators[name])
        monkeypatch.setattr(experiment, "task", lambda name: Known(task(name)))
        monkeypatch.setattr(experiment, "described", lambda one: described(one.base))
        one = Calibration(estimators=tuple(estimators), **{**ASKED, **asked})
        rows = [event for event in one.run() if isinstance(event, Row)]
        return trace_of(rows, {**one.attributes, "settings": "{}"})

    return build


MADE_UP = {
    "right": Oracle(noise=0.02, width=0.033),
    "high": Oracle(0.5),
    "sure": Oracle(noise=0.02, width=1e-6),
    "numbers only": Oracle(takes=("numbers",)),
    "broken": Broken(),
}


def test_rows_come_replicate_by_replicate_and_ticks_count_every_estimate():
    one = Calibration(estimators=("renyi-tapia",), **{**ASKED, "repeats": 2})
    events = list(one.run())
    rows = [event for event in events if isinstance(event, Row)]
    ticks = [event for event in events if isinstance(event, Tick)]
    assert len(rows) == len(SUITE) * len(SIZES) * 2
    assert [int(row.values["replicate"]) for row in rows] == [0] * 16 + [1] * 16
    assert [tick.step for tick in ticks] == list(range(1, ticks[-1].total + 1))
    assert len(ticks) == len(rows) and {tick.counted for tick in ticks} == {"estimates"}
    assert all(set(row.seconds) == {f"renyi-tapia, n = {int(row.values['n'])}"} for row in rows)


def test_what_is_left_after_a_checkpoint_is_the_same_to_the_bit():
    one = Calibration(estimators=("renyi-tapia",), **{**ASKED, "repeats": 1})
    events = list(one.run())
    whole = [event for event in events if isinstance(event, Row)]
    checkpoint = [event for event in events if isinstance(event, Checkpoint)][4]
    rest = list(one.run(checkpoint))
    rows = [event for event in rest if isinstance(event, Row)]
    assert [row.step for row in rows] == [row.step for row in whole[5:]]
    for before, after in zip(whole[5:], rows, strict=True):
        for name, values in before.values.items():
            assert values.identical(after.values[name])
    first = next(event for event in rest if isinstance(event, Tick))
    assert (first.step, first.total) == (6, len(whole))


def test_a_run_is_kept_and_its_report_says_what_the_rows_took(tmp_path):
    one = Calibration(
        estimators=("renyi-tapia",), tasks=("normal-1", "channel-2"), sizes=(20, 40), repeats=2
    )
    done = run(one, tmp_path)
    assert done.manifest.status == "complete"
    assert done.trace["estimate"].dims == ("snapshot", "estimator")
    assert not any(np.isnan(done.trace["estimate"].values).ravel())
    page = done.report(figures=True).read_text()
    assert "Numbers with numbers, n = 40" in page and "Labels with labels, n = 40" in page
    assert "seconds: renyi-tapia, n = 40" in page
    figures = {path.name for path in (done.folder / "figures").iterdir()}
    assert {"errors-20.svg", "errors-40.pdf", "error-against-n-0.svg"} <= figures


def test_the_address_knows_the_parameters_behind_a_name(monkeypatch):
    one = Calibration(estimators=("renyi-tapia",), **ASKED)
    before = one.data_digest
    monkeypatch.setattr(experiment, "estimator", lambda name: Renyi(2.0))
    assert one.data_digest != before
    assert Calibration(size="digest").data_digest != Calibration().data_digest


@pytest.mark.parametrize("name", PRESETS)
def test_presets_name_what_there_is(name):
    preset = PRESETS[name]
    assert set(preset.tasks) <= set(TASKS) and set(preset.estimators) <= set(ESTIMATORS)
    assert Calibration(size=name).asked == preset
    assert Calibration(size=name, repeats=2).asked == replace(preset, repeats=2)


@pytest.mark.parametrize(
    ("asked", "words"),
    (
        ({"estimators": ("nothing",)}, "no estimator 'nothing'"),
        ({"tasks": ("nothing",)}, "no task 'nothing'"),
        ({"tasks": ()}, "name at least one"),
        ({"tasks": ("normal-1", "normal-1")}, "none twice"),
        ({"sizes": (100, 50)}, "increasing"),
        ({"sizes": (5, 50)}, "at least 10"),
        ({"repeats": 0}, "repeats=0"),
    ),
)
def test_what_makes_no_sense_is_refused_when_it_is_made(asked, words):
    with pytest.raises(InfoplaneError, match=words):
        Calibration(**asked)


def test_the_budget_leaves_out_what_takes_long(monkeypatch):
    one, wide = task("normal-1"), task("normal-25-pairs")
    monkeypatch.setattr(budget, "TRAINED", frozenset({"net"}))
    states = {
        n: planned("renyi-tapia", Renyi(), Asked(one, n, 0)) for n in (100, 1000, 3000, 10_000)
    }
    assert [*states.values()] == [State.MEASURED] * 2 + [State.LEFT_OUT] * 2
    trained = [
        planned("net", Oracle(), Asked(one, n, replicate))
        for n, replicate in ((1000, 0), (1000, 2), (1000, 3), (300, 0))
    ]
    assert trained == [State.MEASURED, State.MEASURED, State.LEFT_OUT, State.LEFT_OUT]
    assert planned("net", Oracle(), Asked(task("layer"), 1000, 0)) is State.LEFT_OUT
    assert planned("x", Oracle(), Asked(wide, 10_000, 9)) is State.LEFT_OUT
    assert planned("x", Oracle(), Asked(one, 10_000, 9)) is State.MEASURED
    few = Oracle(takes=("labels",))
    assert planned("x", few, Asked(one, 100, 0)) is State.REFUSED


def test_failures_are_sentences_and_never_numbers(calibrated):
    trace = calibrated(MADE_UP)
    told = {(one.task, one.n): one.sentence for one in failures(trace) if one.seed == 0}
    assert told["normal-25-pairs", 20] == "It diverged: train it less."
    assert told["layer", 40] == "LinAlgError: singular" or "singular" in told["layer", 40]
    assert told["normal-1", 20].startswith("<b>20</b> samples")
    laid = cells(trace).sel(estimator="broken")
    assert bool((laid["state"] == State.FAILED).all())
    assert bool(laid["estimate"].isnull().all())


def test_findings_know_who_is_right(calibrated):
    trace = calibrated(MADE_UP)
    found = {one.key: one for one in Calibration.findings([trace])}
    readings = {
        key: {reading.estimator: reading.verdict for reading in one.readings}
        for key, one in found.items()
    }
    assert readings["accurate-normal"] == {
        "right": Verdict.SUPPORTED,
        "high": Verdict.CONTRADICTED,
        "sure": Verdict.SUPPORTED,
        "numbers only": Verdict.SUPPORTED,
    }
    assert readings["accurate-independent"]["high"] is Verdict.CONTRADICTED
    assert set(readings["accurate-labels"]) == {"right", "high", "sure"}
    assert readings["invariant"]["high"] is Verdict.SUPPORTED  # wrong by the same
    assert readings["intervals-numbers"]["sure"] is Verdict.CONTRADICTED
    assert set(readings["intervals-numbers"]) == {"right", "sure"}
    assert readings["deterministic-grows"]["high"] is not Verdict.SUPPORTED  # it stays
    assert "3 seeds" in found["accurate-normal"].spread
    assert any("broken" in note for note in found["accurate-normal"].notes)


def test_intervals_are_judged_where_they_are_claimed(calibrated):
    """A plug-in claims an interval only of many samples per cell; a failure claims none."""
    some = {
        "wide": Oracle(noise=0.02, width=9.0, enough=40),
        "never": Oracle(width=9.0, enough=41),
        "broken": Broken(),
    }
    trace = calibrated(some, tasks=("channel-2", "rows-3", "normal-1"))
    found = {one.key: one for one in Calibration.findings([trace])}
    (reading,) = found["intervals-labels"].readings
    assert reading.estimator == "wide"
    assert reading.parts["not too seldom"].mean == pytest.approx(0.15)
    assert reading.evidence == {
        "share of intervals with the truth": {"channel-2": 1.0, "rows-3": 1.0},
        "intervals claimed": {"channel-2": "3 of 6", "rows-3": "3 of 6"},
    }
    assert {one.estimator for one in found["intervals-numbers"].readings} == {"wide"}


def test_the_plug_in_is_judged_on_labels_though_it_claims_no_interval_of_few_samples():
    one = Calibration(
        estimators=("miller-madow",), tasks=("channel-2", "channel-10"), sizes=(20, 100), repeats=3
    )
    trace = trace_of(
        [event for event in one.run() if isinstance(event, Row)],
        {**one.attributes, "settings": "{}"},
    )
    (finding,) = [one for one in Calibration.findings([trace]) if one.key == "intervals-labels"]
    evidence = finding.readings[0].evidence
    assert evidence["intervals claimed"] == {"channel-2": "6 of 6", "channel-10": "0 of 6"}
    assert set(evidence["share of intervals with the truth"]) == {"channel-2"}


def test_every_task_of_finite_information_is_in_a_claim_of_accuracy(calibrated):
    laid = cells(calibrated({"right": Oracle()}, tasks=tuple(TASKS), repeats=1))
    accurate = [one for one in claims(laid) if one.key.startswith("accurate-")]
    about = [str(name) for one in accurate for name in one.rests_on(laid)["task"].values]
    finite = {name for name, one in TASKS.items() if math.isfinite(one.truth)}
    assert set(about) == finite and len(about) == len(set(about))
    noise = next(one for one in accurate if one.key == "accurate-noise")
    assert set(noise.rests_on(laid)["task"].values) == {"uniform-noise-0.1", "uniform-noise-0.75"}


def test_accuracy_is_of_absolute_errors_and_the_signed_ones_are_called_bias(calibrated):
    """Errors that cancel in the mean are errors all the same."""
    trace = calibrated({"noisy": Oracle(noise=2.0), "low": Oracle(-0.5)}, repeats=8)
    found = next(one for one in Calibration.findings([trace]) if one.key == "accurate-normal")
    assert "the mean absolute error is at most" in found.statement
    noisy, low = found.readings
    assert noisy.verdict is not Verdict.SUPPORTED and low.verdict is Verdict.CONTRADICTED
    assert set(low.evidence) == {"bias"}
    assert low.evidence["bias"]["normal-1"] == pytest.approx(-0.5)


def test_several_seeds_of_the_calibration_are_judged_together(calibrated):
    traces = [calibrated(MADE_UP, seed=seed) for seed in (0, 1)]
    found = Calibration.findings(traces)
    assert {one.spread for one in found} == {"2 seeds"}
    assert not np.array_equal(traces[0]["estimate"].values, traces[1]["estimate"].values)


def test_claims_are_those_that_the_tasks_allow(calibrated):
    laid = cells(calibrated(MADE_UP, tasks=("channel-2",)))
    assert [one.key for one in claims(laid)] == ["accurate-labels", "intervals-labels"]
    sizes = {n: usual(laid.assign_coords(n=list(n))) for n in ((20, 40), (500, 1000), (2000, 9000))}
    assert [*sizes.values()] == [40, 1000, 2000]


def test_the_map_tells_every_cell(calibrated):
    trace = calibrated(MADE_UP)
    panel = next(one for one in Calibration.panels(trace) if one.key == "errors-40")
    heat = panel.heat
    at = {name: place for place, name in enumerate(heat.columns)}
    row = {name.partition(":")[0]: place for place, name in enumerate(heat.rows)}
    assert heat.cells[row["normal-1"], at["high"]] == pytest.approx(0.5)
    assert "error +0.500" in heat.words[row["normal-1"]][at["high"]]
    assert heat.marks[row["normal-1"]][at["broken"]] == "✕"
    assert "3 of 3 failed: <b>40</b>" in heat.words[row["normal-1"]][at["broken"]]
    assert heat.marks[row["channel-2"]][at["numbers only"]] == "–"
    assert heat.marks[row["layer"]][at["right"]] == "∞"
    assert heat.cells[row["layer"], at["right"]] == -math.inf
    assert heat.rows[row["layer"]] == "layer: infinite"
    assert [one.side for one in Calibration.panels(trace) if one.heat] == ["n = 20", "n = 40"]


def test_curves_are_errors_over_all_tasks_of_a_group(calibrated):
    trace = calibrated(MADE_UP)
    panel = next(one for one in Calibration.panels(trace) if one.key == "error-against-n-0")
    lines = {one.name: one for one in panel.series}
    assert np.allclose(lines["high"].y, 0.5) and list(lines["high"].x) == [20, 40]
    assert "broken" not in lines and lines["right"].of == "right"
    coverage = next(one for one in Calibration.panels(trace) if one.key == "coverage")
    shares = {one.name: one.y for one in coverage.series}
    assert np.allclose(shares["sure"], 0.0) and (shares["right"] > 0.6).all()
    assert np.allclose(shares["what they claim"], 0.9)


def test_rows_of_labels_and_many_columns_have_curves_of_their_own(calibrated):
    tasks = ("classes-4", "classes-4-in-25", "channel-2", "rows-3")
    trace = calibrated({"high": Oracle(0.5)}, tasks=tasks)
    titles = [one.title for one in Calibration.panels(trace) if one.key.startswith("error-against")]
    assert titles == [
        "Numbers with labels, up to 5 dimensions",
        "Numbers with labels, more than 5 dimensions",
        "Labels with labels",
        "Rows of labels",
    ]


def test_tables_order_estimators_and_tell_their_time(calibrated):
    trace = calibrated(MADE_UP)
    table = Calibration.tables(trace, {"high, n = 40": 6.0})[0]
    rows = {row[0].lines[0]: [cell.lines[0] for cell in row[1:]] for row in table.rows}
    assert list(rows)[0] == "numbers only (5)" and list(rows)[-1] == "broken (0)"
    assert rows["high (5)"][:3] == ["0.500", "independent-1: 0.500", "+0.500"]
    assert float(rows["high (5)"][-1]) == pytest.approx(6.0 / (3 * len(SUITE)), abs=1e-3)
    assert rows["sure (5)"][4] == "0%" and rows["broken (0)"][5] == "15"
    failed = Calibration.tables(trace, {})[-1]
    assert failed.title == "What failed" and failed.rows[0][3].lines == ("3",)


def test_numbers_are_one_line_per_estimate(calibrated):
    trace = calibrated(MADE_UP)
    lines = list(csv.DictReader(io.StringIO(Calibration.numbers(trace), newline="")))
    one = next(line for line in lines if line["task"] == "layer" and line["estimator"] == "right")
    assert one["truth"] == "inf" and one["state"] == "measured"
    broken = [line for line in lines if line["estimator"] == "broken"]
    assert {line["state"] for line in broken} == {"failed"} and broken[0]["sentence"]
    assert not any(line["estimate"] for line in broken)
    assert len(lines) == 2 * 3 * (4 * len(SUITE) + 6)


def test_the_page_shows_names_as_text_and_cites(calibrated):
    trace = calibrated(MADE_UP)
    text = document(trace, Calibration, Calibration.panels(trace), machine={})
    assert "<b>20</b>" not in text and "&lt;b&gt;20&lt;/b&gt;" in text
    assert "beyond normal" in text.lower()
    told = methods_told(trace, Calibration, Citations())
    assert not any("[@" in one for one in told) and "[1]" in told[0]
    assert any("normal-25-pairs: normal, 25 + 25" in one for one in told)


def test_the_summary_names_the_nearest(calibrated):
    words = " ".join(Calibration.summary(calibrated(MADE_UP), []))
    assert "5 estimators on 8 tasks" in words and "numbers only (0.00 bit)" in words
    assert "failed" in words


def test_several_runs_are_compared_without_a_plane(tmp_path):
    runs = [
        run(
            Calibration(
                estimators=("gaussian",),
                tasks=("normal-1", "half-cube-1"),
                sizes=(50, 100),
                repeats=2,
                seed=seed,
            ),
            tmp_path,
        )
        for seed in (0, 1)
    ]
    page = Comparison.of([one.folder for one in runs]).page()
    assert "One-to-one maps of x and y" in page and "NOT comparable" not in page
    assert "saturated at log" not in page
    together = Comparison.by_setting(runs, title="Both").page()
    assert "2 independent samples were drawn" in together and "over 2 seeds" in together


def test_sentences_come_back_from_the_journal_and_the_disk(tmp_path):
    said = {"ksg": "<b>too few</b> samples; take more."}
    rows = [Row(0, 0.0, {}, sentences=said), Row(1, 1.0, {})]
    for row in rows:
        Journal(tmp_path / "journal.jsonl").append(row)
    again = Journal(tmp_path / "journal.jsonl").ordered()
    assert [row.sentences for row in again] == [said, {}]
    write_trace(tmp_path / "trace.zarr", trace_of(again, {}))
    assert sentences_of(read_trace(tmp_path / "trace.zarr")) == {0: said}
