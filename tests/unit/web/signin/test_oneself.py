"""One's own page: confirming, sessions, tokens, ways in; and nothing of anybody else's."""

from __future__ import annotations

import re
import time

import pytest

from nightlatch.store.users import Passkey, Session, Token, User
from nightlatch.web.signin import users
from tests.unit.web.signin.authenticator import Authenticator
from tests.unit.web.signin.conftest import PASSWORD, Browser, Door, app_secret, hidden

BETTER = "nine copper kettles sing at dawn"


async def stale(door: Door) -> None:
    door.later(301)


def told(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)"', page)


async def test_after_five_minutes_a_change_asks_again_who_it_is_and_leads_back(door: Door) -> None:
    browser = await door.browser()
    secret = await door.owner(browser)
    await stale(door)
    asked = await browser.get("/settings/me/password")
    assert asked.headers["location"] == "/sign-in/again?next=/settings/me/password"
    await browser.get(asked.headers["location"])
    done = await browser.post("/sign-in/again", code=door.code(secret), next="/settings/me/password")
    assert (done.status_code, done.headers["location"]) == (303, "/settings/me/password")
    assert (await browser.get("/settings/me/password")).status_code == 200
    assert ("step-up", "rosa") in await door.acts()


async def test_confirming_changes_the_token_and_the_former_is_not_fresh_and_soon_nothing(door: Door) -> None:
    browser = await door.browser()
    secret = await door.owner(browser)
    await stale(door)
    former = await door.browser()
    former.http.cookies.update(dict(browser.http.cookies))
    former.csrf = browser.csrf
    assert (await browser.ask("/sign-in/again/code", code=door.code(secret))).status_code == 200
    assert dict(former.http.cookies) != dict(browser.http.cookies)
    # What was under way is answered, and opens nothing more than it did.
    assert (await former.get("/settings/me")).status_code == 200
    assert (await former.get("/settings/me/password")).status_code == 303
    door.later(11)
    assert (await former.get("/settings/me")).headers["location"].startswith("/sign-in?")
    assert (await browser.get("/settings/me")).status_code == 200
    # The value in forms of other tabs stays good.
    assert hidden(await browser.see(), "csrf") == former.csrf


async def test_a_script_confirms_in_place_by_a_passkey_of_theirs_only(door: Door) -> None:
    rosa, device, other = await door.browser(), Authenticator(), Authenticator()
    await door.by_passkey(rosa, device, await door.desk.setup_code(), id="rosa", name="Rosa")
    await door.by_passkey(await door.browser(), other, await door.invited("ana", "resident"))
    await stale(door)
    refused = await rosa.ask("/settings/me/passkeys/options")
    assert (refused.status_code, refused.json()["need"]) == (403, "fresh")
    asked = (await rosa.ask("/sign-in/again/options")).json()
    assert [one["id"] for one in asked["passkey"]["allowCredentials"]] == list(device.keys)
    assert (await rosa.ask("/sign-in/again/passkey", credential=other.get(asked["passkey"]))).status_code == 403
    assert (await rosa.ask("/sign-in/again/passkey", credential=device.get(asked["passkey"]))).status_code == 200
    assert (await rosa.ask("/settings/me/passkeys/options")).status_code == 200


async def test_wrong_codes_while_confirming_are_limited(door: Door) -> None:
    browser = await door.browser()
    await door.owner(browser)
    answers = [(await browser.ask("/sign-in/again/code", code="000000")).status_code for _ in range(7)]
    assert answers == [403] * 5 + [429] * 2


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "",
        "/api/me",
        "evil",
    ],
)
async def test_nobody_is_led_elsewhere_after_signing_in(door: Door, to: str) -> None:
    secret = await door.owner(await door.browser())
    door.later(30)
    browser = await door.browser()
    signed = await browser.post("/sign-in", name="rosa", password=PASSWORD, code=door.code(secret), next=to)
    assert signed.headers["location"] == "/"


async def test_sessions_are_listed_and_ended_one_by_one_and_all_others(door: Door) -> None:
    here = await door.browser()
    secret = await door.owner(here)
    others = [await door.browser("10.0.0.9") for _ in range(3)]
    for one in others:
        await door.sign_in(one, "rosa", secret)
    page = await here.see()
    assert page.count("Chrome on Linux") == 4
    assert "10.0.0.9" in page
    ended = await here.post("/settings/me/sessions/end", session=told(page, "session")[0])
    assert ended.status_code == 303
    alive = [(await one.get("/settings/me")).status_code for one in others]
    assert sorted(alive) == [200, 200, 303]
    await here.post("/settings/me/sessions/end-others")
    assert [(await one.get("/settings/me")).status_code for one in others] == [303] * 3
    assert (await here.get("/settings/me")).status_code == 200


async def test_a_session_ends_after_a_week_unused_and_after_a_month_anyhow(door: Door) -> None:
    browser, idle = await door.browser(), await door.browser()
    secret = await door.owner(browser)
    await door.sign_in(idle, "rosa", secret)
    day = 86_400
    for _ in range(5):
        door.later(6 * day - 60)
        assert (await browser.get("/settings/me")).status_code == 200
    assert (await idle.get("/settings/me")).status_code == 303
    door.later(day)
    assert (await browser.get("/settings/me")).status_code == 303


async def test_another_password_ends_every_other_session_and_the_old_one_opens_nothing(door: Door) -> None:
    here, other = await door.browser(), await door.browser()
    secret = await door.owner(here)
    await door.sign_in(other, "rosa", secret)
    set_ = await here.post("/settings/me/password", password=BETTER)
    assert set_.status_code == 303
    assert (await other.get("/settings/me")).status_code == 303
    assert (await here.get("/settings/me")).status_code == 200
    assert (await door.sign_in(await door.browser(), "rosa", secret)).status_code == 403
    assert (await door.sign_in(await door.browser(), "rosa", secret, BETTER)).status_code == 303


async def test_another_app_takes_the_place_of_the_former_and_its_recovery_codes(door: Door) -> None:
    browser = await door.browser()
    old = await door.owner(browser)
    page = (await browser.get("/settings/me/app")).text
    new = app_secret(page)
    wrong = await browser.post("/settings/me/app", app=hidden(page, "app"), code="000000")
    assert wrong.status_code == 400
    assert app_secret(wrong.text) == new
    done = await browser.post("/settings/me/app", app=hidden(page, "app"), code=door.code(new))
    assert "Keep these recovery codes" in done.text
    other = await door.browser()
    assert (await door.sign_in(other, "rosa", old)).status_code == 403
    refused = await other.post("/sign-in", name="rosa", password=PASSWORD, code=door.recovery[0])
    assert refused.status_code == 403
    assert (await door.sign_in(other, "rosa", new)).status_code == 303


async def test_passkeys_are_added_named_and_removed_but_never_the_last_way_in(door: Door) -> None:
    browser, first, second = await door.browser(), Authenticator(), Authenticator()
    await door.by_passkey(browser, first, await door.desk.setup_code(), id="rosa", name="Rosa")
    (mine,) = first.keys
    refused = await browser.post("/settings/me/passkeys/remove", passkey=mine)
    assert refused.status_code == 400
    assert "only way in" in refused.text
    asked = (await browser.ask("/settings/me/passkeys/options")).json()
    assert [one["id"] for one in asked["excludeCredentials"]] == [mine]
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    credential = second.create(asked)
    assert (await browser.ask("/settings/me/passkeys", credential=credential, name="My phone")).status_code == 200
    replayed = await browser.ask("/settings/me/passkeys", credential=credential, name="My phone")
    assert replayed.status_code == 400
    await browser.post("/settings/me/passkeys/rename", passkey=mine, name="<b>Key</b>")
    page = await browser.see()
    assert "My phone" in page
    assert "&lt;b&gt;Key&lt;/b&gt;" in page
    assert (await browser.post("/settings/me/passkeys/remove", passkey=mine)).status_code == 303
    assert (await door.sign_in_by_passkey(await door.browser(), first)).status_code == 403
    assert (await door.sign_in_by_passkey(await door.browser(), second)).status_code == 200


async def test_a_password_is_given_up_for_passkeys_only_where_there_is_one(door: Door) -> None:
    browser, device = await door.browser(), Authenticator()
    secret = await door.owner(browser)
    assert (await browser.post("/settings/me/passkeys-only")).status_code == 400
    asked = (await browser.ask("/settings/me/passkeys/options")).json()
    await browser.ask("/settings/me/passkeys", credential=device.create(asked))
    assert (await browser.post("/settings/me/passkeys-only")).status_code == 303
    assert (await door.sign_in(await door.browser(), "rosa", secret)).status_code == 403
    assert (await door.sign_in_by_passkey(await door.browser(), device)).status_code == 200


async def token_of(browser: Browser, *scopes: str) -> str:
    made = await browser.http.post(
        "/settings/me/tokens", data={"csrf": browser.csrf, "name": "panel", "days": "30", "scopes": list(scopes)}
    )
    found = re.search(r"nlt_[0-9A-Za-z]{43}", made.text)
    assert found, made.text
    return found[0]


async def as_program(door: Door, path: str, token: str) -> int:
    browser = await door.browser()
    browser.http.headers["authorization"] = f"Bearer {token}"
    return (await browser.http.get(path, headers={"accept": "application/json"})).status_code


async def test_a_token_opens_what_it_was_given_and_nothing_more(door: Door) -> None:
    browser = await door.browser()
    await door.owner(browser)
    token = await token_of(browser, "see")
    assert await as_program(door, "/api/me", token) == 200
    assert await as_program(door, "/api/users", token) == 403
    assert await as_program(door, "/settings/users", token) == 403
    assert await as_program(door, "/settings/me", token) == 403
    assert await as_program(door, "/api/users", await token_of(browser, "see", "settings")) == 200


@pytest.mark.parametrize("token", ["", "nlt_", "nlt_" + "A" * 43, "nlt_" + "A" * 5000, "é", "Basic x"])
async def test_what_is_no_token_opens_nothing(door: Door, token: str) -> None:
    await door.owner(await door.browser())
    browser = await door.browser()
    headers = [(b"authorization", f"Bearer {token}".encode())]
    assert (await browser.http.get("/api/me", headers=headers)).status_code == 401


async def test_a_token_ends_when_its_time_is_over_when_it_is_ended_and_with_its_user(door: Door) -> None:
    browser = await door.browser()
    await door.owner(browser)
    first, second = await token_of(browser, "see"), await token_of(browser, "see")
    ids = re.findall(r'name="token" value="([^"]+)"', await browser.see())
    await browser.post("/settings/me/tokens/end", token=ids[0])
    assert sorted([await as_program(door, "/api/me", one) for one in (first, second)]) == [200, 401]
    door.later(31 * 86_400)
    assert [await as_program(door, "/api/me", one) for one in (first, second)] == [401, 401]


async def test_a_token_may_no_more_than_its_user_may_by_now(door: Door) -> None:
    await door.owner(await door.browser())
    ana = await door.browser()
    await door.by_passkey(ana, Authenticator(), await door.invited("ana", "resident"))
    token = await token_of(ana, "see", "lock")
    await door.desk.change(lambda book, _now: users.change(book, "ana", role="viewer"))
    browser = await door.browser()
    browser.http.headers["authorization"] = f"Bearer {token}"
    assert (await browser.http.get("/api/me")).json()["scopes"] == ["see"]


async def test_nothing_of_anothers_can_be_seen_ended_or_changed(door: Door) -> None:
    rosa, ana, device = await door.browser(), await door.browser(), Authenticator()
    await door.by_passkey(rosa, device, await door.desk.setup_code(), id="rosa", name="Rosa Lund")
    await token_of(rosa, "see")
    await door.by_passkey(ana, Authenticator(), await door.invited("ana", "resident"))
    with door.desk.records.read() as book:
        session, token = book.every(Session, user="rosa")[0].id, book.every(Token, user="rosa")[0].id
        passkey = book.every(Passkey, user="rosa")[0].id
    tried = [
        await ana.post("/settings/me/sessions/end", session=session),
        await ana.post("/settings/me/tokens/end", token=token),
        await ana.post("/settings/me/passkeys/remove", passkey=passkey),
        await ana.post("/settings/me/passkeys/rename", passkey=passkey, name="mine now"),
    ]
    assert [one.status_code for one in tried] == [404] * 4
    nothing = await ana.post("/settings/me/sessions/end", session="nothing")
    assert nothing.text == tried[0].text, "it is not even told that it is there"
    for path in ("/settings/users", "/api/users"):
        assert (await ana.get(path)).status_code == 403
    for path in ("invite", "change", "reset", "remove", "withdraw"):
        tried_ = await ana.post(f"/settings/users/{path}", user="rosa", id="eve", name="Eve", role="owner")
        assert tried_.status_code == 403
    assert "Rosa" not in await ana.see()
    assert "Rosa" not in (await ana.get("/api/me/sessions")).text
    with door.desk.records.read() as book:
        assert len(book.every(Session, user="rosa")) == 1
        assert [(one.id, one.role) for one in book.every(User)] == [("ana", "resident"), ("rosa", "owner")]


async def test_an_owner_invites_changes_resets_and_removes(door: Door) -> None:
    rosa, ana = await door.browser(), await door.browser()
    await door.owner(rosa)
    link = await rosa.post("/settings/users/invite", id="ana", name="Ana Silva", role="viewer")
    code = re.search(r"#((?:[2-9A-Z]{4}-){3}[2-9A-Z]{4})", link.text)
    assert code
    page = await ana.post("/sign-in/new", code=code[1])
    assert "Welcome, Ana Silva" in page.text
    from nightlatch.secrets import Secret

    await door.by_passkey(ana, Authenticator(), Secret(code[1]))
    assert (await ana.get("/api/me")).json()["role"] == "viewer"
    changed = await rosa.post("/settings/users/change", user="ana", name="Ana Silva", role="resident")
    assert changed.status_code == 303
    assert (await ana.get("/settings/me")).status_code == 303, "another role: they sign in anew"
    assert "#" in (await rosa.post("/settings/users/reset", user="ana")).text
    assert (await rosa.post("/settings/users/remove", user="ana")).status_code == 303
    refused = await rosa.post("/settings/users/remove", user="rosa")
    assert refused.status_code == 400
    assert "only owner" in refused.text
    names = [name for name, person in await door.acts() if person == "rosa"]
    assert names[1:] == ["user-invited", "user-changed", "reset", "user-removed"]


async def test_the_last_owner_cannot_become_less(door: Door) -> None:
    rosa = await door.browser()
    await door.owner(rosa)
    refused = await rosa.post("/settings/users/change", user="rosa", name="Rosa", role="viewer")
    assert refused.status_code == 400


async def test_who_asks_is_known_in_less_than_a_millisecond(door: Door) -> None:
    browser = await door.browser()
    await door.owner(browser)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items())
    from litestar.connection import ASGIConnection

    scope = {"type": "http", "scheme": "http", "headers": [(b"cookie", cookie.encode())], "state": {}}
    times = []
    for _ in range(300):
        began = time.perf_counter()
        who = await door.desk.identify(ASGIConnection(dict(scope)))  # type: ignore[arg-type]
        times.append(time.perf_counter() - began)
        assert who is not None
    assert sorted(times)[150] < 0.001


async def test_what_ends_beside_the_service_is_refused_within_a_second(door: Door) -> None:
    browser = await door.browser()
    await door.owner(browser)
    with door.desk.records.begin() as book:  # as the command does, in another process
        book.drop(Session, user="rosa")
    door.later(1)
    assert (await browser.get("/settings/me")).status_code == 303
