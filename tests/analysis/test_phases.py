import numpy as np
import pytest
import xarray as xr

from infoplane.analysis import phases


def curves(shape):
    """One estimator, three nearly equal batches."""
    noise = 0.01 * np.random.default_rng(0).standard_normal((len(shape), 1, 3))
    values = np.asarray(shape)[:, None, None] + noise
    return xr.DataArray(
        values, dims=("snapshot", "estimator", "batch"), coords={"estimator": ["one"]}
    )


T = np.linspace(0, 1, 100)
RISES = 5 * T
RISES_AND_FALLS = np.where(T < 0.5, 10 * T, 5 - 3 * (T - 0.5))
FALLS_EARLY_AND_RECOVERS = np.where(T < 0.1, 50 * T, np.where(T < 0.4, 3.0, 3.0 + 2 * (T - 0.4)))
CONSTANT = 0 * T + 6.6


@pytest.mark.parametrize(
    ("shape", "simplifies"),
    [(RISES, False), (RISES_AND_FALLS, True), (FALLS_EARLY_AND_RECOVERS, False), (CONSTANT, False)],
    ids=["rises", "rises and falls", "early dip", "constant"],
)
def test_only_a_late_lasting_fall_is_simplifying(shape, simplifies):
    margin = phases.simplifying(curves(shape))
    assert margin.dims == ("estimator", "batch")
    assert bool((margin > 0).all()) is simplifies
    assert bool((margin < 0).all()) is not simplifies


def test_the_margin_of_a_fall_is_the_drop_less_the_threshold():
    margin = phases.fall_margin(RISES_AND_FALLS[:, None].repeat(2, 1))
    end = RISES_AND_FALLS[-5:].mean()
    assert margin == pytest.approx(RISES_AND_FALLS.max() - end - 0.25, abs=0.2)


def test_fitting_needs_both_informations_to_rise():
    assert (phases.fitting(curves(RISES), curves(RISES)) > 0).all()
    assert (phases.fitting(curves(RISES), curves(CONSTANT)) < 0).all()
    assert (phases.fitting(curves(CONSTANT), curves(CONSTANT)) < 0).all()


def test_one_snapshot_alone_shows_no_phase():
    one = curves(RISES).isel(snapshot=[0])
    assert (phases.simplifying(one) == -phases.LEAST).all()
    assert (phases.fitting(one, one) == -phases.LEAST).all()
