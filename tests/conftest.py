"""What all tests share: the rigs, each a fixture in its own file tests/rigs/fixtures_NAME.py."""

from __future__ import annotations

from pathlib import Path

import hypothesis  # noqa: F401  # early: Python 3.11 cannot import it from deep in pytest's report of a failure

RIG_FIXTURES = (Path(__file__).parent / "rigs").glob("fixtures_*.py")

pytest_plugins = [f"tests.rigs.{file.stem}" for file in sorted(RIG_FIXTURES)]
