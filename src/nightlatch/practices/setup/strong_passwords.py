"""A guessed or reused password opens the door from anywhere; a guessed PIN opens it from the doormat."""

from __future__ import annotations

from itertools import islice

from nightlatch.fixes import accounts, codes, first_codes
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.people import Account, Credential
from nightlatch.practices.interface import Judgement, Practice, fails, passes, unknown
from nightlatch.practices.setup._codes import (
    CODES_FROM,
    TOLD,
    by_fingerprint,
    codes_read,
    not_a_pin,
    where_is,
    without_codes,
)
from nightlatch.text import count, listed

practice = Practice(
    "strong-passwords",
    number=6,
    section=Section.SETUP,
    severity=Severity.HIGH,
    title="Give every account a strong password of its own, and everybody a PIN of their own",
    why="Passwords leaked elsewhere are tried on lock accounts within hours, and a handful of PINs open one keypad "
    "in five. A shared PIN cannot be taken from one person, and tells nobody who came in.",
    standards=("ETSI EN 303 645 V3.1.3 5.1-3", "ETSI EN 303 645 V3.1.3 5.1-4"),
)

least_score = practice.threshold(
    "password-score", 3, unit="of 4", doc="a password's zxcvbn score must be at least", stricter="higher"
)
least_digits = practice.threshold("pin-digits", 6, unit="digits", doc="a PIN must have at least", stricter="higher")

_VAULT = "an export of your password manager (bitwarden, keepass, 1password or browser-csv)"


@practice.check(
    "own-password",
    per=Account,
    advice=accounts.change_password,
    title="The account's password is used nowhere else",
    needs=(Account.password_reused,),
    settled_by=_VAULT,
    severity=Severity.CRITICAL,
)
def own_password(account: Account, home: Home) -> Judgement:
    """Judge reuse within a vault by its count, and across vaults by equal fingerprints."""
    reused, fingerprint = account.password_reused, account.password_fingerprint
    if fingerprint is not None:
        same = home.cached(_by_password)[fingerprint.value]
        if len(same) > 1:
            others = list(islice((other for other in same if other is not account and _differ(account, other)), TOLD))
            if others:
                return fails(
                    fingerprint,
                    *(other.password_fingerprint for other in others),
                    because=f"Its password is also that of {listed(other.label for other in others)}.",
                    fix=accounts.change_password,
                )
    if reused is None:
        return unknown(fingerprint)
    if reused.value:
        return fails(
            reused,
            because=f"Its password is also used by {count(reused.value, 'other entry', 'other entries')} of the vault.",
            fix=accounts.change_password,
        )
    return passes(reused, because="Its password is used by no other entry of the vault.")


def _by_password(home: Home) -> dict[str, list[Account]]:
    found: dict[str, list[Account]] = {}
    for account in home.all(Account):
        if account.password_fingerprint is not None:
            found.setdefault(account.password_fingerprint.value, []).append(account)
    return found


def _differ(one: Account, other: Account) -> bool:
    """Two entries of one account in two vaults are one account, not a reuse."""
    if one.service is None or other.service is None or one.service.value != other.service.value:
        return True
    return one.label != other.label


@practice.check(
    "strong-password",
    per=Account,
    title="The account's password is hard to guess",
    needs=(Account.password_score,),
    settled_by=_VAULT,
)
def strong_password(account: Account, home: Home) -> Judgement:
    """Judge the strength that was derived inside the vault's source."""
    score = account.password_score
    if score is None:
        return unknown()
    least = least_score.of(home)
    if score.value >= least:
        return passes(score, because=f"Its password is hard to guess: it scores {score.value} of 4.")
    return fails(
        score,
        because=f"Its password is easy to guess: it scores {score.value} of 4, and {least:g} is the least.",
        fix=accounts.change_password,
    )


@practice.check(
    "in-manager",
    per=Account,
    advice=accounts.use_password_manager,
    title="The account's password is kept in a password manager",
    needs=(Account.in_manager,),
    settled_by=f"{_VAULT}, or your answer",
)
def in_manager(account: Account, home: Home) -> Judgement:
    """Judge where the password is kept: a manager makes strong and different ones bearable."""
    kept = account.in_manager
    if kept is None:
        return unknown()
    if kept.value:
        return passes(kept, because="Its password is kept in a password manager.")
    return fails(kept, because="Its password is not kept in a password manager.", fix=accounts.use_password_manager)


@practice.check(
    "pin-length",
    per=Credential,
    title="The PIN is as long as it should be",
    needs=(Credential.length, Lock.code_length_max),
    settled_by=CODES_FROM,
    absent=without_codes,
)
def pin_length(credential: Credential, home: Home) -> Judgement:
    """Judge the digits against what this lock allows."""
    length = credential.length
    if length is None:
        return not_a_pin(credential) or unknown()
    least = least_digits.of(home)
    if length.value >= least:
        return passes(length, because=f"It has {length.value} digits.")
    lock = home.follow(credential.lock, Lock)
    longest = lock.code_length_max if lock is not None else None
    if longest is None:
        return unknown(
            length, because=f"It has {length.value} digits, and whether its lock takes longer codes is not known."
        )
    if length.value >= longest.value:
        return passes(length, longest, because=f"It has {length.value} digits, the most that its lock takes.")
    return fails(
        length,
        longest,
        because=f"It has {length.value} digits; its lock takes up to {longest.value}.",
        fix=codes.change_code,
    )


@practice.check(
    "pin-not-common",
    per=Credential,
    title="The PIN is not one that people guess first",
    needs=(Credential.weaknesses,),
    settled_by=CODES_FROM,
    absent=without_codes,
)
def pin_not_common(credential: Credential, home: Home) -> Judgement:
    """Judge what was derived of the PIN: common, a year, a date, a pattern."""
    weaknesses = credential.weaknesses
    if weaknesses is None:
        return not_a_pin(credential) or unknown()
    if not weaknesses.value:
        return passes(weaknesses, because="It is not common, not a date and not a pattern.")
    return fails(weaknesses, because=f"It is easy to guess: {listed(weaknesses.value)}.", fix=codes.change_code)


@practice.check(
    "pin-not-shared",
    per=Credential,
    title="The PIN belongs to one person",
    needs=(Credential.fingerprint, Credential.person),
    settled_by=f"{CODES_FROM}, and your answer whose each code is",
    absent=without_codes,
)
def pin_not_shared(credential: Credential, home: Home) -> Judgement:
    """Judge equal PINs: one person may have the same on several locks, two people may not."""
    fingerprint = credential.fingerprint
    if fingerprint is None:
        return not_a_pin(credential) or unknown()
    equal = home.cached(by_fingerprint)[fingerprint.value]
    if equal.count == 1:
        return passes(fingerprint, because="No other code equals it.")
    person = credential.person
    if person is not None:
        shared = [other for other in equal.of_others(credential) if other.person is not None]
        if shared:
            return fails(
                fingerprint,
                person,
                *(fact for other in shared for fact in (other.fingerprint, other.person)),
                because=f"It is the same as {listed(where_is(other, home) for other in shared)}.",
                fix=codes.change_code,
            )
    if person is None or equal.nameless is not None:
        others = [other for other in equal.first if other is not credential][:TOLD]
        return unknown(
            fingerprint,
            person,
            *(other.fingerprint for other in others),
            because=f"It is the same as {listed(where_is(other, home) for other in others)}, "
            "and whether they are one person's is not known.",
        )
    return passes(fingerprint, person, because=f"Only {person.value} has it, in {count(equal.count, 'place')}.")


@practice.check(
    "pin-not-near",
    per=Credential,
    title="The PIN is not one slip of a finger away from another",
    needs=(Credential.near, Credential.fingerprint),
    settled_by=CODES_FROM,
    absent=without_codes,
)
def pin_not_near(credential: Credential, home: Home) -> Judgement:
    """Judge near-duplicates: who mistypes one must not come in as somebody else."""
    near = credential.near
    if near is None:
        return not_a_pin(credential) or unknown()
    known = home.cached(by_fingerprint)
    if known.keys().isdisjoint(near.value):
        return passes(near, because="No other code is near it.")
    others = (other for print_ in near.value if print_ in known for other in known[print_].of_others(credential))
    close = list(islice(others, TOLD))
    if not close:
        return passes(near, credential.person, because="Only another code of the same person is near it.")
    return fails(
        near,
        *(other.fingerprint for other in close),
        because=f"It is one slip of a finger away from {listed(where_is(other, home) for other in close)}.",
        fix=codes.change_code,
    )


practice.check(
    "codes-known",
    per=Lock,
    advice=first_codes.choose_codes,
    title="Every code on the lock was looked at",
    needs=(Lock.codes_read,),
    settled_by=CODES_FROM,
)(codes_read)
