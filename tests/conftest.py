"""Strict in tests: one thread, deterministic seeds, real data where it is present."""

import os
import signal
import threading
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


def _jaxtyped_once(*, typechecker):
    """The decorator of ``--jaxtyping-packages`` on all but functions within functions.

    Those are made anew by every call, and each time their checks would be compiled, which takes a
    thousand times as long as they run.
    """
    checked = _jaxtyped(typechecker=typechecker)
    return lambda one: one if "<locals>" in getattr(one, "__qualname__", "") else checked(one)


jaxtyping.jaxtyped = _jaxtyped_once


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
