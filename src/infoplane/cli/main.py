"""Entry point: experiments are dataclasses, their fields are the options."""

import os
import select
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

import tyro

from infoplane.cli.bottleneck import bottleneck
from infoplane.cli.console import err
from infoplane.cli.exits import FAILED, INTERRUPTED, MISTAKE
from infoplane.cli.measure import measure
from infoplane.cli.runs import compare, findings, list_experiments, report, runner
from infoplane.cli.sweeps import sweeper
from infoplane.experiments.catalogue import EXPERIMENTS, experiment
from infoplane.experiments.protocol import Experiment
from infoplane.values.errors import InfoplaneError


def run() -> None:
    """Run an experiment: infoplane run NAME (see infoplane list)."""


def sweep() -> None:
    """Run an experiment over settings and seeds (see infoplane sweep NAME --help)."""


COMMANDS: Mapping[str, Callable[..., None]] = {
    "list": list_experiments,
    "run": run,
    "sweep": sweep,
    "report": report,
    "findings": findings,
    "compare": compare,
    "measure": measure,
    "bottleneck": bottleneck,
}
PER_EXPERIMENT: Mapping[str, Callable[[type[Experiment]], Callable[..., None]]] = {
    "run": runner,
    "sweep": sweeper,
}
"""Commands with one more command under them for every experiment."""


def _parse(arguments: Sequence[str]) -> None:
    """Hands the arguments to the command they name."""
    flat = (tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes)
    first, rest = (*arguments[:1], "")[0], arguments[1:]
    if first in PER_EXPERIMENT:
        if rest and not rest[0].startswith("-"):
            experiment(rest[0])  # names those that there are
        commands: dict[str, Callable[..., Any]] = {
            name: PER_EXPERIMENT[first](kind) for name, kind in EXPERIMENTS.items()
        }
        tyro.extras.subcommand_cli_from_dict(
            commands, prog=f"infoplane {first}", args=rest, config=flat
        )
        return
    tyro.extras.subcommand_cli_from_dict(
        dict(COMMANDS),
        prog="infoplane",
        description="See how information flows through a network while it learns.",
        args=arguments,
        config=flat,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: a user's mistake is one clear line and exit code 2, never a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stop as politely as on Ctrl-C
    try:
        _parse(list(sys.argv[1:] if arguments is None else arguments))
    except InfoplaneError as mistake:
        err.print(f"infoplane: {mistake}", soft_wrap=True)
        sys.exit(MISTAKE)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        if _is_read(sys.stdout):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        sys.exit(FAILED)


def _is_read(stream: TextIO) -> bool:
    """Whether somebody still reads it: the reader of a pipe such as ``| head`` may be gone."""
    asked = select.poll()
    asked.register(stream.fileno(), 0)
    return not any(event & select.POLLERR for _, event in asked.poll(0))
