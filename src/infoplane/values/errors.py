"""The one error a user can cause, and the one warning."""


class InfoplaneError(Exception):
    """Says what was wrong, where, and the remedy; the command line prints it as one line.

    It is no ValueError, because a parser of arguments takes those for its own and rewords them.
    """


class InfoplaneWarning(UserWarning):
    """Says what was left out, and why."""
