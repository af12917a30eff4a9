"""The first owner: only who knows the set-up code becomes one."""

from __future__ import annotations

from tests.unit.web.signin.authenticator import Authenticator
from tests.unit.web.signin.conftest import Door


async def test_the_first_owner_is_made_by_a_password_and_an_app_and_gets_ten_recovery_codes(door: Door) -> None:
    browser = await door.browser()
    await door.owner(browser)
    page = await browser.see()
    assert "Rosa Lund" in page
    assert "10 recovery codes are left" in page
    assert len(set(door.recovery)) == 10
    assert ("user-added", "rosa") in await door.acts()
    assert await door.desk.setup_code() is None


async def test_the_first_owner_is_made_by_a_passkey(door: Door) -> None:
    browser = await door.browser()
    await door.by_passkey(browser, Authenticator(), await door.desk.setup_code(), id="rosa", name="Rosa Lund")
    page = await browser.see()
    assert "Rosa Lund" in page
    assert "Chrome on Linux" in page
