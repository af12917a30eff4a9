"""The command line: one module per command group. Heavy imports wait inside the commands."""

from __future__ import annotations

import resource
import sys


def main() -> None:
    """Run the `nightlatch` command: the one place where errors become text and exit codes."""
    from nightlatch.cli.app import run

    # What is in memory holds PINs and passwords in clear: a crash must not write it to the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(run(sys.argv[1:]))
