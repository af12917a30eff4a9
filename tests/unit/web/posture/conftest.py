"""The sample home, with its mistakes, and with names that try to be markup."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nightlatch.sample import FOLDER
from tests.unit.web.conftest import Web, serving

EVIL = "<img src=x onerror=alert(1)>"
MORE = f"""
[service]
port = 0
[[sources]]
kind = "simulated"
id = "sim"
doors = ["cellar"]
people = 1
[[doors]]
id = "cellar"
name = "Cellar {EVIL}"
[[locks]]
id = "cellar"
name = "Lock {EVIL}"
door = "cellar"
bind = ["simulated:cellar"]
[[wifis]]
id = "evil"
name = "Wifi {EVIL}"
"""


@pytest.fixture
async def sample(tmp_path: Path) -> AsyncIterator[Web]:
    """The web app of the sample home, its first audit made."""
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    async with serving(tmp_path, (FOLDER / "nightlatch.toml").read_text() + MORE) as web:
        await web.until(lambda: web.service.auditor.last, 60)
        yield web


async def audited(web: Web) -> None:
    """Wait until nothing is to be audited any more."""
    await web.until(lambda: not web.service.auditor.due, 60)
