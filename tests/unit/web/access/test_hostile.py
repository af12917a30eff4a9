"""Names, reasons, labels of slots and what calendars say come from outside: pages show them as text."""

from __future__ import annotations

import json
import tempfile

import pytest

from nightlatch.access.schedules.wall import DAY
from nightlatch.model.access import Entry, Feed, Grant
from nightlatch.secrets import Secret
from tests.unit.web.access.homes import TWO_DOORS
from tests.unit.web.access.test_pages import READ, WRITE
from tests.unit.web.conftest import CSRF, Opens

EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(2)>' {{7*7}} ${7*7}"
NAMED = TWO_DOORS.replace('name = "Front door"', f"name = '''{EVIL}'''").replace(
    'name = "Back lock"', f"name = '''{EVIL}'''"
)


async def test_no_page_takes_what_others_wrote_for_markup(open_web: Opens) -> None:
    web = await open_web(NAMED)

    def give(registrar, now):  # type: ignore[no-untyped-def]
        registrar.add_person("mia", EVIL, "guest", ("cleaners",), now)
        cleaners = registrar.add_grant(Grant("", "group:cleaners", ("*",), reason=EVIL, by=EVIL, ends=now + DAY), now)
        mia = registrar.add_grant(Grant("", "person:mia", ("*",), reason=EVIL, by=EVIL, ends=now + 9 * DAY), now)
        registrar.add_feed(Feed("f1", ("door:front",), EVIL), Secret("https://example.org/a.ics"), now)
        return {"mia": mia.grants[0].id, "cleaners": cleaners.grants[0].id}

    ids = await web.house.change(give)
    keeper = web.service.access.reconciler.keepers["lock:front"]
    line = Entry("lock:front", "", 9, "foreign", 1, "presence", 1, True, name=EVIL, creator=EVIL, reason=EVIL)
    web.service.access.records.put_entries([line])
    keeper.lines["lock:front", "", 9] = line
    owner = await web.client()
    evil = ["/access/grants/new?to=new&step=2", "/access/people?q=", "/access/calendar?kind=week&door="]
    paths = [*READ, *WRITE, "/access/strangers/front/9", "/access/feeds/f1/remove"]
    for path in [path.format(**ids) for path in paths if not path.startswith("/api")]:
        answer = await owner.get(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text, path
        assert "<img" not in answer.text, path
        assert "onerror=alert(2)>'" not in answer.text, path
    for path in evil:
        assert "<script>alert" not in (await owner.get(path + EVIL.replace("&", ""))).text, path
    for path in ("/access/people/mia/code", "/access/people/mia/card"):
        assert "<script>alert" not in (await owner.post(path)).text, path
    seen = (await owner.get("/access/strangers/front/9")).text
    assert "&lt;script&gt;alert(1)" in seen


async def test_a_file_that_may_hold_pins_is_in_no_temporary_file(
    open_web: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled: list[str] = []
    rollover = tempfile.SpooledTemporaryFile.rollover

    def seen(self: tempfile.SpooledTemporaryFile[bytes]) -> None:
        spooled.append("on disk")
        rollover(self)

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", seen)
    web = await open_web(TWO_DOORS)
    owner = await web.client()
    answer = await owner.post("/access/import", data={"csrf": CSRF}, files={"file": ("x.json", b"[" * 3_000_000)})
    assert answer.status_code == 400
    assert spooled == []


async def test_a_file_of_names_is_shown_as_text_and_its_pins_not_at_all(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    owner = await web.client()
    slots = {"3": {"name": EVIL, "pin": "604938"}}
    entry = {"domain": "lock_code_manager", "data": {"locks": ["lock.front"], "slots": slots}}
    file = json.dumps({"key": "core.config_entries", "data": {"entries": [entry]}})
    answer = await owner.post(
        "/access/import", data={"csrf": CSRF}, files={"file": ("core.config_entries", file.encode())}
    )
    assert answer.status_code == 200
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script>alert" not in answer.text
    assert "604938" not in answer.text
    wrong = await owner.post("/access/import", data={"csrf": CSRF}, files={"file": (EVIL, b"{")})
    assert (wrong.status_code, "<script>alert" in wrong.text) == (400, False)
