"""A real browser, and the web app that it looks at."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from rigs.launch import install_debian
from tests.unit.web.conftest import CSRF

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. For one file at a time: its driver occupies the event loop, which the next file's tests may need."""
    install_debian("chromium", there=shutil.which("chromium") is not None)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield running
        running.close()


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[str]:
    """The address of a web app in a process of its own."""
    command = [sys.executable, "-m", "tests.rigs.web.served", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "it did not start"
        yield address.replace("127.0.0.1", "localhost")
        process.terminate()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the demo's web app, where everybody is who the header `x-who` says."""
    with serving(tmp_path_factory.mktemp("served") / "state") as address:
        yield address


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same, where every text from outside tries to become part of the page."""
    with serving(tmp_path_factory.mktemp("hostile") / "state", "--hostile") as address:
        yield address


def as_(role: str) -> dict[str, str]:
    """The headers of somebody of a role."""
    return {"x-who": f"{role} {role} fresh", "x-csrf": CSRF}
