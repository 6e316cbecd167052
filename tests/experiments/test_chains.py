"""The inequalities of an autoencoder from the names of its layers."""

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.claims import judge
from infoplane.experiments.chains import chain, chains, layers_of, nested_pairs, towards_code
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.errors import InfoplaneError
from infoplane.values.finding import Verdict

LAYERS = ("encoder.1", "encoder.2", "mean", "code", "decoder.2", "decoder.1")


def network(layers=LAYERS, to_input=None, to_output=None):
    """A run of twelve moments whose information is as given, layer by layer, at all of them."""
    attrs = {CEILINGS: ceilings_json({"tapia": 9.0}), "unit": "bit"}
    noise = 1e-3 * np.random.default_rng(0).standard_normal((12, 1, 4, len(layers)))
    dims = ("snapshot", "estimator", "batch", "layer")

    def measured(values):
        return xr.DataArray(np.array(values or [1.0] * len(layers)) + noise, dims=dims, attrs=attrs)

    return xr.Dataset(
        {"I_XT": measured(to_input), "I_TY": measured(to_output), "S_T": measured(to_input)},
        coords={
            "step": ("snapshot", np.arange(12)),
            "estimator": ["tapia"],
            "layer": list(layers),
        },
    )


def test_each_side_goes_from_its_outermost_layer_to_the_code():
    trace = network()
    assert layers_of(trace, "encoder") == ["encoder.1", "encoder.2", "mean", "code"]
    assert layers_of(trace, "encoder", ("mean",)) == ["encoder.1", "encoder.2", "code"]
    assert layers_of(trace, "decoder") == ["decoder.1", "decoder.2", "code"]
    assert chain(trace, "encoder", ("mean",)).links == (
        "I(input; encoder.1) ≥ I(input; encoder.2)",
        "I(input; encoder.2) ≥ I(input; code)",
    )
    assert chain(trace, "decoder").names == (
        "I(decoder.1; output)",
        "I(decoder.2; output)",
        "I(code; output)",
    )


def test_a_side_that_has_the_code_alone_has_no_chain():
    assert list(chains(network(("code", "decoder.1")))) == ["decoder"]
    assert chains(network(("code",))) == {}
    with pytest.raises(InfoplaneError, match="needs two terms"):
        chain(network(("code",)), "encoder")


def test_nested_pairs_end_at_the_code():
    trace = network()
    pairs = trace["I_XT"].isel(layer=[0, 1]).rename(layer="pair")
    trace["I_pair"] = pairs.assign_coords(pair=["outer", "inner"])
    trace["I_XY"] = trace["I_XT"].isel(layer=0, drop=True)
    assert nested_pairs(trace).names == ("I(input; output)", "I(outer)", "I(inner)", "S(code)")


@pytest.mark.parametrize("side", ["encoder", "decoder"])
def test_verdicts_are_those_of_the_numbers(side):
    """Information falls inwards on both sides; with the middle layer raised it does not."""
    falling = {"to_input": [5, 4, 3.5, 3, 1, 1], "to_output": [1, 1, 1, 2, 3, 4]}
    raised = {"to_input": [5, 6, 3.5, 3, 1, 1], "to_output": [1, 1, 1, 2, 5, 4]}
    claim = towards_code(side, "made up", notes=("as a test",))
    assert judge(claim, [network(**falling)]).verdict is Verdict.SUPPORTED
    found = judge(claim, [network(**raised)])
    assert found.verdict is Verdict.CONTRADICTED
    assert found.readings[0].effect.mean == pytest.approx(-1, abs=0.01)
    assert (found.key, found.source, found.notes[-1]) == (f"dpi-{side}", "made up", "as a test")
