"""An owner's folder as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rigs.owner import Owner


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    """Somebody with an empty folder and the command line."""
    return Owner(tmp_path)
