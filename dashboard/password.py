"""`python -m dashboard.password FOLDER` asks for the dashboard's password and stores its hash."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path

from firmware_py.errors import PlumblineError

from .auth import Password


def main(arguments: list[str]) -> int:
    """Ask twice, store once; the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m dashboard.password DATA_FOLDER\n")
        return 2
    first = getpass("New password for the dashboard: ")
    if getpass("Once more: ") != first:
        sys.stderr.write("The two differ; nothing was changed.\n")
        return 1
    try:
        Password(Path(arguments[0])).set(first)
    except PlumblineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("Set. Whoever was logged in has to log in again.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
