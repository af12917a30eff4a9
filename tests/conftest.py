"""What all tests share: the rigs, each a fixture in its own file tests/rigs/fixtures_NAME.py."""

from __future__ import annotations

from pathlib import Path

RIG_FIXTURES = (Path(__file__).parent / "rigs").glob("fixtures_*.py")

pytest_plugins = [f"tests.rigs.{file.stem}" for file in sorted(RIG_FIXTURES)]
