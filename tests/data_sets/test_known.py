"""The suite of known information: every truth by another way, and samples that have it."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from infoplane.analysis.skills import of_dimensions
from infoplane.datasets.known.catalogue import TASKS, described, task
from infoplane.datasets.known.channel import Channel, Rows
from infoplane.datasets.known.image import MAPS, Image
from infoplane.datasets.known.labelled import Classes, Counts, Steps
from infoplane.datasets.known.noise import Layer, UniformNoise
from infoplane.datasets.known.normal import Normal, Student, scale_information
from infoplane.datasets.known.task import Task
from infoplane.values.errors import InfoplaneError
from oracles import known

ALL = list(TASKS.values())
NORMALS = [one for one in ALL if isinstance(one, Normal)]
STUDENTS = [one for one in ALL if isinstance(one, Student)]
LINES = [
    one for one in ALL if one.dims == (1, 1) and one.kind == "numbers" and math.isfinite(one.truth)
]


def of(kind) -> list[Task]:
    return [one for one in ALL if isinstance(one, kind)]


def named(one: Task) -> str:
    return one.name


def test_there_are_enough_of_every_kind():
    assert len(ALL) >= 24
    assert {one.kind for one in ALL} == {"numbers", "mixed", "labels"}
    assert max(max(one.dims) for one in ALL) == 25
    assert [name for name, one in TASKS.items() if name != one.name] == []


@pytest.mark.parametrize("one", NORMALS, ids=named)
def test_normal_truths_are_those_of_the_covariance(one):
    assert one.truth == pytest.approx(known.normal_by_determinants(one), abs=1e-12)


@pytest.mark.parametrize("one", STUDENTS, ids=named)
def test_student_truths_are_mean_log_density_ratios(one):
    mean, error = known.student_by_ratios(one, 200_000, seed=3)
    assert abs(one.truth - mean) < 4 * error + 1e-9
    assert error < 0.01


def test_the_common_scale_says_nothing_if_it_is_hardly_random():
    values = [scale_information(df, 2, 3) for df in (1, 10, 100, 10_000)]
    assert sorted(values, reverse=True) == values
    assert 0 < values[-1] < 1e-3


@pytest.mark.parametrize("one", of(UniformNoise), ids=named)
def test_uniform_noise_by_quadrature(one):
    assert one.truth == pytest.approx(known.uniform_noise(one.epsilon), abs=1e-7)


def test_uniform_noise_has_one_formula_on_both_sides_of_one_half():
    below, above = (UniformNoise("u", 0.5 + step).truth for step in (-1e-9, 1e-9))
    assert below == pytest.approx(above, abs=1e-8)


@pytest.mark.parametrize("m", (2, 5, 9))
def test_steps_by_quadrature(m):
    assert Steps("s", m).truth == pytest.approx(known.steps(m), abs=1e-7)


@pytest.mark.parametrize("inflation", (0.0, 0.15, 0.6))
def test_counts_by_quadrature(inflation):
    assert Counts("c", inflation).truth == pytest.approx(known.counts(inflation), abs=1e-6)


@pytest.mark.parametrize(("m", "spacing"), ((2, 1.0), (4, 2.0), (4, 0.3), (3, 20.0)))
def test_classes_by_quadrature(m, spacing):
    assert Classes("c", m, spacing).truth == pytest.approx(known.classes(m, spacing), abs=1e-6)


@pytest.mark.parametrize(("m", "error"), ((2, 0.1), (10, 0.2), (4, 0.75), (3, 0.0), (3, 1.0)))
def test_channels_by_their_table(m, error):
    assert Channel("c", m, error).truth == pytest.approx(known.channel(m, error), abs=1e-12)


@pytest.mark.parametrize(("m", "error", "d"), ((2, 0.1, 3), (2, 0.2, 6), (3, 0.5, 2), (2, 0.5, 6)))
def test_rows_by_their_table(m, error, d):
    one = Rows("r", Channel("c", m, error), d)
    assert one.truth == pytest.approx(known.rows(m, error, d), abs=1e-12)


@pytest.mark.parametrize("one", of(Rows), ids=named)
def test_rows_have_the_frequencies_they_should(one):
    x, y = one.sample(100_000, seed=4)
    wrong = (x != y).double()
    error, m = one.channel.error, one.channel.m
    assert torch.allclose(wrong.mean(0), torch.full((one.d,), error).double(), atol=0.01)
    together = torch.cat([x, y], 1).double().T.corrcoef()
    expected = torch.eye(2 * one.d, dtype=torch.float64)
    beside = torch.arange(one.d)
    if m == 2:
        expected[beside, beside + one.d] = expected[beside + one.d, beside] = 1 - 2 * error
    assert torch.allclose(together, expected, atol=0.02)


@pytest.mark.parametrize(
    ("kind", "dims"),
    (("mixed", 1), ("mixed", 5), ("mixed", 64), ("labels", 1), ("labels", 5), ("labels", 64)),
)
def test_every_kind_is_there_in_every_class_of_dimensions(kind, dims):
    found = [
        one
        for one in ALL
        if one.kind == kind and of_dimensions(max(one.dims)) == of_dimensions(dims)
    ]
    assert any(math.isfinite(one.truth) for one in found)


def test_truths_of_limits():
    assert Normal("n", 3, 0.0).truth == 0.0
    assert Channel("c", 4, 0.75).truth == 0.0
    assert Classes("c", 4, 0.0).truth == 0.0
    assert Channel("c", 8, 0.0).truth == 3.0
    assert Classes("c", 4, 50.0).truth == pytest.approx(2.0, abs=1e-9)
    assert math.isinf(Layer("l", 2, 3).truth)


@pytest.mark.parametrize("one", ALL, ids=named)
def test_samples_are_as_the_task_says(one):
    assert isinstance(one, Task)
    x, y = one.sample(200, seed=5)
    labels = {"numbers": 0, "mixed": 1, "labels": 2}[one.kind]
    assert sum(part.dtype == torch.int64 for part in (x, y)) == labels
    for part, columns in zip((x, y), one.dims, strict=True):
        if part.dtype == torch.int64:
            assert part.shape == ((200,) if columns == 1 else (200, columns))
        else:
            assert part.dtype == torch.float64 and part.shape == (200, columns)
            assert bool(torch.isfinite(part).all())
    again, other = one.sample(200, seed=5), one.sample(200, seed=6)
    assert torch.equal(x, again[0]) and torch.equal(y, again[1])
    assert not torch.equal(x, other[0])


def test_samples_leave_the_global_generator_alone():
    before = torch.get_rng_state()
    for one in ALL:
        one.sample(10, seed=0)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("one", NORMALS, ids=named)
def test_normal_samples_have_the_covariance(one):
    both = torch.cat(one.sample(40_000, seed=1), 1)
    assert torch.allclose(both.T.cov(), one.covariance, atol=0.06)


@pytest.mark.parametrize("one", LINES, ids=named)
def test_histograms_come_close_to_the_truth_from_below(one):
    x, y = (part[:, 0].numpy() for part in one.sample(400_000, seed=2))
    coarse, fine = (known.histogram_information(x, y, cells) for cells in (8, 64))
    bias = 63**2 / (2 * 400_000 * math.log(2))
    assert coarse <= one.truth + 0.01
    assert fine - bias <= one.truth + 0.01
    assert fine - bias >= 0.85 * one.truth - 0.01


@pytest.mark.parametrize("one", [*of(Steps), *of(Classes)], ids=named)
def test_samples_with_labels_have_the_information_of_a_histogram(one):
    x, y = one.sample(200_000, seed=2)
    number, label = (x, y) if y.dtype == torch.int64 else (y, x)
    cells = np.argsort(np.argsort(number[:, 0].numpy())) * 200 // len(number)
    table = np.zeros((200, int(label.max()) + 1))
    np.add.at(table, (cells, label.numpy()), 1 / len(label))
    product = table.sum(1, keepdims=True) * table.sum(0, keepdims=True)
    there = table > 0
    value = float((table[there] * np.log2(table[there] / product[there])).sum())
    assert value == pytest.approx(one.truth, abs=0.02)


@pytest.mark.parametrize("one", [*of(Channel), *of(Counts)], ids=named)
def test_samples_of_labels_have_the_frequencies_they_should(one):
    x, y = one.sample(200_000, seed=4)
    if isinstance(one, Channel):
        assert float((x != y).double().mean()) == pytest.approx(one.error, abs=0.005)
        assert torch.bincount(y).double().div(len(y)).sub(1 / one.m).abs().max() < 0.005
    else:
        zero = one.inflation + (1 - one.inflation) / 2
        assert float((y == 0).double().mean()) == pytest.approx(zero, abs=0.005)
        assert float(x.mean()) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("one", of(Image), ids=named)
def test_an_image_is_one_to_one_and_of_the_bases_samples(one):
    x, y = one.sample(500, seed=7)
    u, v = one.base.sample(500, seed=7)
    assert one.truth == one.base.truth and one.base.name in TASKS
    assert torch.equal(x, MAPS[one.x_map](u)) and torch.equal(y, MAPS[one.y_map](v))
    assert len(torch.unique(x, dim=0)) == len(torch.unique(y, dim=0)) == 500


@pytest.mark.parametrize("name", ("asinh", "half-cube", "normal-cdf", "wiggly"))
def test_maps_of_a_line_increase(name):
    line = torch.linspace(-5, 5, 20_001, dtype=torch.float64)[:, None]
    assert bool((MAPS[name](line).diff(dim=0) > 0).all())


def test_the_roll_never_meets_itself_and_the_spiral_keeps_lengths():
    line = torch.linspace(-3, 3, 600, dtype=torch.float64)[:, None]
    rolled = MAPS["swiss-roll"](line)
    apart = torch.cdist(rolled, rolled) + torch.eye(600) * 9
    near = apart.argmin(1)
    assert int((near - torch.arange(600)).abs().max()) == 1
    points = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(MAPS["spiral"](points).norm(dim=1), points.norm(dim=1))


def test_what_makes_no_sense_is_refused_with_its_name():
    base = Normal("base", 2, 0.5)
    for wrong in (
        lambda: Normal("wrong", 0, 0.5),
        lambda: Normal("wrong", 2, 1.0),
        lambda: Student("wrong", base, 0),
        lambda: UniformNoise("wrong", 0.0),
        lambda: Layer("wrong", 3, 2),
        lambda: Steps("wrong", 1),
        lambda: Counts("wrong", 1.0),
        lambda: Classes("wrong", 3, -1.0),
        lambda: Channel("wrong", 3, 1.5),
        lambda: Rows("wrong", Channel("right", 2, 0.1), 1),
        lambda: Image("wrong", base, "swiss-roll", "none"),
        lambda: Image("wrong", replace(base, d=1), "none", "spiral"),
    ):
        with pytest.raises(InfoplaneError, match="wrong"):
            wrong()
    with pytest.raises(InfoplaneError, match="no task 'nothing'.*normal-1"):
        task("nothing")


def test_a_task_is_told_in_plain_words():
    told = described(task("half-cube-1"))
    assert told["image_of"] == "normal-1" and told["dims"] == [1, 1]
    assert described(task("swiss-roll-1"))["dims"] == [2, 1]
    assert "25 + 25 dimensions" in described(task("normal-25-pairs"))["words"]
    assert len({repr(one) for one in ALL}) == len(ALL)
