"""Runs along a setting as one Trace: nothing is lost, invented, or silently averaged."""

import json

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.across import combined
from infoplane.analysis.family import MEASURED, dimension_of, family, member
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.errors import InfoplaneError
from infoplane.values.trace import Row, settings_of, trace_of


def run(size, *, layers=("a", "code"), steps=(0, 1, 10), unit="bit", per_epoch=10, seed=0, **more):
    """A run whose numbers tell its size, step, batch and layer."""
    tops = ceilings_json({"silverman": 6.0})
    rows = []
    for step in steps:
        values = 100 * size + step + np.arange(3)[None, :, None] / 10
        information = xr.DataArray(
            np.broadcast_to(values, (1, 3, len(layers))).copy(),
            dims=("estimator", "batch", "layer"),
            coords={"estimator": ["silverman"], "layer": list(layers)},
            attrs={"long_name": "I", "unit": "bit", "n": 100, CEILINGS: tops},
        )
        loss = xr.DataArray(1.0 / size, attrs={"long_name": "loss", "unit": unit})
        measured = {"I_XT": information, "loss_test": loss}
        if step == 0:
            measured["I_XT_null"] = 0.5 * information
        if more.get("rate"):
            measured["rate"] = xr.DataArray(2.0, attrs={"unit": "bit"})
        rows.append(Row(step, step / per_epoch, measured, sentences=more.get("sentences", {})))
    settings = {"net": {"size": size}, "seed": seed, "steps": more.get("told", 10)}
    attributes = {"experiment": "made-up", "seed": seed, "settings": json.dumps(settings)}
    return trace_of(rows, {**attributes, "address": f"{size}", "source": "s"})


@pytest.fixture
def members():
    return {
        2: run(2, layers=("a", "code"), rate=True),
        4: run(4, layers=("b", "code"), steps=(0, 2, 10), per_epoch=5),
    }


def test_every_member_is_found_again_as_it_was(members):
    whole = family(members, "net.size")
    assert dimension_of("net.size") == "size" and whole["size"].values.tolist() == [2, 4]
    assert whole["I_XT"].dims[:2] == ("snapshot", "size")
    for size, one in members.items():
        again = member(whole, "size", size)
        for name, values in one.items():
            np.testing.assert_array_equal(again[name].values, values.values)
            assert again[name].dims == values.dims and again[name].attrs == values.attrs
        assert set(again) == set(one)
        assert again["step"].values.tolist() == one["step"].values.tolist()
        assert again["layer"].values.tolist() == one["layer"].values.tolist()


def test_what_a_member_has_not_is_nan_and_told_from_what_was_not_looked_at(members):
    whole = family(members, "net.size")
    assert whole["step"].values.tolist() == [0, 1, 2, 10]
    assert whole["layer"].values.tolist() == ["a", "b", "code"]
    assert whole[MEASURED].values.tolist() == [
        [True, True],
        [True, False],
        [False, True],
        [True, True],
    ]
    assert np.isnan(whole["I_XT"].sel(size=2, layer="b")).all()
    assert np.isnan(whole["rate"].sel(size=4)).all()
    assert float(whole["loss_test"].sel(size=4)[0]) == 0.25
    epochs = whole["epoch"].values
    assert epochs[0] == 0 and epochs[1] == 0.1 and epochs[2] == 0.4 and np.isnan(epochs[3])


def test_a_moment_at_which_a_member_diverged_stays():
    broken = run(4)
    for values in broken.values():
        values[-1] = np.nan
    again = member(family({2: run(2), 4: broken}, "net.size"), "size", 4)
    assert again["step"].values.tolist() == [0, 1, 10]


def test_attributes_are_those_that_all_have_in_common(members):
    whole = family(members, "net.size")
    assert settings_of(whole) == {"seed": 0, "steps": 10}
    assert whole.attrs["source"] == "s" and "address" not in whole.attrs
    assert "differ in net.size: 2, 4" in whole.attrs["description"]
    assert json.loads(whole["I_XT"].attrs[CEILINGS]) == {"silverman": 6.0}


def test_units_that_differ_are_both_told():
    whole = family({2: run(2), 4: run(4, unit="nat")}, "net.size")
    assert whole["loss_test"].attrs["unit"] == "bit or nat"


def test_sentences_keep_their_member():
    told = {"mine": "<b>it</b> did not converge"}
    whole = family({2: run(2), 4: run(4, sentences=told)}, "net.size")
    assert json.loads(whole.attrs["sentences"])["10"] == {"size=4, mine": told["mine"]}


def test_names_of_members_may_be_text():
    whole = family({"<b>": run(2), "sparse": run(4)}, "net.size")
    assert float(member(whole, "size", "<b>")["loss_test"][0]) == 0.5


def test_several_seeds_of_a_family_are_combined_as_those_of_a_run():
    several = [family({k: run(k, seed=s) for k in (2, 4)}, "net.size") for s in (0, 1)]
    assert combined(several)["I_XT"].sizes["seed"] == 2


@pytest.mark.parametrize(
    ("members", "match"),
    [
        ({2: run(2)}, "needs two members, got 1"),
        ({2: run(2), 4: run(4, seed=1)}, "differ in seed too"),
        ({2: run(2), 4: run(4, told=20)}, "differ in steps too"),
        ({2: run(2), 4: run(4).isel(batch=[0])}, "3 in 2, 1 in 4"),
        ({2: run(2), 4: run(4).mean("batch", keep_attrs=True)}, "cannot be joined"),
    ],
)
def test_what_is_no_family_is_refused(members, match):
    with pytest.raises(InfoplaneError, match=match):
        family(members, "net.size")


def test_estimators_that_are_not_the_same_are_refused():
    other = run(4)
    other["I_XT"].attrs[CEILINGS] = ceilings_json({"silverman": 5.0})
    with pytest.raises(InfoplaneError, match="silverman are not the same"):
        family({2: run(2), 4: other}, "net.size")


def test_a_name_that_is_taken_is_refused():
    members = {size: one.rename(estimator="size") for size, one in {2: run(2), 4: run(4)}.items()}
    with pytest.raises(InfoplaneError, match="cannot lie along 'size'"):
        family(members, "net.size")


def test_an_unknown_member_is_refused(members):
    with pytest.raises(InfoplaneError, match="no size 3 in this family; there are: 2, 4"):
        member(family(members, "net.size"), "size", 3)
