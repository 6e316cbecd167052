"""The suite: tasks by name, from easy to unfair."""

from collections.abc import Mapping
from typing import Any

from infoplane.datasets.known.channel import Channel, Rows
from infoplane.datasets.known.image import Image
from infoplane.datasets.known.labelled import Classes, Counts, Steps
from infoplane.datasets.known.noise import Layer, UniformNoise
from infoplane.datasets.known.normal import Normal, Student
from infoplane.datasets.known.task import Task
from infoplane.values.errors import InfoplaneError

_ONE = Normal("normal-1", 1, 0.6)
_STRONG = Normal("normal-1-strong", 1, 0.95)
_DENSE_3 = Normal("normal-3-dense", 3, 0.5, "dense")
_PAIRS_5 = Normal("normal-5-pairs", 5, 0.8)
_CAUCHY = Student("student-1-df1", Normal("normal-1-student", 1, 0.6), 1)

_ALL: tuple[Task, ...] = (
    Normal("independent-1", 1, 0.0),
    Normal("independent-5", 5, 0.0),
    Normal("independent-25", 25, 0.0),
    _ONE,
    _STRONG,
    Normal("normal-2-pairs", 2, 0.8),
    _DENSE_3,
    _PAIRS_5,
    Normal("normal-5-dense", 5, 0.5, "dense"),
    Normal("normal-5-sparse", 5, 0.8, "sparse"),
    Normal("normal-25-pairs", 25, 0.8),
    Normal("normal-25-dense", 25, 0.5, "dense"),
    _CAUCHY,
    Student("student-2-df3", Normal("normal-2-student", 2, 0.8), 3),
    Student("student-5-df2", Normal("normal-5-student", 5, 0.0), 2),
    Image("asinh-student-1", _CAUCHY, "asinh", "asinh"),
    Image("half-cube-1", _ONE, "half-cube", "half-cube"),
    Image("normal-cdf-1", _ONE, "normal-cdf", "normal-cdf"),
    Image("wiggly-1", _ONE, "wiggly", "wiggly"),
    Image("half-cube-5-pairs", _PAIRS_5, "half-cube", "half-cube"),
    Image("swiss-roll-1", _STRONG, "swiss-roll", "none"),
    Image("spiral-3", _DENSE_3, "spiral", "spiral"),
    UniformNoise("uniform-noise-0.1", 0.1),
    UniformNoise("uniform-noise-0.75", 0.75),
    Steps("steps-5", 5),
    Counts("counts"),
    Counts("counts-inflated", 0.15),
    Classes("classes-4", 4, 2.0),
    Classes("classes-4-in-5", 4, 2.0, 5),
    Classes("classes-4-in-25", 4, 2.0, 25),
    Classes("independent-classes", 4, 0.0, 2),
    Classes("independent-classes-in-25", 4, 0.0, 25),
    Channel("channel-2", 2, 0.1),
    Channel("channel-10", 10, 0.2),
    Channel("independent-labels", 4, 0.75),
    Rows("rows-3", Channel("channel-2-rows-3", 2, 0.1), 3),
    Rows("rows-6", Channel("channel-2-rows-6", 2, 0.2), 6),
    Rows("independent-rows-6", Channel("independent-labels-rows-6", 2, 0.5), 6),
    Layer("layer", 2, 3),
)
TASKS: Mapping[str, Task] = {task.name: task for task in _ALL}
"""Every task by its name."""


def task(name: str) -> Task:
    """The task of that name.

    Raises:
        InfoplaneError: There is none.
    """
    if name not in TASKS:
        raise InfoplaneError(f"There is no task {name!r}; there are: {', '.join(TASKS)}.")
    return TASKS[name]


def described(task: Task) -> dict[str, Any]:
    """All of a task but its truth, as plain JSON; ``image_of`` names the base of an image."""
    return {
        "name": task.name,
        "words": task.words,
        "family": task.family,
        "kind": task.kind,
        "dims": list(task.dims),
        "image_of": task.base.name if isinstance(task, Image) else "",
    }
