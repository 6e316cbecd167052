"""Strict in tests: one thread, deterministic seeds, real data where it is present."""

import dataclasses
import functools
import inspect
import os
import signal
import threading
import typing
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import jaxtyping
import numpy as np
import pytest
import torch
from hypothesis import settings

settings.register_profile(  # no law is about speed; CI asks for the same examples every time
    "untimed", deadline=None, max_examples=30, derandomize="CI" in os.environ
)
settings.load_profile("untimed")
torch.set_num_threads(1)
if threading.current_thread() is threading.main_thread():  # begun in the background, a shell's
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children are deaf to Ctrl-C

_jaxtyped = jaxtyping.jaxtyped


def _checked(*, typechecker):
    """The decorator of ``--jaxtyping-packages``, as quick as what there is to check allows.

    Functions within functions are left alone: they are made anew by every call, and each time their
    checks would be compiled, which takes a thousand times as long as they run. Where no array has a
    shape, the type checker alone checks the same, in a twentieth of the time; where one has, it
    does so within a scope of its own for their letters, once per array. What jaxtyping knows better
    is left to it: annotations written as text, and generators, which begin only when asked.
    """
    thorough = _jaxtyped(typechecker=typechecker)

    def checked(one):
        if "<locals>" in getattr(one, "__qualname__", ""):
            return one
        if dataclasses.is_dataclass(one) and "__init__" in vars(one):
            one.__init__ = checked(one.__init__)
            return one
        if not inspect.isfunction(one) or inspect.isgeneratorfunction(one):
            return thorough(one)
        parts = [part for hint in one.__annotations__.values() for part in _parts(hint)]
        if any(isinstance(part, str | typing.ForwardRef) for part in parts):
            return thorough(one)
        return _scoped(typechecker(one)) if any(map(_is_array, parts)) else typechecker(one)

    return checked


def _scoped(function):
    """Arrays of a call are held against each other: "n" is the same number in all of them."""
    letters = _jaxtyped("context")

    @functools.wraps(function)
    def scoped(*args, **kwargs):
        with letters:
            return function(*args, **kwargs)

    return scoped


def _parts(hint):
    """An annotation and all that it consists of."""
    yield hint
    for inner in hint if isinstance(hint, list) else typing.get_args(hint):
        yield from _parts(inner)


def _is_array(hint):
    return inspect.isclass(hint) and issubclass(hint, jaxtyping.AbstractArray)


jaxtyping.jaxtyped = _checked


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)
    np.random.seed(0)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder with real MNIST: ``$INFOPLANE_DATA`` or ``../shared/data``."""
    here = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("INFOPLANE_DATA", here.parent / "shared" / "data"))
    if not (folder / "mnist").is_dir():
        pytest.skip(f"no MNIST under {folder}; set INFOPLANE_DATA")
    return folder
