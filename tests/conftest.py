"""What all tests share: the rigs, each a fixture in its own file tests/rigs/fixtures_NAME.py."""

from __future__ import annotations

from pathlib import Path

import hypothesis  # early: Python 3.11 cannot import it from deep in pytest's report of a failure

RIG_FIXTURES = (Path(__file__).parent / "rigs").glob("fixtures_*.py")

pytest_plugins = [f"tests.rigs.{file.stem}" for file in sorted(RIG_FIXTURES)]

# A busy machine is no defect: what must be quick says so in a test of its own.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.register_profile("fast", deadline=None, max_examples=10)
hypothesis.settings.load_profile("unhurried")
