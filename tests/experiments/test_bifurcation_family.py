"""Code sizes side by side, on hand-made Traces whose truth is known."""

import functools
import json
import math
import re

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.across import combined
from infoplane.analysis.family import family
from infoplane.datasets.catalogue import CATALOGUE, load
from infoplane.experiments.autoencoder.bifurcation import Bifurcation
from infoplane.experiments.autoencoder.dimension import SHAPES, Dimension
from infoplane.experiments.autoencoder.sizes import placed
from infoplane.report.page import Chapter, page
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.finding import Verdict
from infoplane.values.trace import Row, trace_of

T = np.linspace(0, 1, 31)
LAYERS = ["encoder.1", "code"]
ESTIMATORS = ["silverman", "tapia"]
DIMENSIONS = {"TwoNN": 9.0, "Levina-Bickel": 7.0, "Gride": 8.0}


PAIRS = ["encoder.1 · decoder.1", "encoder.2 · decoder.2"]


def run(size, *, turns, seed=0, dimensions=DIMENSIONS, gap=0.1, dataset=None):
    """A run whose code's information rises, and falls again if it turns."""
    random = np.random.default_rng([seed, size])
    tops = ceilings_json(dict.fromkeys(ESTIMATORS, math.log2(100)))

    def labelled(value, words):
        noise = 1e-3 * random.standard_normal((2, 5, 2))
        attrs = {"unit": "bit", CEILINGS: tops, "long_name": words, "n": 100}
        coords = {"estimator": ESTIMATORS, "layer": LAYERS}
        return xr.DataArray(value + noise, coords, ("estimator", "batch", "layer"), attrs=attrs)

    def measured(t):
        fall = turns * 0.8 * max(0.0, t - 0.5)
        level = 2 * min(1.0, 3 * t) - fall
        values = {"I_XT": labelled(level, "I(input; layer)")}
        values["I_TY"] = labelled(level - gap, "I(layer; output)")
        values["I_XY"] = labelled(level, "I(input; output)").isel(layer=0, drop=True)
        paired = labelled(level + gap, "I(pair)").rename(layer="pair")
        values["I_pair"] = paired.assign_coords(pair=PAIRS)
        values["loss_test"] = xr.DataArray(
            (1.5 - t) / size, attrs={"unit": "squared intensity", "long_name": "loss test"}
        )
        return values

    rows = []
    for step, t in enumerate(T):
        values = measured(t)
        if step % 5 == 0:
            values["I_XT_null"] = labelled(0.5, "null")
            values["I_TY_null"] = labelled(0.5, "null")
        if step == 0:
            coords = {"dimension_by": list(dimensions)}
            for name, numbers in (
                ("ID_X", list(dimensions.values())),
                ("ID_X_error", [0.1] * len(dimensions)),
            ):
                attrs = {"n": 500, "unit": "1", "long_name": name}
                values[name] = xr.DataArray(numbers, coords, ("dimension_by",), attrs=attrs)
            for name in ("I_XT", "I_TY"):
                values[f"{name}_pca"] = labelled(2.0 if name == "I_XT" else 1.0, "PCA")
            values["pca_loss_test"] = xr.DataArray(2 / size, attrs={"unit": "squared intensity"})
        rows.append(Row(step, float(step), values))
    known = {} if dataset is None else {"dataset": dataset}
    settings = json.dumps({"code_size": size, "seed": seed, **known})
    return trace_of(rows, {"experiment": "autoencoder", "seed": seed, "settings": settings})


def sized(turning, *, seed=0, sizes=(2, 4, 8, 16, 32), **more):
    """A family in which the given sizes turn back."""
    members = {size: run(size, turns=size in turning, seed=seed, **more) for size in sizes}
    return family(members, "code_size")


@functools.cache
def published(seed=0):
    """What the paper says: the sizes above the dimension turn back. Read, never changed."""
    return sized((16, 32), seed=seed)


def verdicts(*traces):
    return {one.key: one.verdict for one in Bifurcation.findings(list(traces))}


def test_what_the_paper_says_is_supported_where_it_is_so():
    found = verdicts(published())
    assert found == {
        "no-turn-back-below": Verdict.SUPPORTED,
        "turn-back-above": Verdict.SUPPORTED,
        "bisector-above": Verdict.SUPPORTED,
    }


def test_the_opposite_is_contradicted():
    found = verdicts(sized((2, 4), gap=0.9))
    assert set(found.values()) == {Verdict.CONTRADICTED}


def test_one_size_that_does_not_turn_back_breaks_the_claim():
    (one,) = [f for f in Bifurcation.findings([sized((16,))]) if f.key == "turn-back-above"]
    assert one.verdict is not Verdict.SUPPORTED
    assert all(reading.weakest == "K = 32" for reading in one.readings)


def test_claims_stand_over_seeds_too():
    traces = [published(seed) for seed in range(3)]
    found = Bifurcation.findings(traces)
    assert {one.verdict for one in found} == {Verdict.SUPPORTED}
    assert {one.spread for one in found} == {"3 seeds"}
    assert "K* = 16 units" in " ".join(Bifurcation.summary(combined(traces), found))


def test_every_claim_is_asked_of_its_controls():
    found = {one.key: one.readings[0] for one in Bifurcation.findings([published()])}
    assert list(found["turn-back-above"].controls) == ["permutation null"]
    assert found["turn-back-above"].shared_with == ()
    bisector = found["bisector-above"]
    assert list(bisector.controls) == ["untrained network", "PCA autoencoder"]
    assert bisector.at_controls["PCA autoencoder"].mean == pytest.approx(0.25 - 1, abs=0.01)
    assert bisector.shared_with == ("untrained network",)


def test_without_a_null_or_a_pca_autoencoder_the_claims_have_fewer_controls():
    bare = published()
    bare = bare.drop_vars([name for name in bare if name.endswith(("_null", "_pca"))])
    found = {one.key: one.readings[0] for one in Bifurcation.findings([bare])}
    assert found["turn-back-above"].controls == {}
    assert list(found["bisector-above"].controls) == ["untrained network"]


def test_a_size_that_may_be_the_dimension_is_not_asked():
    trace = published()
    (one,) = [f for f in Bifurcation.findings([trace]) if f.key == "no-turn-back-below"]
    assert list(one.readings[0].parts) == ["K = 2", "K = 4"]
    assert "Not asked of K = 8, which may be the dimension of the data." in one.notes
    assert "may be it, and so asked nothing: K = 8" in " ".join(Bifurcation.summary(trace, []))


def test_an_estimate_that_is_too_low_puts_no_size_above_the_dimension():
    """A method that says 16.5 of 500 normal samples says it of about twenty dimensions."""
    found = placed(sized((), dimensions={"TwoNN": 15.0, "Gride": 14.0}))
    assert found.below == (2, 4, 8) and found.at == (16,) and found.above == (32,)
    unknown = placed(sized((), dimensions={"another": 15.0}))
    assert unknown.at == (16, 32) and unknown.above == (), "its bias is not known"


def test_an_error_moves_the_ends():
    certain = Dimension(("TwoNN",), (4.0,), (0.01,), 1000)
    doubtful = Dimension(("TwoNN",), (4.0,), (1.0,), 1000)
    assert 3.8 < certain.low < 4 - 0.0164 and 4 + 0.0164 < certain.high < 4.1
    assert doubtful.low == pytest.approx(4 - 1.645, abs=0.1)
    assert doubtful.high == pytest.approx(4 + 1.645, abs=0.1)
    bare = Dimension(("TwoNN",), (4.0,), (math.nan,), 1000)
    assert certain.low < bare.low <= bare.high < certain.high


def test_a_code_wider_than_the_stage_before_it_is_no_bottleneck():
    trace = sized((16, 32), dataset="digits")
    assert placed(trace).narrowest == 20
    found = {one.key: one for one in Bifurcation.findings([trace])}
    assert list(found["turn-back-above"].readings[0].parts) == ["K = 16"]
    assert any("stage of 20 units" in note for note in found["bisector-above"].notes)
    assert "no bottleneck" in " ".join(Bifurcation.summary(trace, []))
    (table,) = Bifurcation.tables(trace, {})
    assert table.rows[-1][1].lines[0] == "no bottleneck: wider than a stage of 20"
    last = sized((32,), dataset="digits")
    assert "no code turns back" in " ".join(Bifurcation.summary(last, []))


def test_the_shapes_of_the_data_sets_are_theirs():
    assert load("digits").shape == SHAPES["digits"]
    assert SHAPES.keys() == CATALOGUE.keys()


def test_the_evidence_compares_network_and_null_at_the_same_moments():
    (one,) = [f for f in Bifurcation.findings([published()]) if f.key == "turn-back-above"]
    told = one.readings[0].evidence["K = 16"]["effect at the 7 moments that have a null"]
    assert told["of the network"] == pytest.approx(0.4 - 0.25, abs=0.01)
    assert told["of the shuffled samples"] == pytest.approx(-0.25, abs=0.01)


def test_without_sizes_above_the_dimension_nothing_is_claimed_above_it():
    trace = sized((), sizes=(2, 4))
    assert list(verdicts(trace)) == ["no-turn-back-below"]
    told = " ".join(Bifurcation.summary(trace, []))
    assert "No code size lies above" in told and "no size is recommended" in told


def test_a_size_that_diverged_is_not_judged_and_named():
    members = {size: run(size, turns=size > 8) for size in (2, 16, 32)}
    for name in ("I_XT", "I_TY", "loss_test"):
        members[16][name][-3:] = np.nan
    trace = family(members, "code_size")
    assert list(verdicts(trace)) == ["no-turn-back-below"]
    assert "K* = 32" in " ".join(Bifurcation.summary(trace, []))
    (table,) = Bifurcation.tables(trace, {})
    assert [cell.lines[0] for cell in table.rows[1][2:]][::2] == ["not finite", "not measured"]
    assert len(Bifurcation.panels(trace)) == 13


def test_the_summary_names_the_code_and_what_it_costs():
    told = " ".join(Bifurcation.summary(published(), []))
    assert "TwoNN 9.0 ± 0.1 (9.5)" in told and "500 training images" in told
    assert "K* = 16 units (90 % over resampled probe batches: " in told
    assert "is +100% against that of the best size (K = 32" in told
    (table,) = Bifurcation.tables(published(), {})
    rows = {row[0].lines[0]: [cell.lines[0] for cell in row[1:]] for row in table.rows}
    assert rows["K = 2"][2] == "1.0000" and rows["K = 2"][3].startswith("does not turn back")
    assert rows["K = 16"][4].startswith("turns back: 0.4")
    places = [rows[f"K = {size}"][0] for size in (4, 8, 16)]
    assert places == ["K is below it", "K may be it", "K is above it"]


def test_train_stands_beside_test_by_code_size():
    sides = {"train": published(), "test": sized(())}
    whole = xr.concat(
        sides.values(),
        xr.DataArray(list(sides), dims="probe", name="probe"),
        data_vars="all",
        coords="minimal",
        compat="override",
        combine_attrs="override",
    )
    for name in ("loss_test", "ID_X", "ID_X_error", "pca_loss_test"):
        whole[name] = sides["test"][name]
    drawn = {one.key: one for one in Bifurcation.panels(whole)}
    test, train = drawn["sizes-end-tapia"].series
    assert (test.name, test.dashed, train.name, train.dashed) == ("test", False, "train", True)
    assert test.y == pytest.approx(2, abs=0.01)
    assert train.y == pytest.approx([2, 2, 2, 1.6, 1.6], abs=0.01)
    assert np.all(test.y_error > 0)


def test_the_second_plane_has_the_innermost_pair_of_every_size():
    drawn = {one.key: one for one in Bifurcation.panels(sized((16, 32), gap=0.5))}
    panel = drawn["sizes-second-plane-silverman"]
    assert PAIRS[-1] in panel.caption
    assert [one.name for one in panel.series] == [f"K = {size}" for size in (2, 4, 8, 16, 32)]
    for one in panel.series:
        assert one.x - one.y == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("seeds", [1, 2])
def test_all_of_it_can_be_drawn(seeds):
    trace = combined([published(seed) for seed in range(seeds)])
    drawn = Bifurcation.panels(trace)
    assert len({one.key for one in drawn}) == len(drawn)
    chapter = Chapter("<img>", Bifurcation.summary(trace, []), [], [], drawn)
    text = page("T", ["S."], drawn[:1], [], chapters=[chapter])
    assert "&lt;img&gt;" in text and "<img>" not in text
    places = re.findall(r'data-figure="(\d+)"', text)
    assert sorted(map(int, places)) == list(range(len(drawn) + 1))
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids)), "no name is given twice"
    assert text.index('id="controls"') < text.index('id="chapter-1-whole"')
