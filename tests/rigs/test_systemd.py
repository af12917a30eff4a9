"""The systemd unit that `nightlatch unit` prints, judged by systemd itself."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rigs.launch import install_debian

EXPOSED = 2.0
"""systemd's own measure of a unit's exposure, from 0 (locked down) to 10; from 2.1 on it stops saying OK."""


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    install_debian("systemd", there=shutil.which("systemd-analyze") is not None)
    nightlatch = Path(sys.executable).with_name("nightlatch")
    printed = subprocess.run([nightlatch, "unit"], capture_output=True, text=True, check=True).stdout
    path = tmp_path_factory.mktemp("unit") / "nightlatch.service"
    # The account is made when it is installed; here one stands in that there is.
    path.write_text(printed.replace("User=nightlatch\n", "User=daemon\n"))
    return path


def test_systemd_understands_every_line_of_it(unit: Path) -> None:
    checked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_systemd_finds_little_that_it_could_be_attacked_by(unit: Path) -> None:
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", unit], capture_output=True, text=True, check=True
    ).stdout
    exposure = re.search(r"Overall exposure level for nightlatch\.service: ([\d.]+)", judged)
    assert exposure is not None
    assert float(exposure[1]) <= EXPOSED
