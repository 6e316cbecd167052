"""Which files are a training's checkpoints, and of which step each is."""

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from infoplane.values.errors import InfoplaneError, InfoplaneWarning

Checkpoints = str | Path | Sequence[str | Path] | Mapping[int, str | Path]
"""A folder, files, or files by step."""

SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
WITHIN = ("model.safetensors", "pytorch_model.bin")
"""The files of weights in a folder that is a checkpoint."""
_MAPPING = "say of which step each file is: checkpoints={100: 'first.pt', 200: 'second.pt'}"


def files_by_step(checkpoints: Checkpoints) -> dict[int, Path]:
    """The files of weights by increasing step.

    Raises:
        InfoplaneError: There are none, one is missing, or steps are not known or there twice.

    Warns:
        InfoplaneWarning: Some in a folder, such as ``last.ckpt``, have no step in their names and
            are left out; which.
    """
    if isinstance(checkpoints, Mapping):
        given = {_checked(step): Path(path) for step, path in checkpoints.items()}
    elif isinstance(checkpoints, str | Path):
        given = _by_name(_of_known_step(_in_folder(Path(checkpoints))))
    else:
        given = _by_name([Path(path) for path in checkpoints])
    if not given:
        raise InfoplaneError(f"There are no checkpoints: {checkpoints!r} names none.")
    return {step: _weights(given[step]) for step in sorted(given)}


def step_in(name: str) -> int | None:
    """The number after "step" in a name, or else the last one; None if there is none.

    The number after "-v" at its end counts copies of one name, not steps.

    >>> step_in("checkpoint-500"), step_in("epoch=3-step=1200-v1"), step_in("last-v1")
    (500, 1200, None)
    """
    first = re.sub(r"-v\d+$", "", name)
    found = re.findall(r"step[-_=]?(\d+)", first, re.IGNORECASE) or re.findall(r"\d+", first)
    return int(found[-1]) if found else None


def _in_folder(folder: Path) -> list[Path]:
    """Its folders that are checkpoints, or else its files."""
    if not folder.is_dir():
        raise InfoplaneError(
            f"There is no folder {folder}; give a folder of checkpoints, or a list of files."
        )
    members = sorted(folder.iterdir())
    folders = [path for path in members if path.is_dir() and (_held(path) or _parts(path))]
    found = folders or [path for path in members if path.suffix in SUFFIXES and path.is_file()]
    if not found:
        raise InfoplaneError(
            f"{folder} holds no checkpoints: neither files *{', *'.join(SUFFIXES)} nor folders "
            f"with {' or '.join(WITHIN)}."
        )
    return found


def _of_known_step(paths: Sequence[Path]) -> Sequence[Path]:
    """Those with a step in their names, or all if none has one."""
    known = [path for path in paths if _step_of(path) is not None]
    others = [path.name for path in paths if path not in known]
    if known and others:
        warnings.warn(
            f"Left out, because no step can be read in the name: {', '.join(others)}; to look at "
            f"them, too, {_MAPPING}.",
            InfoplaneWarning,
            stacklevel=4,
        )
    return known or paths


def _step_of(path: Path) -> int | None:
    return step_in(path.name if path.is_dir() else path.stem)


def _by_name(paths: Sequence[Path]) -> dict[int, Path]:
    """Every step once."""
    by_step: dict[int, Path] = {}
    for path in paths:
        step = _step_of(path)
        if step is None:
            raise InfoplaneError(f"No step can be read in the name of {path}; {_MAPPING}.")
        if step in by_step:
            raise InfoplaneError(
                f"{by_step[step].name} and {path.name} are both of step {step}; {_MAPPING}."
            )
        by_step[step] = path
    return by_step


def _checked(step: object) -> int:
    if isinstance(step, bool) or not isinstance(step, int) or step < 0:
        raise InfoplaneError(f"{step!r} is no step; {_MAPPING}.")
    return step


def _weights(path: Path) -> Path:
    """The file of weights that a path means."""
    if path.is_dir():
        if held := _held(path):
            return held[0]
        spread = " (its weights are in several files; save them as one)" if _parts(path) else ""
        raise InfoplaneError(f"{path} holds no {' or '.join(WITHIN)}{spread}.")
    if not path.is_file():
        raise InfoplaneError(f"There is no checkpoint {path}.")
    if path.suffix not in SUFFIXES:
        raise InfoplaneError(
            f"{path} is no file of weights; those that can be read are *{', *'.join(SUFFIXES)}."
        )
    return path


def _held(folder: Path) -> list[Path]:
    return [folder / name for name in WITHIN if (folder / name).is_file()]


def _parts(folder: Path) -> list[Path]:
    """The lists of weights that are spread over several files."""
    return [path for name in WITHIN if (path := folder / f"{name}.index.json").is_file()]
