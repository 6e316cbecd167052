import numpy as np
import pytest
import xarray as xr

from infoplane.analysis.dpi import Chain, by_stage, holds, link_evidence, untrained_slack
from infoplane.values.errors import InfoplaneError


def term(level, snapshots=4, batches=5, noise=0.01):
    rng = np.random.default_rng(int(1000 * level) % 97)
    values = level + noise * rng.standard_normal((snapshots, 1, batches))
    return xr.DataArray(
        values,
        dims=("snapshot", "estimator", "batch"),
        coords={"estimator": ["one"]},
        attrs={"unit": "bit"},
    )


def test_links_hold_are_violated_or_within_their_error():
    chain = Chain.of({"a": term(3.0), "b": term(2.0), "c": term(2.5), "d": term(2.5)})
    equal = chain.slack().isel(link=[2]) * 0
    assert chain.links == ("a ≥ b", "b ≥ c", "c ≥ d")
    states = holds(chain.slack())
    assert (states.isel(link=0) == 1).all()
    assert (states.isel(link=1) == -1).all()
    assert (holds(equal) == 0).all()


def test_every_link_is_a_part_of_the_claim_at_every_stage():
    broken_late = term(2.5, snapshots=9) + xr.DataArray([0.0] * 6 + [1.0] * 3, dims="snapshot")
    chain = Chain.of({"a": term(3.0, snapshots=9), "b": broken_late})
    parts = by_stage(chain.slack())
    assert parts.dims == ("part", "estimator", "batch")
    assert list(parts["part"].values) == ["a ≥ b, early", "a ≥ b, midway", "a ≥ b, late"]
    assert parts.mean("batch").values.ravel() == pytest.approx([0.5, 0.5, -0.5], abs=0.02)


def test_the_control_has_the_parts_of_the_claim():
    one = Chain.of({"a": term(3.0, snapshots=1), "b": term(2.0, snapshots=1)})
    control = untrained_slack(one.slack())
    assert list(control["part"].values) == ["a ≥ b, early", "a ≥ b, midway", "a ≥ b, late"]
    assert np.ptp(control.values, axis=0).max() == 0


def test_one_batch_has_no_error_and_so_no_state():
    chain = Chain.of({"a": term(3.0, batches=1), "b": term(2.0, batches=1)})
    assert holds(chain.slack()).isnull().all()


def test_the_reversed_chain_claims_the_opposite():
    chain = Chain.of({"a": term(3.0), "b": term(2.0)})
    assert chain.reversed().links == ("b ≥ a",)
    assert np.allclose(chain.reversed().slack().values, -chain.slack().values)
    assert chain.reversed().values.attrs["unit"] == "bit"


def test_the_error_is_paired():
    """Batches differ by far more than the inequality; the difference within each is certain."""
    spread = xr.DataArray(np.arange(5.0), dims="batch")
    chain = Chain.of({"a": term(3.0, noise=0) + spread, "b": term(2.9, noise=0) + spread})
    assert (holds(chain.slack()) == 1).all()


def test_evidence_counts_the_steps():
    chain = Chain.of({"a": term(3.0), "b": term(2.0)})
    found = link_evidence(chain.slack())["one"]
    assert found["a ≥ b"]["holds at"] == 1.0
    assert found["share of snapshots at which all links hold"] == 1.0


def test_a_chain_of_one_term_is_none():
    with pytest.raises(InfoplaneError, match="two terms"):
        Chain.of({"a": term(1.0)})
