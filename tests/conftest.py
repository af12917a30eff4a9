"""What all tests share: the rigs, each a fixture in its own file tests/rigs/fixtures_NAME.py."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import hypothesis  # early: Python 3.11 cannot import it from deep in pytest's report of a failure
import pytest

RIG_FIXTURES = (Path(__file__).parent / "rigs").glob("fixtures_*.py")

pytest_plugins = [f"tests.rigs.{file.stem}" for file in sorted(RIG_FIXTURES)]

# A busy machine is no defect: what must be quick says so in a test of its own.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.register_profile("fast", deadline=None, max_examples=10)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """A command that a test ran in this process may have switched logging on: the next test begins without."""
    ours = logging.getLogger("nightlatch")
    before = ours.level, list(ours.handlers), ours.propagate, logging.lastResort
    yield
    ours.setLevel(before[0])
    ours.handlers[:], ours.propagate, logging.lastResort = before[1:]
