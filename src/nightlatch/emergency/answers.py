"""Answers that may be missing: True and False by evidence, None where the facts do not tell."""

from __future__ import annotations

from collections.abc import Iterable

Answer = bool | None


def any_of(answers: Iterable[Answer]) -> Answer:
    """True if one is; otherwise None if one is not known; False only if every one is, or there is none."""
    unsure = False
    for answer in answers:
        if answer:
            return True
        if answer is None:
            unsure = True
    return None if unsure else False


def all_of(answers: Iterable[Answer]) -> Answer:
    """False if one is; otherwise None if one is not known; True only if every one is, or there is none."""
    unsure = False
    for answer in answers:
        if answer is None:
            unsure = True
        elif not answer:
            return False
    return None if unsure else True
