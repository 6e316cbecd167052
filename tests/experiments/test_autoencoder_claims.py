"""The claims on hand-made Traces whose truth is known."""

import json
import math

import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.claims import judge
from infoplane.experiments.autoencoder.claims import chains, claims
from infoplane.values.ceilings import CEILINGS, ceilings_json
from infoplane.values.finding import Verdict
from infoplane.values.trace import Row, trace_of

LAYERS = ["encoder.1", "encoder.2", "code", "decoder.2", "decoder.1"]
PAIRS = ["encoder.1 · decoder.1", "encoder.2 · decoder.2"]
CEILING = math.log2(100)
T = np.linspace(0, 1, 41)


def labelled(values, over=None, names=None, estimators=2):
    """Numbers of shape (k,) or () repeated over estimators and five nearly equal batches."""
    rng = np.random.default_rng(7)
    shape = (estimators, 5, *np.shape(values))
    array = np.broadcast_to(values, shape) + 1e-3 * rng.standard_normal(shape)
    dims = ("estimator", "batch") + ((over,) if over else ())
    coords = {"estimator": ["silverman", "tapia"][:estimators]} | ({over: names} if over else {})
    tops = ceilings_json({name: CEILING for name in ("silverman", "tapia")})
    attrs = {"unit": "bit", CEILINGS: tops, "long_name": "I"}
    return xr.DataArray(array, dims=dims, coords=coords, attrs=attrs)


def trace(to_input, to_target, pairs=(2.0, 1.0), whole=3.0, s_x=4.0, null=0.0):
    """A run whose informations at time t ∈ [0, 1] are given by functions of t."""
    rows = []
    for step, t in enumerate(T):
        values = {
            "I_XT": labelled(to_input(t), "layer", LAYERS),
            "I_TY": labelled(to_target(t), "layer", LAYERS),
            "I_XY": labelled(whole),
            "I_pair": labelled(pairs, "pair", PAIRS),
            "S_T": labelled(np.full(5, 0.5), "layer", LAYERS),
            "S_X": labelled(s_x),
            "norm_T": labelled(np.ones(5), "layer", LAYERS).isel(estimator=0, drop=True),
            "loss_test": xr.DataArray(1.5 - t, attrs={"unit": "squared intensity"}),
        }
        if step % 10 == 0:
            values["I_XT_null"] = labelled(np.full(5, null), "layer", LAYERS)
            values["I_TY_null"] = labelled(np.full(5, null), "layer", LAYERS)
        rows.append(Row(step, float(step), values))
    return trace_of(rows, {"seed": 0, "settings": json.dumps({"seed": 0})})


def falling_inwards(level):
    return level * np.array([3.0, 2.0, 1.0, 0.9, 0.8])


def falling_from_the_output(level):
    return level * np.array([0.8, 0.9, 1.0, 2.0, 3.0])


def learned(t):
    return falling_inwards(min(1.0, 0.2 + t))


def decoded(t):
    return falling_from_the_output(min(1.0, 0.2 + t))


def verdicts(one):
    return {claim.key: judge(claim, [one]).verdict for claim in claims(one)}


def test_the_links_are_those_of_the_paper():
    found = chains(trace(learned, decoded))
    assert found["encoder"].names == (
        "I(input; encoder.1)",
        "I(input; encoder.2)",
        "I(input; code)",
    )
    assert found["decoder"].names == (
        "I(decoder.1; output)",
        "I(decoder.2; output)",
        "I(code; output)",
    )
    assert found["nested"].names == (
        "I(input; output)",
        *(f"I({pair})" for pair in PAIRS),
        "S(code)",
    )


def test_a_run_that_obeys_every_claim_of_the_paper():
    found = verdicts(trace(learned, decoded))
    assert found["dpi-encoder"] is Verdict.SUPPORTED
    assert found["dpi-decoder"] is Verdict.SUPPORTED
    assert found["dpi-nested"] is Verdict.SUPPORTED
    assert found["dpi-nested-markov"] is Verdict.CONTRADICTED
    assert found["fitting"] is Verdict.SUPPORTED
    assert found["simplifying"] is Verdict.CONTRADICTED
    assert found["measurable"] is Verdict.SUPPORTED


def test_a_run_that_violates_them():
    found = verdicts(
        trace(
            lambda t: learned(t)[::-1].copy(),
            lambda t: decoded(t)[::-1].copy(),
            pairs=(1.0, 2.0),
            whole=0.4,
            s_x=6.6,
        )
    )
    assert found["dpi-encoder"] is Verdict.CONTRADICTED
    assert found["dpi-decoder"] is Verdict.CONTRADICTED
    assert found["dpi-nested"] is Verdict.CONTRADICTED
    assert found["measurable"] is Verdict.CONTRADICTED


def test_a_fall_after_the_peak_is_simplifying():
    def risen_and_fallen(t):
        return falling_inwards(1.5 * t if t < 0.5 else 0.75 - 0.9 * (t - 0.5)) + 1.0

    found = verdicts(trace(risen_and_fallen, decoded))
    assert found["simplifying"] is Verdict.SUPPORTED


def test_a_network_that_never_learned_is_its_own_control():
    frozen = trace(lambda t: learned(0.3), lambda t: decoded(0.3))
    claim = next(claim for claim in claims(frozen) if claim.key == "dpi-encoder")
    for reading in judge(claim, [frozen]).readings:
        control = reading.at_controls["untrained network"]
        assert control.mean == pytest.approx(reading.effect.mean, abs=1e-9)
        assert "untrained network" in reading.shared_with


def test_what_is_all_at_the_ceiling_is_not_measurable_raw_or_above_the_null():
    full = trace(lambda t: np.full(5, 6.6), lambda t: np.full(5, 6.6), whole=6.6, pairs=(6.6, 6.6))
    found = verdicts(full)
    for key in ("dpi-encoder", "dpi-decoder", "dpi-encoder-above-null", "fitting", "simplifying"):
        assert found[key] is Verdict.NOT_MEASURABLE


def test_without_a_null_nothing_is_claimed_above_it():
    bare = trace(learned, decoded).drop_vars(["I_XT_null", "I_TY_null"])
    assert not any("null" in key for key in verdicts(bare))


def test_one_estimator_against_the_other_is_estimator_dependent():
    one, other = trace(learned, decoded), trace(lambda t: learned(t)[::-1].copy(), decoded)
    mixed = xr.concat(
        [one.isel(estimator=[0]), other.isel(estimator=[1])],
        "estimator",
        data_vars="minimal",
        compat="override",
        coords="minimal",
    ).assign_attrs(one.attrs)
    assert verdicts(mixed)["dpi-encoder"] is Verdict.ESTIMATOR_DEPENDENT
