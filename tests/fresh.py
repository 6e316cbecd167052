"""Python processes of their own that need not import anew what takes seconds to import."""

import os
import runpy
import signal
import sys
from pathlib import Path
from subprocess import CompletedProcess

from infoplane.engine import fork_server

fork_server.PRELOADED += ["infoplane.runs", "infoplane.watching", "sklearn.datasets"]
"""What each begins with, besides that of a sweep's processes."""


def process(target, *arguments):
    """A process that shares nothing with this one but what is imported; not yet begun."""
    return fork_server.context().Process(target=_hearing, args=(target, *arguments))


def _hearing(target, *arguments):
    """Ctrl-C is heard, to which the server's processes are deaf."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    target(*arguments)


def script(path, *arguments, folder):
    """Runs a script in a folder as a program of its own, and returns what became of it.

    Args:
        path: The script.
        arguments: Its arguments.
        folder: Where it runs; what it says is left there beside what it writes.
    """
    said = [folder / "stdout", folder / "stderr"]
    child = process(_as_program, path, tuple(map(str, arguments)), folder, said)
    child.start()
    child.join()
    return CompletedProcess([path, *arguments], child.exitcode, *(one.read_text() for one in said))


def _as_program(path, arguments, folder, said):
    for number, place in enumerate(said, start=1):
        os.dup2(os.open(place, os.O_WRONLY | os.O_CREAT), number)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")
    os.chdir(folder)
    sys.argv = [str(path), *arguments]
    sys.path[0] = str(Path(path).parent)
    runpy.run_path(str(path), run_name="__main__")
