from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from infoplane.experiments.autoencoder.experiment import Autoencoder
from infoplane.numerics.bandwidth import LeeJo, Silverman
from infoplane.store.address import ADDED_LATER, NOT_ADDRESSED, address, canonical
from infoplane.values.errors import InfoplaneError


@dataclass(frozen=True)
class Settings:
    rule: object
    steps: int = 10
    folder: Path | None = field(default=None, metadata=NOT_ADDRESSED)


def where(settings, data="d", version=1):
    return address(settings, data=data, results_version=version)


def test_rules_with_equal_fields_differ_by_their_type():
    @dataclass(frozen=True)
    class Width:
        gamma: float

    assert where(Settings(LeeJo(2.0))) != where(Settings(Width(2.0)))
    assert where(Settings(LeeJo(2.0))) == where(Settings(LeeJo(2.0)))


def test_what_is_computed_counts_and_where_does_not():
    base = Settings(Silverman(5.0))
    assert where(base) == where(replace(base, folder=Path("/elsewhere")))
    assert where(base) != where(replace(base, steps=11))
    assert where(base) != where(base, data="other data")
    assert where(base) != where(base, version=2)


def test_paths_and_devices_of_the_experiment_do_not_count():
    here = Autoencoder(code_size=5)
    assert where(here) == where(replace(here, data_dir=Path("x"), device="cpu:0"))
    assert where(here) != where(replace(here, seed=1))


def test_an_integer_in_a_field_of_floats_is_a_float():
    @dataclass(frozen=True)
    class Width:
        factor: float

    assert where(Width(5)) == where(Width(5.0)) != where(Width(6))


def test_a_field_that_came_later_counts_where_it_changes_something():
    @dataclass(frozen=True)
    class Settings:
        steps: int = 10

    before = Settings()

    @dataclass(frozen=True)
    class Settings:  # noqa: F811 — the same experiment, a version later
        steps: int = 10
        shuffled: bool | None = field(default=None, metadata=ADDED_LATER)

    assert canonical(Settings()) == canonical(before)
    assert where(Settings()) == where(before) != where(Settings(shuffled=False))
    assert canonical(Settings(shuffled=True))["shuffled"] is True


def test_what_is_no_plain_value_cannot_be_a_setting():
    with pytest.raises(InfoplaneError, match="object"):
        canonical(Settings(object()))
