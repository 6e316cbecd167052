"""The one error a user can cause."""


class InfoplaneError(ValueError):
    """Says what was wrong, where, and the remedy; the command line prints it as one line."""
