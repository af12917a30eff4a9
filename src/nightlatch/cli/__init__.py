"""The command line: one module per command group. Heavy imports wait inside the commands."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the `nightlatch` command: the one place where errors become text and exit codes."""
    from nightlatch.cli.app import run

    sys.exit(run(sys.argv[1:]))
