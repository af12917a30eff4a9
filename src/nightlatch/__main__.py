"""`python -m nightlatch`."""

from nightlatch.cli import main

main()
