"""Codes in clear: by whom, once, journalled, and nowhere else."""

from __future__ import annotations

import pytest

from nightlatch.model.event import Event
from tests.unit.web.access.homes import TWO_DOORS, peopled
from tests.unit.web.access.test_pages import READ, WRITE
from tests.unit.web.conftest import Opens


def holds(page: str, pin: str) -> bool:
    """Whether a page shows a code; a failure shows neither."""
    return pin in page.replace("\N{NO-BREAK SPACE}", "")


async def test_an_owner_sees_a_code_once_more_confirmed_and_the_journal_has_it(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    code = web.service.access.register.active("mia")[0]
    pin = web.service.access.vault.pin(code.id).reveal()
    owner, stale, resident = await web.client(), await web.client(fresh=False), await web.client("resident")
    shown = await owner.post("/access/people/mia/code")
    assert holds(shown.text, pin)
    assert shown.headers["cache-control"] == "no-store"

    def told() -> list[Event]:
        return [one.event for one in web.service.journal.entries() if one.event is not None]

    await web.until(lambda: any(one.kind == "act" for one in told()))
    events = told()
    assert any(one.kind == "credential" and one.name == "revealed" and one.person == "mia" for one in events)
    assert any(one.kind == "act" and one.name == "reveal-code" and one.person == "owner" for one in events)
    assert (await stale.post("/access/people/mia/code")).status_code in (303, 403)
    assert (await resident.post("/access/people/mia/code")).status_code == 403
    assert (await owner.get("/access/people/mia/code")).status_code == 303


async def test_a_card_holds_the_code_the_door_and_a_square_and_no_link(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    pin = web.service.access.vault.pin(web.service.access.register.active("mia")[0].id).reveal()
    card = (await (await web.client()).post("/access/people/mia/card")).text
    assert holds(card, pin)
    article = card[card.index("<article") : card.index("</article>")]
    assert "Front door" in article
    assert "<path" in article
    assert "href" not in article


async def test_no_other_page_and_no_answer_to_a_program_holds_a_code(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    ids = await peopled(web)
    pins = [one.reveal() for one in web.service.access.vault.pins().values()]
    assert len(pins) >= 2
    owner = await web.client()
    for path in (*READ, *WRITE):
        text = (await owner.get(path.format(**ids))).text
        assert not any(f">{pin}<" in text or f'"{pin}"' in text for pin in pins), path


async def test_an_owner_chooses_a_code_and_a_weak_one_is_refused_without_being_repeated(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    owner = await web.client()
    weak = await owner.post("/access/people/mia/code/new", data={"does": "chosen", "code": "123456"})
    assert weak.status_code == 400
    assert "123456" not in weak.text
    before = web.service.access.register.active("mia")[0].id
    made = await owner.post("/access/people/mia/code/new", data={"does": "chosen", "code": "749 628"})
    assert made.status_code == 303
    code = web.service.access.register.active("mia")[0]
    assert (code.id != before, code.chosen) == (True, True)
    assert web.service.access.vault.pin(code.id).reveal() == "749628"


@pytest.mark.parametrize("does", ["made", "end"])
async def test_a_code_is_made_anew_or_ended(open_web: Opens, does: str) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    before = web.service.access.register.active("mia")[0].id
    assert (await (await web.client()).post("/access/people/mia/code/new", data={"does": does})).status_code == 303
    assert [one.id == before for one in web.service.access.register.active("mia")] == (
        [False] if does == "made" else []
    )
