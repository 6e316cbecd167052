"""``python -m infoplane.cli``."""

from infoplane.cli.main import main

if __name__ == "__main__":
    main()
