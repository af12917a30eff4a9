"""The journal's pages: what happened in words, filters, breaks, proofs, exports; nothing hostile gets through."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from typing import get_args

import pytest

from nightlatch.journal.leaves import Entry
from nightlatch.journal.notes import Verifier
from nightlatch.journal.proof import check
from nightlatch.model.event import KINDS, Event, Kind
from nightlatch.store.users import User, UserRecords
from nightlatch.web.journal.filters import GROUPS
from tests.unit.web.conftest import Opens, Web

AT = 1_790_000_000_000_000
HOSTILE = "<script>alert(1)</script>\"' onload=x {{7*7}} javascript:alert(1) \u202e\x1b[31m"


async def tell(web: Web, *events: Event) -> int:
    """Write events; the index of the last."""
    for event in events:
        index = await (await web.service.intake.accept(event))
    return index


def kept(web: Web) -> list[Entry]:
    """Every entry that is on disk."""
    return list(web.service.journal.entries())


def rows(text: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'class="what" href="/journal/\d+">([^<]*)</a>', text)]


def test_every_kind_of_entry_is_in_one_group() -> None:
    grouped = [kind for _name, kinds in GROUPS.values() for kind in kinds]
    assert sorted(grouped) == sorted(KINDS)


async def test_the_journal_tells_in_sentences_newest_first(web: Web) -> None:
    await tell(
        web,
        Event(AT, "unlocked", "lock:front", by="code", slot=1, person="ana"),
        Event(AT + 1, "wrong_code", "lock:front"),
        Event(AT + 2, "act", "lock:front", name="unlock", person="ana"),
        Event(AT + 3, "gap", "hub:zwave", since=AT - 60_000_000),
    )
    client = await web.client("resident")
    answer = await client.get("/journal")
    assert answer.status_code == 200
    found = rows(answer.text)
    assert found.index("Ana asked in the web app to unlock Front lock") < found.index("Front lock: wrong code")
    assert found.index("Front lock: wrong code") < found.index("Ana unlocked Front lock by code")
    assert any("nothing was heard" in one for one in found)
    assert answer.headers["cache-control"] == "no-store"


async def test_viewers_and_strangers_do_not_read_the_journal(web: Web) -> None:
    for path in (
        "/journal",
        "/journal/0",
        "/journal/0/proof",
        "/journal/export",
        "/journal/rows?after=0",
        "/api/journal",
    ):
        assert (await (await web.client("viewer")).get(path)).status_code == 403
        assert (await (await web.client(None)).get(path)).status_code in (303, 401)
    assert (await (await web.client("viewer")).post("/journal/verify")).status_code == 403


async def test_filters_by_door_person_group_and_time_find_what_fits_and_nothing_else(web: Web) -> None:
    day = 86_400_000_000
    await tell(
        web,
        Event(AT, "unlocked", "lock:front", by="code", slot=1, person="ana"),
        Event(AT + day, "tamper", "lock:other"),
        Event(AT + 2 * day, "door_opened", "door:front"),
    )
    client = await web.client()
    assert rows((await client.get("/journal?person=ana")).text) == ["Ana unlocked Front lock by code"]
    trouble = rows((await client.get("/journal?group=trouble")).text)
    assert "lock other: tampering" in trouble
    assert not any("unlocked" in one for one in trouble)
    assert "Front door: opened" in rows((await client.get("/journal?door=front&kind=door_opened")).text)
    assert rows((await client.get("/journal?since=2026-09-21&until=2026-09-21")).text) == [
        "Ana unlocked Front lock by code"
    ]


@pytest.mark.parametrize(
    "query", ["door=nowhere", "group=x", "kind=x", "since=yesterday", "before=-1", "since=2026-02-02&until=2026-01-01"]
)
async def test_a_filter_that_cannot_be_is_told_with_the_page(web: Web, query: str) -> None:
    answer = await (await web.client()).get(f"/journal?{query}")
    assert answer.status_code == 400
    assert 'id="problem"' in answer.text


async def test_pages_go_on_by_index_back_and_forth(web: Web) -> None:
    await tell(web, *(Event(AT + number, "battery", "lock:front", value=number) for number in range(120)))
    client = await web.client()
    text = (await client.get("/journal?kind=battery")).text
    seen = rows(text)
    while older := re.search(r'href="([^"]*)" rel="next"', text):
        text = (await client.get(html.unescape(older[1]))).text
        seen += rows(text)
    assert [one for one in seen if "%" in one and int(one.split()[-2]) < 120][:120][0] == "Front lock: battery 119 %"
    assert len([one for one in seen if one.endswith(" %")]) >= 120
    assert len(set(re.findall(r"battery (\d+) %", " ".join(seen)))) >= 120
    newer = re.search(r'href="(/journal\?kind=battery&amp;after=\d+)"', text)
    assert newer is not None
    assert rows((await client.get(html.unescape(newer[1]))).text)


async def test_new_entries_come_as_a_fragment_that_fits_the_filter(web: Web) -> None:
    client = await web.client()
    size = web.service.journal.size
    index = await tell(web, Event(AT, "tamper", "lock:front"))
    await tell(web, Event(AT, "online", "lock:front"))
    answer = await client.get(f"/journal/rows?group=trouble&after={size - 1}")
    assert rows(answer.text) == ["Front lock: tampering"]
    assert f'data-newest="{index}"' in answer.text
    assert "<html" not in answer.text


async def test_an_entry_shows_its_fields_and_a_proof_that_holds_offline(web: Web) -> None:
    index = await tell(web, Event(AT, "wrong_code", "lock:front", raw='{"nodeId":3}', detail="at the keypad"))
    client = await web.client()
    text = (await client.get(f"/journal/{index}")).text
    assert "&#34;nodeId&#34;: 3" in text
    assert "at the keypad" in text
    assert "Holds" in text
    proof = await client.get(f"/journal/{index}/proof")
    assert "attachment" in proof.headers["content-disposition"]
    keys = [Verifier.parse(web.service.journal.verifiers[0].text)]
    assert check(proof.text, keys).index == index
    assert web.service.journal.verifiers[0].text in html.unescape(text)
    assert (await client.get("/journal/999999")).status_code == 404
    assert (await client.get("/journal/999999/proof")).status_code in (404, 503)


async def test_erased_and_damaged_entries_are_told_as_such(web: Web) -> None:
    event = Event(AT, "unlocked", "lock:front", by="code", slot=1, person="zoe", detail="Zoe's birthday")
    index = await tell(web, event)
    web.service.journal.sealer.forget("zoe")
    client = await web.client()
    for path in ("/journal", f"/journal/{index}", f"/api/journal/{index}"):
        text = (await client.get(path)).text
        assert "Somebody who was erased unlocked Front lock by code" in html.unescape(text)
        assert "zoe" not in text.lower()


async def test_a_start_tells_for_how_long_nobody_listened(web: Web) -> None:
    await tell(web, Event(AT, "stopped", "home"), Event(AT + 17 * 60_000_000, "started", "home"))
    assert "Nightlatch was not running" in (await (await web.client()).get("/journal")).text
    await tell(web, Event(AT, "online", "lock:front"), Event(AT + 60_000_000, "started", "home"))
    assert "ended suddenly" in (await (await web.client()).get("/journal")).text


async def test_dropped_contents_are_told_at_the_end(web: Web) -> None:
    await tell(web, *(Event(AT, "online", "lock:front") for _ in range(300)))
    web.service.journal.drop_contents(256, at=AT, days=1)
    client = await web.client()
    text = (await client.get("/journal?before=270")).text
    assert "256 older entries were let go" in text
    assert "older than the journal keeps" in (await client.get("/journal/3")).text


async def test_verifying_from_the_page_is_journalled_and_its_result_is_told(web: Web) -> None:
    client = await web.client("resident")
    answer = await client.post("/journal/verify")
    assert answer.status_code == 303
    await web.until(lambda: web.service.upkeep.verified_at is not None and not web.service.upkeep.wanted)
    text = (await client.get("/journal/verified")).text
    assert "Intact" in text
    assert web.service.journal.verifiers[0].text in html.unescape(text)
    assert "had the journal verified" in (await client.get("/journal?group=acts")).text
    state = (await client.get("/journal/verified/state")).text
    assert "<html" not in state
    assert (await client.get("/api/journal/verified")).json()["intact"] is True


async def test_checkpoints_can_be_taken_along_and_compared(web: Web) -> None:
    await tell(web, *(Event(AT, "online", "lock:front") for _ in range(5)))
    client = await web.client()
    text = (await client.get("/journal/verified")).text
    sizes = [int(one) for one in re.findall(r"/journal/checkpoints/(\d+)", text)]
    assert sizes
    note = await client.get(f"/journal/checkpoints/{sizes[0]}")
    assert note.text.split("\n")[1] == str(sizes[0])
    compared = await client.get(f"/journal/verified?old={sizes[-1]}&new={sizes[0]}")
    assert "goes on from the older" in compared.text
    assert (await client.get("/journal/checkpoints/999999")).status_code == 404


async def test_an_export_holds_what_the_filter_shows_and_no_formula(web: Web) -> None:
    await tell(
        web,
        Event(AT, "wrong_code", "lock:front", detail="=1+1"),
        Event(AT, "online", "lock:front"),
    )
    client = await web.client()
    table = (await client.get("/journal/export?format=csv&kind=wrong_code")).text
    (row,) = [one for one in csv.DictReader(io.StringIO(table)) if one["detail"]]
    assert (row["kind"], row["detail"]) == ("wrong_code", "'=1+1")
    lines = (await client.get("/journal/export?kind=wrong_code")).text.splitlines()
    assert {json.loads(line)["kind"] for line in lines} == {"wrong_code"}
    # An act is on disk in the next group of entries.
    await web.until(lambda: any(one.event and one.event.name == "journal-exported" for one in kept(web)))
    assert "exported the journal" in (await client.get("/journal?group=acts")).text
    assert (await client.get("/journal/export?format=pdf")).status_code == 400


async def test_the_api_gives_entries_with_their_sentence_and_pages_by_index(web: Web) -> None:
    await tell(web, *(Event(AT + number, "battery", "lock:front", value=number) for number in range(9)))
    client = await web.client()
    first = (await client.get("/api/journal?kind=battery&limit=4")).json()
    second = (await client.get(f"/api/journal?kind=battery&limit=4&before={first['older']}")).json()
    values = [one["value"] for one in first["entries"] + second["entries"]]
    assert len(values) == 8
    assert [value for value in values if value < 9] == sorted((value for value in values if value < 9), reverse=True)
    assert first["entries"][0]["text"].startswith("Front lock: battery")
    assert (await client.get("/api/journal?limit=501")).status_code == 400
    assert (await client.get("/api/journal?kind=x")).status_code == 400
    proof = await client.get(f"/api/journal/{first['entries'][0]['index']}/proof")
    assert proof.text.startswith("nightlatch.proof/1")


async def test_no_text_of_an_entry_becomes_markup_or_a_command(open_web: Opens) -> None:
    web = await open_web()
    begin = web.service.journal.size
    kinds: tuple[Kind, ...] = get_args(Kind)
    told = dict.fromkeys(("source", "value", "name", "detail", "raw"), HOSTILE)
    await tell(web, *(Event(AT, kind, f"lock:{HOSTILE}", **told) for kind in kinds))  # type: ignore[arg-type]
    await tell(web, Event(AT, "unlocked", "lock:front", slot=3, person=HOSTILE, **told))  # type: ignore[arg-type]
    end = web.service.journal.size
    client = await web.client()
    paths = ["/journal", f"/journal/rows?after={begin - 1}", *(f"/journal/{begin + at}" for at in range(end - begin))]
    for path in paths:
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text
        assert "\x1b" not in answer.text
        assert "\u202e" not in answer.text, path
        assert "49" not in re.findall(r"x (\d+) javascript", answer.text)
        assert not re.search(r"<[^>]* onload=", answer.text.replace("&#34;", "").replace("&#39;", ""))


async def test_users_are_called_by_their_names_as_long_as_they_are_users(web: Web) -> None:
    records = UserRecords(web.service.access.records.engine)
    with records.begin() as book:
        book.put(User("cleo", "Cleo", "resident", "aHandleOfCleo", AT), User("bo", "Bo", "owner", "aHandleOfBo", AT))
    await tell(
        web,
        Event(AT, "act", "home", name="user-added", person="cleo"),
        Event(AT + 1, "act", "user:aHandleOfCleo", name="user-changed", person="bo"),
        Event(AT + 2, "act", "user:aHandleOfCleo", name="reset"),
        Event(AT + 3, "act", "user:gone", name="user-removed", person="bo"),
    )
    found = rows((await (await web.client()).get("/journal")).text)
    assert [one for one in found if not one.startswith("Audited")][:4] == [
        "Bo removed a user",
        "Somebody at this machine set the ways in of Cleo anew",
        "Bo changed Cleo",
        "Cleo added themselves",
    ]
