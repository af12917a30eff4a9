"""Signing in, by either way, and what is refused."""

from __future__ import annotations

import re

import pytest

from nightlatch.store.users import Passkey, Session, User
from nightlatch.web.signin import users
from tests.unit.web.signin.authenticator import Authenticator
from tests.unit.web.signin.conftest import PASSWORD, Browser, Door

OTHER = "fifty slow barges upstream"


async def test_a_password_and_a_code_sign_in_and_the_cookie_is_no_scripts_business(door: Door) -> None:
    secret = await door.owner(await door.browser())
    browser = await door.browser()
    signed = await door.sign_in(browser, "rosa", secret)
    assert (signed.status_code, signed.headers["location"]) == (303, "/")
    cookies = signed.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert cookie.startswith("nightlatch")
        assert re.search(r"HttpOnly", cookie)
        assert re.search(r"SameSite=strict", cookie, re.IGNORECASE)
        assert "Path=/" in cookie
        assert "Domain" not in cookie
    assert "Rosa Lund" in await browser.see()
    assert ("sign-in", "rosa") in await door.acts()


async def test_under_tls_the_cookies_are_bound_to_this_host_and_secure(door: Door) -> None:
    secret = await door.owner(await door.browser())
    browser = await door.browser(host="https://localhost:5625")
    signed = await door.sign_in(browser, "rosa", secret)
    for cookie in signed.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-nightlatch")
        assert "Secure" in cookie
    assert "Rosa Lund" in await browser.see()


async def test_a_password_alone_never_suffices(door: Door) -> None:
    await door.owner(await door.browser())
    browser = await door.browser()
    for code in ("", "000000", PASSWORD):
        refused = await browser.post("/sign-in", name="rosa", password=PASSWORD, code=code)
        assert refused.status_code == 403
        assert "set-cookie" not in refused.headers


async def test_a_code_alone_never_suffices(door: Door) -> None:
    secret = await door.owner(await door.browser())
    door.later(30)
    refused = await (await door.browser()).post("/sign-in", name="rosa", password=OTHER, code=door.code(secret))
    assert refused.status_code == 403


async def test_a_code_of_the_app_is_good_once(door: Door) -> None:
    secret = await door.owner(await door.browser())
    door.later(30)
    code = door.code(secret)
    first = await (await door.browser()).post("/sign-in", name="rosa", password=PASSWORD, code=code)
    again = await (await door.browser()).post("/sign-in", name="rosa", password=PASSWORD, code=code)
    assert (first.status_code, again.status_code) == (303, 403)


async def test_the_code_that_set_up_the_app_is_not_good_again(door: Door) -> None:
    secret = await door.owner(await door.browser())
    again = await (await door.browser()).post("/sign-in", name="rosa", password=PASSWORD, code=door.code(secret))
    assert again.status_code == 403


async def test_a_code_of_one_step_before_or_after_is_taken_and_none_further(door: Door) -> None:
    secret = await door.owner(await door.browser())
    door.later(300)
    early = door.code(secret)
    door.later(90)
    browser = await door.browser()
    assert (await browser.post("/sign-in", name="rosa", password=PASSWORD, code=early)).status_code == 403
    late = door.code(secret)
    door.later(30)
    assert (await browser.post("/sign-in", name="rosa", password=PASSWORD, code=late)).status_code == 303


async def test_a_recovery_code_stands_in_for_the_app_once(door: Door) -> None:
    await door.owner(await door.browser())
    code = door.recovery[0].lower().replace("-", " ")
    browser = await door.browser()
    first = await browser.post("/sign-in", name="rosa", password=PASSWORD, code=code)
    again = await (await door.browser()).post("/sign-in", name="rosa", password=PASSWORD, code=code)
    assert (first.status_code, again.status_code) == (303, 403)
    assert "9 recovery codes are left" in await browser.see()
    assert ("recovery-used", "rosa") in await door.acts()


async def test_a_wrong_password_uses_up_no_recovery_code(door: Door) -> None:
    await door.owner(await door.browser())
    browser = await door.browser()
    await browser.post("/sign-in", name="rosa", password=OTHER, code=door.recovery[0])
    signed = await browser.post("/sign-in", name="rosa", password=PASSWORD, code=door.recovery[0])
    assert signed.status_code == 303


async def test_an_unknown_name_gets_the_same_answer_and_stands_in_no_journal(door: Door) -> None:
    await door.owner(await door.browser())
    browser = await door.browser("10.0.0.9")
    wrong = await browser.post("/sign-in", name="rosa", password=OTHER, code="123456")
    unknown = await browser.post("/sign-in", name="hunter2 oops", password=OTHER, code="123456")
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.replace("rosa", "X") == unknown.text.replace("hunter2 oops", "X")
    told = [one for one in await door.journalled() if one.name == "sign-in-failed"]
    assert [one.person for one in told] == ["rosa", ""]
    assert [one.detail for one in told] == ["from 10.0.0.9", "from 10.0.0.9"]
    for one in door.web.service.folder.iterdir():
        if one.is_file():
            assert b"hunter2 oops" not in one.read_bytes()


async def test_a_passkey_signs_in_by_itself(door: Door) -> None:
    device = Authenticator()
    await door.by_passkey(await door.browser(), device, await door.desk.setup_code(), id="rosa", name="Rosa Lund")
    browser = await door.browser()
    signed = await door.sign_in_by_passkey(browser, device)
    assert signed.json() == {"next": "/"}
    assert "Rosa Lund" in await browser.see()
    found = [one for one in await door.journalled() if one.name == "sign-in"]
    assert [(one.person, one.value) for one in found] == [("rosa", "passkey")]


async def enrolled(door: Door) -> tuple[Authenticator, Browser]:
    device = Authenticator()
    await door.by_passkey(await door.browser(), device, await door.desk.setup_code(), id="rosa", name="Rosa Lund")
    return device, await door.browser("10.0.0.9")


async def test_an_answer_of_a_passkey_is_good_once(door: Door) -> None:
    device, browser = await enrolled(door)
    answer = device.get((await browser.ask("/sign-in/passkey/options")).json())
    assert (await browser.ask("/sign-in/passkey", credential=answer)).status_code == 200
    replayed = await (await door.browser()).ask("/sign-in/passkey", credential=answer)
    assert replayed.status_code == 400
    assert "set-cookie" not in replayed.headers


@pytest.mark.parametrize(
    ("lie", "value"),
    [
        ("origin", "https://evil.example"),
        ("origin", "http://localhost:9999"),
        ("rp", "evil.example"),
        ("challenge", "A" * 75),
        ("flags", 0x01),
        ("flags", 0x04),
        ("crossed", True),
    ],
    ids=["another site", "another port", "another name", "another challenge", "not verified", "nobody there", "framed"],
)
async def test_an_answer_that_lies_signs_nobody_in(door: Door, lie: str, value: object) -> None:
    device, browser = await enrolled(door)
    setattr(device, lie, value)
    refused = await door.sign_in_by_passkey(browser, device)
    assert refused.status_code in (400, 403)
    assert "set-cookie" not in refused.headers


async def test_another_devices_signature_signs_nobody_in(door: Door) -> None:
    device, browser = await enrolled(door)
    other = Authenticator()
    (id_,) = device.keys
    options = (await browser.ask("/sign-in/passkey/options")).json()
    await door.by_passkey(await door.browser(), other, await door.invited("ana", "viewer"))
    (key, _handle), (_own, handle) = next(iter(other.keys.values())), device.keys[id_]
    device.keys[id_] = (key, handle)
    assert (await browser.ask("/sign-in/passkey", credential=device.get(options))).status_code == 403


async def test_a_challenge_is_for_one_thing_and_for_five_minutes(door: Door) -> None:
    device, browser = await enrolled(door)
    options = (await browser.ask("/sign-in/passkey/options")).json()
    door.later(301)
    assert (await browser.ask("/sign-in/passkey", credential=device.get(options))).status_code == 400
    inside = await door.browser()
    await door.sign_in_by_passkey(inside, device)
    again = (await inside.ask("/sign-in/again/options")).json()["passkey"]
    assert (await browser.ask("/sign-in/passkey", credential=device.get(again))).status_code == 400


async def test_a_counter_that_goes_back_is_refused_and_told_as_a_copy(door: Door) -> None:
    device, browser = await enrolled(door)
    device.counter = 10
    assert (await door.sign_in_by_passkey(browser, device)).status_code == 200
    device.counter = 4
    refused = await door.sign_in_by_passkey(await door.browser(), device)
    assert refused.status_code == 403
    assert ("passkey-doubtful", "rosa") in await door.acts()
    assert "Somebody may have a copy" in await browser.see()


async def test_a_passkey_that_never_counts_is_taken_again_and_again(door: Door) -> None:
    device, browser = await enrolled(door)
    device.counts = False
    for _ in range(3):
        assert (await door.sign_in_by_passkey(browser, device)).status_code == 200


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": 3},
        {"id": "x", "response": {}},
        {"id": "x" * 5000, "response": {"clientDataJSON": "e30"}},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {"clientDataJSON": "bnVsbA"}},
        {"id": "x", "response": {"clientDataJSON": "W1tb" * 4000}},
        {"id": "x", "response": []},
    ],
)
async def test_what_is_no_answer_is_refused(door: Door, answer: dict[str, object]) -> None:
    device, browser = await enrolled(door)
    (id_,) = device.keys
    if answer.get("id") == "x":
        answer = {**answer, "id": id_}
    refused = await browser.ask("/sign-in/passkey", credential=answer)
    assert refused.status_code in (400, 403)


async def test_at_an_address_passkeys_are_not_offered_and_a_name_is(door: Door) -> None:
    await door.owner(await door.browser())
    browser = await door.browser(host="http://127.0.0.1:5625")
    page = (await browser.get("/sign-in")).text
    assert "Passkeys are bound to a name" in page
    assert "http://localhost:5625/sign-in" in page
    assert "data-passkey=" not in page
    refused = await browser.ask("/sign-in/passkey/options")
    assert refused.status_code == 400
    assert "localhost" in refused.json()["todo"]


async def test_wrong_tries_lock_out_and_it_ends_by_itself(door: Door) -> None:
    secret = await door.owner(await door.browser())
    browser = await door.browser("10.0.0.9")
    answers = [
        (await browser.post("/sign-in", name="rosa", password=OTHER, code="123456")).status_code for _ in range(7)
    ]
    assert answers == [403] * 5 + [429] * 2
    assert (await door.sign_in(browser, "rosa", secret)).status_code == 303, "30 seconds later"
    assert [name for name, _ in await door.acts()].count("locked-out") == 1


async def test_the_right_password_waits_too_while_locked_out(door: Door) -> None:
    secret = await door.owner(await door.browser())
    door.later(30)
    browser = await door.browser("10.0.0.9")
    for _ in range(5):
        await browser.post("/sign-in", name="rosa", password=OTHER, code="123456")
    locked = await browser.post("/sign-in", name="rosa", password=PASSWORD, code=door.code(secret))
    assert locked.status_code == 429
    assert "Try again in 30 seconds" in locked.text


async def test_a_lock_out_stops_neither_a_passkey_nor_a_known_browser_nor_this_machine(door: Door) -> None:
    known = await door.browser("10.0.0.8")
    secret = await door.owner(known)
    device = Authenticator()
    asked = await known.ask("/settings/me/passkeys/options")
    assert (await known.ask("/settings/me/passkeys", credential=device.create(asked.json()))).status_code == 200
    await known.post("/sign-out")
    attacker = await door.browser("10.0.0.9")
    for _ in range(8):
        last = await attacker.post("/sign-in", name="rosa", password=OTHER, code="123456")
    assert last.status_code == 429
    door.later(1)
    assert (await door.sign_in_by_passkey(await door.browser("10.0.0.9"), device)).status_code == 200
    assert (await door.sign_in(known, "rosa", secret)).status_code == 303
    assert (await door.sign_in(await door.browser("127.0.0.1"), "rosa", secret)).status_code == 303


async def test_a_reset_at_the_machine_ends_the_lock_out_and_makes_a_new_way_in(door: Door) -> None:
    await door.owner(await door.browser())
    attacker = await door.browser("10.0.0.9")
    for _ in range(6):
        await attacker.post("/sign-in", name="rosa", password=OTHER, code="123456")
    with door.desk.records.begin() as book:  # as the command does, in another process
        _made, code = users.reset(book, "rosa", door.desk.now())
    browser = await door.browser("10.0.0.9")
    secret = await door.by_password(browser, code)
    assert (await door.sign_in(await door.browser("10.0.0.9"), "rosa", secret)).status_code == 303
    assert ("reset", "rosa") in await door.acts()
    again = await browser.post("/sign-in/new", code=code.reveal())
    assert again.status_code == 403


async def test_a_weak_password_is_told_what_would_be_better(door: Door) -> None:
    browser = await door.browser()
    page = await door.coded(browser, await door.desk.setup_code())
    from tests.unit.web.signin.conftest import app_secret, hidden

    given = {"ticket": hidden(page, "ticket"), "app": hidden(page, "app"), "code": door.code(app_secret(page))}
    weak = await browser.post("/sign-in/new/password", id="rosa", name="Rosa", password="rosa1234", **given)
    assert weak.status_code == 400
    assert "This password can be guessed" in weak.text
    assert "Add another word or two" in weak.text
    assert "rosa1234" not in weak.text
    assert hidden(weak.text, "app") == given["app"], "the app is not set up anew"
    assert await door.desk.none()


async def test_signing_out_ends_the_session_at_the_server(door: Door) -> None:
    browser = await door.browser()
    await door.owner(browser)
    stolen = dict(browser.http.cookies)
    await browser.post("/sign-out")
    assert (await browser.get("/settings/me")).status_code == 303
    thief = await door.browser()
    thief.http.cookies.update(stolen)
    assert (await thief.get("/settings/me")).status_code == 303


async def test_wrong_set_up_codes_are_limited(door: Door) -> None:
    code = await door.desk.setup_code()
    assert code is not None
    browser = await door.browser("10.0.0.9")
    answers = [(await browser.post("/sign-in/new", code="2222-2222")).status_code for _ in range(13)]
    assert answers == [403] * 11 + [429] * 2
    assert (await (await door.browser()).post("/sign-in/new", code=code.reveal())).status_code == 200


async def test_without_an_owner_everybody_is_led_to_the_first_run(door: Door) -> None:
    found = await (await door.browser()).get("/sign-in")
    assert (found.status_code, found.headers["location"]) == (303, "/first-run")


async def test_no_secret_is_in_the_database_the_journal_or_the_log(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    setup = await door.desk.setup_code()
    assert setup is not None
    browser = await door.browser()
    secret = await door.by_password(browser, setup, id="rosa", name="Rosa Lund")
    await door.sign_in(browser, "rosa", secret)
    made = await browser.post("/settings/me/tokens", name="panel", scopes="see", days="30")
    token = re.search(r"nlt_[0-9A-Za-z]{43}", made.text)
    assert token
    cookies = [value.strip('"') for value in browser.http.cookies.values()]
    await door.acts()
    every = [PASSWORD, secret, setup.reveal(), *door.recovery, token[0], *cookies]
    plain = [one.replace("-", "") for one in (setup.reveal(), *door.recovery)]
    kept = b"".join(one.read_bytes() for one in door.web.service.folder.rglob("*") if one.is_file())
    for one in (*every, *plain):
        assert one.encode() not in kept
        assert one not in caplog.text


async def test_a_password_made_in_an_older_way_is_made_anew_at_the_next_sign_in(door: Door) -> None:
    from argon2 import PasswordHasher

    secret = await door.owner(await door.browser())
    with door.desk.records.read() as book:
        before = users.user(book, "rosa").password
    door.desk.passwords._hasher = PasswordHasher(time_cost=2, memory_cost=128, parallelism=1)
    assert (await door.sign_in(await door.browser(), "rosa", secret)).status_code == 303
    with door.desk.records.read() as book:
        after = users.user(book, "rosa").password
    assert "m=64,t=1" in before
    assert "m=128,t=2" in after


async def test_every_session_and_passkey_of_a_user_goes_with_them(door: Door) -> None:
    device = Authenticator()
    await door.owner(await door.browser())
    ana = await door.browser()
    await door.by_passkey(ana, device, await door.invited("ana", "resident"))
    assert (await ana.get("/settings/me")).status_code == 200
    with door.desk.records.begin() as book:  # as the command does, in another process
        users.remove(book, "ana")
    door.later(1)
    assert (await ana.get("/settings/me")).status_code == 303
    assert (await door.sign_in_by_passkey(await door.browser(), device)).status_code == 403
    with door.desk.records.read() as book:
        assert book.every(Passkey) == []
        assert [one.user for one in book.every(Session)] == ["rosa"]
        assert [one.id for one in book.every(User)] == ["rosa"]


async def test_a_token_that_somebody_planted_before_is_not_taken_over(door: Door) -> None:
    secret = await door.owner(await door.browser())
    door.later(30)
    planted = {"cookie": "nightlatch=planted; nightlatch-device="}
    given = {"name": "rosa", "password": PASSWORD, "code": door.code(secret)}
    signed = await (await door.browser()).http.post("/sign-in", data=given, headers=planted)
    assert signed.status_code == 303
    assert all("planted" not in cookie for cookie in signed.headers.get_list("set-cookie"))
    assert (await (await door.browser()).http.get("/settings/me", headers=planted)).status_code == 303
