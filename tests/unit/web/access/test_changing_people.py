"""Adding and changing people from pages: twice, and by two at once."""

from __future__ import annotations

import asyncio
import re

from tests.unit.web.access.homes import TWO_DOORS, peopled
from tests.unit.web.access.test_giving import send
from tests.unit.web.conftest import Opens


def hidden(page: str, name: str) -> tuple[str, str]:
    """A hidden field of a form."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None
    return name, found[1]


async def test_a_person_that_is_sent_twice_is_added_once(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    owner = await web.client()
    form = [("name", "Bo"), ("role", "guest"), hidden((await owner.get("/access/people/new")).text, "once")]
    answers = await asyncio.gather(*(send(owner, "/access/people/new", form) for _ in range(2)))
    assert [one.headers["location"] for one in answers] == ["/access/people/bo"] * 2
    assert [one for one in web.service.access.register.people if one.startswith("bo")] == ["bo"]


async def test_whoever_changes_a_person_second_is_told_of_the_first(open_web: Opens) -> None:
    web = await open_web(TWO_DOORS)
    await peopled(web)
    owner, path = await web.client(), "/access/people/olga/change"
    was = hidden((await owner.get(path)).text, "was")
    first = await send(owner, path, [("name", "Olga"), ("role", "service"), ("groups", ""), was])
    assert first.status_code == 303
    second = await send(
        owner, path, [("name", "Olga B"), ("role", "service"), ("groups", "cleaners"), was, ("sure", "y")]
    )
    assert second.status_code == 400
    assert "Somebody else changed this person meanwhile" in second.text
    assert 'value="Olga B"' in second.text
    assert (web.service.access.register.people["olga"].name, web.service.access.register.people["olga"].groups) == (
        "Olga",
        (),
    )
    again = [("name", "Olga B"), ("role", "service"), ("groups", ""), hidden(second.text, "was")]
    assert (await send(owner, path, again)).status_code == 303
    assert web.service.access.register.people["olga"].name == "Olga B"
