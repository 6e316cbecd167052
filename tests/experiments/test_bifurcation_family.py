"""Code sizes side by side, on hand-made Traces whose truth is known."""

import json
import math
import re

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.across import combined
from infoplane.analysis.family import family
from infoplane.experiments.autoencoder.bifurcation import Bifurcation
from infoplane.report.page import Chapter, page
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.finding import Verdict
from infoplane.values.trace import Row, trace_of

T = np.linspace(0, 1, 31)
LAYERS = ["encoder.1", "code"]
ESTIMATORS = ["silverman", "tapia"]
DIMENSIONS = {"TwoNN": 9.0, "Levina-Bickel": 7.0, "Gride": 8.0}


def run(size, *, turns, seed=0, dimensions=DIMENSIONS, gap=0.1):
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
            for name, numbers in (("ID_X", list(dimensions.values())), ("ID_X_error", [0.1] * 3)):
                attrs = {"n": 500, "unit": "1", "long_name": name}
                values[name] = xr.DataArray(numbers, coords, ("dimension_by",), attrs=attrs)
            for name in ("I_XT", "I_TY"):
                values[f"{name}_pca"] = labelled(2.0 if name == "I_XT" else 1.0, "PCA")
            values["pca_loss_test"] = xr.DataArray(2 / size, attrs={"unit": "squared intensity"})
        rows.append(Row(step, float(step), values))
    settings = json.dumps({"code_size": size, "seed": seed})
    return trace_of(rows, {"experiment": "autoencoder", "seed": seed, "settings": settings})


def sized(turning, *, seed=0, sizes=(2, 4, 8, 16, 32), **more):
    """A family in which the given sizes turn back."""
    members = {size: run(size, turns=size in turning, seed=seed, **more) for size in sizes}
    return family(members, "code_size")


def verdicts(*traces):
    return {one.key: one.verdict for one in Bifurcation.findings(list(traces))}


def test_what_the_paper_says_is_supported_where_it_is_so():
    found = verdicts(sized((16, 32)))
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
    traces = [sized((16, 32), seed=seed) for seed in range(3)]
    found = Bifurcation.findings(traces)
    assert {one.verdict for one in found} == {Verdict.SUPPORTED}
    assert {one.spread for one in found} == {"3 seeds"}
    assert "K* = 16 units" in " ".join(Bifurcation.summary(combined(traces), found))


def test_every_claim_is_asked_of_its_controls():
    found = {one.key: one.readings[0] for one in Bifurcation.findings([sized((16, 32))])}
    assert list(found["turn-back-above"].controls) == ["permutation null"]
    assert found["turn-back-above"].shared_with == ()
    bisector = found["bisector-above"]
    assert list(bisector.controls) == ["untrained network", "PCA autoencoder"]
    assert bisector.at_controls["PCA autoencoder"].mean == pytest.approx(0.25 - 1, abs=0.01)
    assert bisector.shared_with == ("untrained network",)


def test_without_a_null_or_a_pca_autoencoder_the_claims_have_fewer_controls():
    bare = sized((16, 32))
    bare = bare.drop_vars([name for name in bare if name.endswith(("_null", "_pca"))])
    found = {one.key: one.readings[0] for one in Bifurcation.findings([bare])}
    assert found["turn-back-above"].controls == {}
    assert list(found["bisector-above"].controls) == ["untrained network"]


def test_a_size_between_two_estimates_of_the_dimension_is_not_asked():
    trace = sized((16, 32))
    (one,) = [f for f in Bifurcation.findings([trace]) if f.key == "no-turn-back-below"]
    assert list(one.readings[0].parts) == ["K = 2", "K = 4"]
    assert "not asked: K = 8" in " ".join(Bifurcation.summary(trace, []))


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
    assert [cell.lines[0] for cell in table.rows[1][1:]][::2] == ["not finite", "not measured"]
    assert len(Bifurcation.panels(trace)) == 9


def test_the_summary_names_the_code_and_what_it_costs():
    told = " ".join(Bifurcation.summary(sized((16, 32)), []))
    assert "TwoNN 9.0 ± 0.1" in told and "500 training images" in told
    assert "K* = 16 units (90 % over resampled probe batches: " in told
    assert "is +100% against that of the best size (K = 32" in told
    (table,) = Bifurcation.tables(sized((16, 32)), {})
    rows = {row[0].lines[0]: [cell.lines[0] for cell in row[1:]] for row in table.rows}
    assert rows["K = 2"][1] == "1.0000" and rows["K = 2"][2].startswith("does not turn back")
    assert rows["K = 16"][3].startswith("turns back: 0.4")


@pytest.mark.parametrize("seeds", [1, 2])
def test_all_of_it_can_be_drawn(seeds):
    trace = combined([sized((16, 32), seed=seed) for seed in range(seeds)])
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
