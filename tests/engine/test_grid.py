from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import Inner, Tiny

from infoplane.engine.grid import _value, axes_of, fields_of, grid, gridded, grids_in, over_seeds
from infoplane.experiments.catalogue import EXPERIMENTS
from infoplane.experiments.settings import Training
from infoplane.values.errors import InfoplaneError

Autoencoder = EXPERIMENTS["autoencoder"]


@given(
    sizes=st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True),
    rates=st.lists(st.floats(0.1, 9.0), min_size=1, max_size=3, unique=True),
)
def test_a_grid_is_the_product_of_its_axes_whether_values_or_text(sizes, rates):
    values = grid(Tiny(seed=7), size=sizes, rate=rates)
    texts = grid(Tiny(seed=7), **{"size": map(str, sizes), "inner.rate": map(str, rates)})
    assert values == texts
    assert [(one.size, one.inner.rate) for one in values] == list(product(sizes, rates))
    assert all(one.seed == 7 and one.inner.kind == "slow" for one in values)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_field_of_every_experiment_can_be_varied_by_its_own_text(name):
    base = EXPERIMENTS[name]()
    for path in fields_of(base):
        value = base
        for part in path.split("."):
            value = getattr(value, part)
        text = value if hasattr(value, "__dataclass_fields__") else str(value)
        text = " ".join(map(str, value)) if isinstance(value, tuple) else text
        assert grid(base, **{path: [text]}) == [base]


def test_a_field_may_be_named_as_on_the_command_line():
    (one,) = grid(Autoencoder(), **{"batch-size": [7], "training.steps": [9]})
    assert one.training == Training(steps=9, batch_size=7)


def test_a_whole_nested_value_may_be_varied():
    made = grid(Tiny(), inner=[Inner(1.0), Inner(2.0)])
    assert [one.inner.rate for one in made] == [1.0, 2.0]


def test_one_value_needs_no_list():
    assert grid(Tiny(), size=3, kind="fast") == grid(Tiny(), size=[3], kind=["fast"])


def test_a_field_of_several_values_takes_them_as_they_are():
    assert _value("sizes", tuple[int, ...], (1, 2)) == (1, 2)
    assert _value("sizes", tuple[int, ...], [3]) == (3,)


def test_the_same_experiment_of_two_grids_is_computed_once():
    made = gridded(Tiny(), [{"size": [1, 2]}, {"size": [2, 3]}])
    assert [one.size for one in made] == [1, 2, 3]


def test_seeds_go_upwards_from_the_experiments_own():
    made = over_seeds(grid(Tiny(seed=10), size=[1, 2]), 2)
    assert [(one.size, one.seed) for one in made] == [(1, 10), (1, 11), (2, 10), (2, 11)]


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"size": ["two"]}, "size=two: it must be of type int"),
        ({"kind": ["medium"]}, "kind=medium: it must be one of slow, fast"),
        ({"colour": [1]}, "no field colour. It has: size, fate, seed, rate, kind"),
        ({"sizes": [1]}, "no field sizes. Did you mean size"),
        ({"seconds": [1.0]}, "says where to compute, not what"),
        ({"size": "2,4"}, "size=2,4: it must be of type int"),
        ({"size": []}, "no value for size"),
        ({"inner": [3]}, "is a Inner; got 3"),
        ({"rate": [1], "inner.rate": [2]}, "names inner.rate twice"),
    ],
)
def test_what_makes_no_grid_is_said(axes, words, capfd):
    with pytest.raises(InfoplaneError, match=words):
        grid(Tiny(), **axes)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["code_size", "=3", "code_size=", "code_size=1,,2"])
def test_an_axis_on_the_command_line_has_one_form(text):
    with pytest.raises(InfoplaneError, match="FIELD=VALUE,VALUE"):
        axes_of([text])


def test_a_field_named_twice_is_no_guess():
    with pytest.raises(InfoplaneError, match="names size twice"):
        axes_of(["size=1", "size=2"])


def test_seeds_and_a_grid_of_seeds_are_one_too_many():
    with pytest.raises(InfoplaneError, match="names its seeds already"):
        over_seeds(grid(Tiny(), seed=[1, 2]), 3)
    with pytest.raises(InfoplaneError, match="seeds=0"):
        over_seeds([Tiny()], 0)
    assert over_seeds(grid(Tiny(), seed=[1, 2]), 1) == grid(Tiny(), seed=[1, 2])


def test_a_file_holds_grids_one_after_the_other(tmp_path):
    path = tmp_path / "sweep.toml"
    path.write_text(
        '[[grid]]\nsize = [1, 2]\n[grid.inner]\nkind = ["slow", "fast"]\n[[grid]]\nsize = 3\n'
    )
    made = gridded(Tiny(), grids_in(path))
    assert [(one.size, one.inner.kind) for one in made] == [
        (1, "slow"),
        (1, "fast"),
        (2, "slow"),
        (2, "fast"),
        (3, "slow"),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "Cannot read"),
        (b"\xff", "Cannot read"),
        (b"size = [", "Cannot read"),
        (b"size = [1]", "must hold tables .*; it has size"),
        (b"grid = 3", "must hold tables"),
        (b"", "must hold tables"),
    ],
)
def test_a_file_that_holds_no_grids_is_refused(tmp_path, content, words):
    path = tmp_path / "sweep.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InfoplaneError, match=words):
        grids_in(path)
