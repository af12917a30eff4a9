"""A second factor keeps the door shut when a password is guessed, phished or leaked."""

from __future__ import annotations

from nightlatch.fixes import accounts
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.people import Account
from nightlatch.practices.interface import Judgement, Practice, fails, not_applicable, passes, unknown

practice = Practice(
    "two-factor",
    number=7,
    section=Section.SETUP,
    severity=Severity.HIGH,
    title="Turn on a second factor for every account that can open the door",
    why="A password alone can be phished, guessed or leaked without anybody noticing. With an authenticator app, a "
    "security key or a passkey, the password by itself opens nothing.",
    standards=("OWASP ISVS 2.1.3",),
)

_STRONG = {"app": "an authenticator app", "key": "a security key", "passkey": "a passkey"}


@practice.check(
    "second-factor",
    per=Account,
    advice=accounts.turn_on_two_factor,
    title="The account asks for a second factor that cannot be intercepted",
    needs=(Account.two_factor, Account.opens_door),
    settled_by="Home Assistant's configuration folder (.storage/auth_module.totp), an export of your password manager, "
    "or your answer",
)
def second_factor(account: Account, home: Home) -> Judgement:
    """Judge the second step; only an account that can open the door fails for having none."""
    factor, opens = account.two_factor, account.opens_door
    if factor is not None and factor.value in _STRONG:
        return passes(factor, because=f"It asks for {_STRONG[factor.value]} as well.")
    if opens is not None and not opens.value:
        return not_applicable(opens, because="It cannot open a door.")
    if factor is None:
        return unknown(opens)
    if factor.value == "sms":
        return fails(
            factor,
            opens,
            because="Its second step is a text message, which can be diverted to another phone.",
            severity=Severity.MEDIUM,
            fix=accounts.turn_on_two_factor,
        )
    if opens is None:
        return unknown(factor, because="It asks for no second factor, and whether it can open a door is not known.")
    return fails(
        factor,
        opens,
        because="It can open the door and asks for no second factor.",
        fix=accounts.turn_on_two_factor,
    )
