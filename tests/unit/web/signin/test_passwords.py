"""What is kept of passwords, and which are taken."""

from __future__ import annotations

import asyncio
import time

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from nightlatch.secrets import Secret
from nightlatch.web.errors import Refused
from nightlatch.web.signin import passwords
from nightlatch.web.signin.passwords import Busy, Passwords, judge

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def test_it_is_kept_as_rfc_9106_recommends_and_never_twice_alike() -> None:
    made = Passwords()
    first, second = made.hash(Secret("a word")), made.hash(Secret("a word"))
    assert first != second
    found = extract_parameters(first)
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (
        RFC_9106_LOW_MEMORY.type,
        65_536,
        3,
        4,
    )
    assert made.same(first, Secret("a word"))
    assert not made.same(first, Secret("A word"))
    assert not made.stale(first)
    assert made.stale(QUICK.hash("a word"))


def test_the_same_word_is_the_same_however_a_keyboard_composes_it() -> None:
    made = Passwords(QUICK)
    assert made.same(made.hash(Secret("caf\u00e9 noir")), Secret("cafe\u0301 noir"))


def test_nothing_is_the_password_of_who_has_none_and_what_is_damaged_is_nobodys() -> None:
    made = Passwords(QUICK)
    for word in ("", "nobody"):
        assert not made.same("", Secret(word))
    assert not made.same("$argon2id$damaged", Secret("x"))


@pytest.mark.parametrize("word", ["rosa1234", "Elm2026!", "letmein99", "aaaaaaaaaaaa", "tr4k9", "Nightlatch1"])
def test_what_can_be_guessed_is_refused_with_what_would_be_better(word: str) -> None:
    with pytest.raises(Refused, match="can be guessed") as told:
        judge(Secret(word), "rosa", "Rosa Lund", "Elm")
    assert told.value.todo
    assert word not in str(told.value)


def test_long_words_are_taken_and_endless_ones_refused() -> None:
    judge(Secret("seven quiet herons by the lamp"), "rosa", "Rosa Lund", "Elm")
    with pytest.raises(Refused, match="longer than 256"):
        judge(Secret("x y" * 100), "rosa")


async def test_two_work_at_a_time_and_a_crowd_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made, working, most = Passwords(QUICK), 0, 0

    def slow(kept: str, password: Secret) -> bool:
        nonlocal working, most
        working += 1
        most = max(most, working)
        time.sleep(0.02)
        working -= 1
        return False

    monkeypatch.setattr(made, "same", slow)
    tries = [made.is_same("", Secret("x")) for _ in range(passwords.MOST_WAITING + 5)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert most == passwords.AT_ONCE
    assert sum(isinstance(one, Busy) for one in found) == 5
    assert await made.is_same("", Secret("x")) is False
