"""The command about sweeps: many settings and seeds of one experiment, computed anywhere."""

import inspect
import json
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from infoplane.cli.console import console, err, interruptible
from infoplane.cli.exits import FAILED
from infoplane.cli.progress import sweeping
from infoplane.cli.tables import print_ledger, print_matrix, print_spreads, print_together
from infoplane.engine.driver import jobs_of
from infoplane.engine.folder import SweepFolder
from infoplane.engine.grid import axes_of, gridded, grids_in, over_seeds
from infoplane.engine.job import Engine, Terms
from infoplane.engine.local import Local
from infoplane.experiments.protocol import Experiment
from infoplane.sweeping import Sweep, sweep
from infoplane.values.errors import InfoplaneError

GIGABYTE = 10**9


@dataclass(frozen=True)
class What:
    """What to vary; all other fields are options, too, and the same for all jobs.

    Attributes:
        grid: FIELD=VALUE,VALUE,…; once for each field, all combinations are computed.
        file: A TOML file of more grids: tables [[grid]] with a value or a list per field.
        seeds: Every setting under so many seeds, from --seed upwards.
    """

    grid: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    file: Path | None = None
    seeds: int = 1


@dataclass(frozen=True)
class On:
    """Where and how, never what.

    Attributes:
        engine: Processes of this machine, or a Ray cluster.
        runs_dir: Folder of all runs; a job that is complete in it is never computed again.
        jobs: At most so many at once; by default one per core, or what the cluster holds.
        threads: Threads of each job; another number may change the last bits of a result.
        memory_gb: Memory that a job needs, in 10⁹ bytes; by default learned from the first ones
            (local), or not asked for (ray).
        retries: How often a job is begun again whose process or node dies; by default 2 (local)
            or 3 (ray).
        address: Of the Ray cluster; by default $RAY_ADDRESS, the cluster that this machine belongs
            to, or else a Ray for this sweep alone.
        gpus: Ray's GPUs per job, such as 0.5; by default 1 if the device is none of the CPU's.
        runtime_env: A JSON or TOML file with Ray's runtime environment.
        remote: URL of a folder, such as s3://bucket/runs, if the machines share no runs-dir.
        report: Write the sweep's page at the end.
    """

    engine: Literal["local", "ray"] = "local"
    runs_dir: Path = Path("runs")
    jobs: int | None = None
    threads: int = 1
    memory_gb: float | None = None
    retries: int | None = None
    address: str | None = None
    gpus: float | None = None
    runtime_env: Path | None = None
    remote: str = ""
    report: bool = True

    def __post_init__(self) -> None:
        Terms(self.runs_dir, self.threads)  # refuses what makes no sense, before any data are read

    @property
    def chosen(self) -> Engine:
        """The engine.

        Raises:
            InfoplaneError: An option is not the engine's, or its value makes no sense.
        """
        memory = None if self.memory_gb is None else round(self.memory_gb * GIGABYTE)
        common: dict[str, Any] = {"jobs": self.jobs, "memory": memory}
        if self.retries is not None:
            common["retries"] = self.retries
        if self.engine == "ray":
            cluster = import_module("infoplane.engine.cluster")  # Ray takes a second to import
            engine: Engine = cluster.RayCluster(
                address=self.address,
                gpus=self.gpus,
                runtime_env=None if self.runtime_env is None else _table(self.runtime_env),
                **common,
            )
            return engine
        for name in ("address", "gpus", "runtime_env"):
            if getattr(self, name) is not None:
                option = name.replace("_", "-")
                raise InfoplaneError(f"--{option} is for Ray; add --engine ray.")
        return Local(**common)


def sweeper(experiment: type[Any]) -> Callable[..., None]:
    """The command that sweeps an experiment, with its fields as options."""

    def command(
        settings: Annotated[Experiment, tyro.conf.arg(name="")],
        sweep: What,
        engine: On,
    ) -> None:
        _sweep(settings, sweep, engine)  # their names head the groups of options

    command.__annotations__["settings"] = Annotated[experiment, tyro.conf.arg(name="")]
    about = inspect.cleandoc(experiment.__doc__ or "").partition("Attributes:")[0]
    command.__doc__ = f"{experiment.title}, over many settings and seeds.\n\n{about}"
    return command


def print_sweep(sweep: Sweep) -> None:
    """What the runs say together, verdicts by setting, what they are worth, what is missing."""
    if sweep.runs:
        print_together(sweep.comparison)
        print_matrix(sweep.comparison)
        print_spreads(sweep.findings)
        print_ledger(sweep.ledger)
    if sweep.missing:
        _print_missing(sweep)


def _sweep(base: Experiment, what: What, on: On) -> None:
    """Computes, reports, and prints the verdicts."""
    experiments = _experiments(base, what)
    engine = on.chosen
    err.print(f"{base.name}: reading the data, then starting processes")
    root = on.runs_dir.resolve()
    labels = SweepFolder.begun(jobs_of(experiments), root).labels
    with interruptible(), sweeping(base.name, labels) as watch:
        done = sweep(
            experiments, root, engine=engine, threads=on.threads, remote=on.remote, watch=watch
        )
    err.print(f"{base.name}: judging what was measured")
    print_sweep(done)
    console.print(f"Sweep:  {_from_here(done.folder.path)}", soft_wrap=True)
    if on.report and done.runs:
        console.print(f"Report: {_from_here(done.report())}", soft_wrap=True)
    if done.missing:
        sys.exit(FAILED)


def _experiments(base: Experiment, what: What) -> list[Experiment]:
    """What the options ask for, in order."""
    grids: list[Mapping[str, Sequence[Any]]] = []
    if what.grid:
        grids.append(axes_of(what.grid))
    if what.file is not None:
        grids += grids_in(what.file)
    return over_seeds(gridded(base, grids or [{}]), what.seeds)


def _table(path: Path) -> dict[str, Any]:
    """The content of a JSON or TOML file.

    Raises:
        InfoplaneError: It cannot be read, or is no table.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as problem:
        raise InfoplaneError(f"Cannot read {path}: {problem}.") from problem
    if not isinstance(content, dict):
        raise InfoplaneError(f"{path} holds no table of options.")
    return content


def _print_missing(sweep: Sweep) -> None:
    """Every job without a complete run, with its error and its log if it failed."""
    failures, missing = sweep.failures, sweep.missing
    console.print(f"Missing: {len(missing)} of {len(sweep.folder.jobs)} runs.")
    for label in missing:
        failure = failures.get(label)
        told = "not computed yet" if failure is None else failure.error
        console.print(f"  {label}: {told}", soft_wrap=True)
        if failure is not None:
            log = sweep.folder.log(failure.address)
            console.print(f"    log: {_from_here(log)}", soft_wrap=True)
    again = "The same command goes on with them"
    console.print(
        f"{again}; where a setting is the reason, change it." if failures else f"{again}."
    )


def _from_here(path: Path) -> Path:
    """A path as one would type it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
