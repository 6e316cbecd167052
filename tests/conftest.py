"""Strict in tests: one thread, deterministic seeds, real data where it is present."""

import dataclasses
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

settings.register_profile("untimed", deadline=None, max_examples=30)  # no law is about speed
settings.load_profile("untimed")
torch.set_num_threads(1)
if threading.current_thread() is threading.main_thread():  # begun in the background, a shell's
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children are deaf to Ctrl-C

_jaxtyped = jaxtyping.jaxtyped


def _checked(*, typechecker):
    """The decorator of ``--jaxtyping-packages``, as quick as what there is to check allows.

    Functions within functions are left alone: they are made anew by every call, and each time their
    checks would be compiled, which takes a thousand times as long as they run. Where no array has a
    shape, the type checker alone checks the same, in a twentieth of the time.
    """
    with_shapes = _jaxtyped(typechecker=typechecker)

    def checked(one):
        if "<locals>" in getattr(one, "__qualname__", ""):
            return one
        if inspect.isfunction(one) and not _needs_shapes(one):
            return typechecker(one)
        if dataclasses.is_dataclass(one) and "__init__" in vars(one):
            one.__init__ = checked(one.__init__)
            return one
        return with_shapes(one)

    return checked


def _needs_shapes(function) -> bool:
    """Whether its annotations speak of arrays; what is written as text may, and so may what a
    generator, which checks nothing before it is asked for its first value."""
    hints = function.__annotations__.values()
    return inspect.isgeneratorfunction(function) or any(map(_may_be_array, hints))


def _may_be_array(hint) -> bool:
    if isinstance(hint, str | typing.ForwardRef):
        return True
    if inspect.isclass(hint) and issubclass(hint, jaxtyping.AbstractArray):
        return True
    parts = hint if isinstance(hint, list) else typing.get_args(hint)
    return any(map(_may_be_array, parts))


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
