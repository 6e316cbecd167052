"""Where the command line begins, before anything that takes seconds to import."""

import sys

from infoplane.cli.console import INTERRUPTED, NOTHING, err
from infoplane.engine import fork_server

NOT_A_SWEEP = {"-h", "--help", "ray", "--engine=ray"}


def main() -> None:
    """``infoplane`` and ``python -m infoplane.cli``.

    The processes of a sweep import what they need while this one imports its own.
    """
    if sys.argv[1:2] == ["sweep"] and sys.argv[2:] and not NOT_A_SWEEP & set(sys.argv):
        fork_server.begin()
    try:
        from infoplane.cli.main import main as obey
    except KeyboardInterrupt:
        err.print(NOTHING)
        sys.exit(INTERRUPTED)
    obey()


if __name__ == "__main__":
    main()
