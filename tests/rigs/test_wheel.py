"""The wheel stands alone: built here, installed elsewhere, run where nothing of the checkout is in reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.rig

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel that is made of it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [UV, "build", "--quiet", "--offline", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*command, "--out-dir", folder, ROOT], check=True)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `nightlatch` command of an environment that holds the wheel, and this one's libraries beside it."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    (wheel,) = built.glob("*.whl")
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel], check=True)
    return folder / "bin" / "nightlatch"


def run(command: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Only the libraries come from here: a path file, which leads to the checkout, is not followed from PYTHONPATH.
    env = {"PATH": os.defpath, "HOME": str(folder), "PYTHONPATH": sysconfig.get_paths()["purelib"]}
    return subprocess.run([command, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_the_installed_command_audits_the_sample_and_writes_every_report(installed: Path, tmp_path: Path) -> None:
    names = [f"report{suffix}" for suffix in (".html", ".pdf", ".md", ".json")]
    done = run(installed, tmp_path, "audit", "--sample", *(word for name in names for word in ("-o", name)))
    assert done.returncode == 1, done.stderr
    assert sorted(path.name for path in tmp_path.glob("report.*")) == sorted(names)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    audit = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert not [source for source in audit["sources"] if source["status"] == "failed"]
    assert str(ROOT) not in (tmp_path / "report.json").read_text("utf-8")


def test_the_installed_command_is_the_wheels_and_its_database_is_made(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "home.toml").write_text('[home]\nname = "Elm"\n')
    first = run(installed, tmp_path, "audit", "--config", "home.toml")
    assert (first.returncode, first.stderr) == (0, "")
    again = run(installed, tmp_path, "audit", "--config", "home.toml", "--since", "last", "--format", "json")
    assert json.loads(again.stdout)["changes"]["newly_failing"] == []
    python = installed.with_name("python")
    where = run(python, tmp_path, "-c", "import nightlatch; print(nightlatch.__file__)")
    assert where.stdout.startswith(str(installed.parents[1]))


def test_wheel_and_source_archive_hold_all_that_runs_and_nothing_else(built: Path) -> None:
    (wheel,), (archive,) = built.glob("*.whl"), built.glob("*.tar.gz")
    listed = subprocess.run(["git", "ls-files", "src"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    tracked = {name.removeprefix("src/") for name in listed.splitlines() if (ROOT / name).exists()}
    with zipfile.ZipFile(wheel) as file:
        packed = {name for name in file.namelist() if name.startswith("nightlatch/")}
    assert tracked <= packed
    assert not [name for name in packed if "__pycache__" in name or name.endswith(".db-wal")]
    with tarfile.open(archive) as tar:
        tops = {name.split("/")[1] for name in tar.getnames() if "/" in name}
    assert tops <= {"src", "docs", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "PKG-INFO", ".gitignore"}
