"""Where the command line begins, before anything that takes seconds to import."""

import sys

from infoplane.cli.exits import ending_at_once

NOT_A_SWEEP = {"-h", "--help", "ray", "--engine=ray"}


def main() -> None:
    """``infoplane`` and ``python -m infoplane.cli``.

    The processes of a sweep import what they need while this one imports its own.
    """
    with ending_at_once():
        from infoplane.engine import fork_server

        if sys.argv[1:2] == ["sweep"] and sys.argv[2:] and not NOT_A_SWEEP & set(sys.argv):
            fork_server.begin()
        from infoplane.cli.main import main as obey
    obey()


if __name__ == "__main__":
    main()
