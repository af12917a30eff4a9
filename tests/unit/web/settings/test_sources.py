"""Adding, trying and removing sources: secrets stay in private files, and what does not answer is not kept."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.web.settings import kinds, sources
from tests.unit.web.conftest import HOME, Opens, Web

TOKEN = "eyJ-not-to-be-seen-anywhere"
DEAD = "http://127.0.0.1:9"


def file(web: Web) -> dict[str, Any]:
    return tomllib.loads(web.house.configuration.path.read_text())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def everywhere(folder: Path) -> list[str]:
    """Files that hold the token."""
    return [path.name for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


async def test_a_source_that_does_not_answer_is_not_kept_and_its_secret_is_nowhere(web: Web) -> None:
    owner = await web.client("owner")
    answer = await owner.post("/settings/sources/new/homeassistant", data={"url": DEAD, "token": TOKEN})
    assert answer.status_code == 400
    assert "Save although it does not answer" in answer.text
    assert DEAD in answer.text
    assert TOKEN not in answer.text
    assert len(file(web)["sources"]) == 1
    assert everywhere(web.house.folder) == []


async def test_a_secret_is_kept_in_a_private_file_never_shown_and_goes_with_its_source(web: Web) -> None:
    owner = await web.client("owner")
    form = {"url": DEAD, "token": TOKEN, "anyway": "yes"}
    assert (await owner.post("/settings/sources/new/homeassistant", data=form)).status_code == 303
    table = file(web)["sources"][1]
    kept = Path(table["token"].removeprefix("file:"))
    assert everywhere(web.house.folder) == [kept.name]
    assert (mode(kept), mode(kept.parent)) == (0o600, 0o700)
    answer = await owner.delete("/api/settings/sources/homeassistant")
    assert answer.status_code == 204, answer.text
    assert len(file(web)["sources"]) == 1
    assert everywhere(web.house.folder) == []


OTHERS = (
    "http://evil.example:9",
    "http://127.0.0.1:10",
    "https://127.0.0.1:9",
    "http://127.0.0.1:9@evil.example",
    None,
)


@pytest.mark.parametrize("other", OTHERS)
def test_a_secret_that_is_kept_goes_to_no_other_address(other: str | None) -> None:
    kept, kind = {"kind": "zigbee2mqtt", "url": DEAD, "password": "file:kept"}, kinds.kind("zigbee2mqtt")
    with pytest.raises(UsageError, match="Password"):
        sources.complete(sources.Wanted(kind, {"url": other or "http://"}), kept)
    sources.complete(sources.Wanted(kind, {"url": other or "http://"}, {"password": Secret(TOKEN)}), kept)
    sources.complete(sources.Wanted(kind, {"url": f"{DEAD}/"}), kept)


async def test_the_password_of_a_broker_goes_to_no_other(open_web: Opens, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(TOKEN)
    secret.chmod(0o600)
    web = await open_web(f'{HOME}[entities]\nurl = "mqtt://127.0.0.1:9"\nusername = "n"\npassword = "file:{secret}"\n')
    owner = await web.client("owner")
    answer = await owner.post("/settings/entities", data={"on": "yes", "url": "mqtt://evil.example:9", "username": "n"})
    assert (answer.status_code, "another address" in answer.text) == (400, True)
    assert file(web)["entities"]["url"] == "mqtt://127.0.0.1:9"


async def test_another_of_a_kind_gets_an_id_and_what_was_bound_stays_bound(web: Web) -> None:
    owner = await web.client("owner")
    form = {"doors": "back", "anyway": "yes"}
    assert (await owner.post("/settings/sources/new/simulated", data=form)).status_code == 303
    made = file(web)
    assert [one["id"] for one in made["sources"]] == ["simulated", "simulated-2"]
    assert made["locks"][0]["bind"] == ["simulated:simulated/front"]


async def test_a_simulated_home_is_tried_and_added(web: Web) -> None:
    owner = await web.client("owner")
    answer = await owner.post("/api/settings/sources/simulated/test")
    assert answer.json()["ok"] is True, answer.text
    answer = await owner.post("/api/settings/sources", json={"kind": "nothing"})
    assert answer.status_code == 400
    assert "nothing" in answer.json()["what"]


async def test_an_upload_is_kept_privately_under_a_name_of_our_own(web: Web) -> None:
    owner = await web.client("owner")
    files = {"upload": ("../../etc/passwd.rsc", b"# 2026-11-22 by RouterOS 7.15\n/system identity\nset name=x\n")}
    answer = await owner.post("/settings/sources/new/mikrotik", data={"anyway": "yes"}, files=files)
    assert answer.status_code == 303, answer.text
    kept = Path(file(web)["sources"][1]["path"])
    assert kept == web.house.folder / "uploads" / "mikrotik.rsc"
    assert mode(kept) == 0o600


async def test_what_is_no_upload_of_this_kind_is_told_and_nothing_of_it_stays(web: Web) -> None:
    owner = await web.client("owner")
    answer = await owner.post("/settings/sources/new/keepass", files={"upload": ("a.kdbx", b"\x00\xff not one")})
    assert answer.status_code == 400
    assert len(file(web)["sources"]) == 1
    assert not [path for path in (web.house.folder / "uploads").rglob("*") if path.is_file()]
    answer = await owner.post("/settings/sources/new/keepass", data={"path": ""})
    assert answer.status_code == 400
    assert "missing" in answer.text
