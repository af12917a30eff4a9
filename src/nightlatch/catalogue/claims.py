"""What the catalogue knows of the locks of a home, as claims: what each model can do, never how one is set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from nightlatch.catalogue._abilities import Said, abilities, of_vendor, words_of
from nightlatch.catalogue._severity import known_vulnerability
from nightlatch.catalogue.flaws import Judged, Status
from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.structs import Confidence, Knowledge
from nightlatch.catalogue.versions import parse
from nightlatch.model.evidence import Claim, Fact, Grade
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.values import KnownVulnerability

LIKELY = 0.8
"""The score from which on free text is taken to name a model."""

AS_LIKELY = 0.1
"""Models that score this much less than the best are as likely meant."""

_RANK = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
_WORST = ("yes", "possible", "cannot_tell", "no")


def catalogued(home: Home, catalogue: Catalogue | None = None) -> Iterator[Claim]:
    """Claims about every lock of the home whose model is known by ids or by name, stamped and ready to merge.

    Their source is `catalogue: NAME`, their time the day that the catalogue's facts are of. A field
    that the lock itself, or a file of it, told already is left alone.
    """
    known = catalogue or Catalogue()
    for lock in home.all(Lock):
        yield from claims(lock, known)


def claims(lock: Lock, catalogue: Catalogue) -> Iterator[Claim]:
    """What the catalogue knows of one lock. Of several models that its name may mean: what they agree on."""
    yield from claims_of(lock, candidates(lock, catalogue), catalogue)


def claims_of(lock: Lock, models: Sequence[Knowledge], catalogue: Catalogue) -> Iterator[Claim]:
    """What the catalogue knows of a lock that is one of these models: what they agree on."""
    at = catalogue.as_of
    told = [_said(model, lock, catalogue) for model in models]
    if not told and (vendor := catalogue.vendor(_value(lock.maker) or asked(lock))) is not None:
        told = [list(of_vendor(vendor))]
    for said in _agreed(told):
        if _open(lock, said.name):
            yield _claim(lock, said, at)
    if (flaws := _flaws(lock, models, catalogue)) is not None:
        yield _claim(lock, flaws, at)


def _open(lock: Lock, name: str) -> bool:
    """Whether the catalogue has something to add to a field: better evidence is left alone, and so is a name."""
    fact = lock.fact(name)
    if name in (Lock.maker.name, Lock.model.name):
        return fact is None
    return fact is None or fact.grade in (Grade.DECLARED, Grade.CATALOGUED)


def candidates(lock: Lock, catalogue: Catalogue) -> tuple[Knowledge, ...]:
    """The models that the lock may be: one by its ids, or those that its maker and model name equally well."""
    by_ids = _by_ids(lock, catalogue)
    if by_ids is not None:
        return (by_ids,)
    text = asked(lock)
    if not text or catalogue.vendor(text) is not None:  # a maker's name alone names no model
        return ()
    radio = _value(lock.radio)
    found = [one for one in catalogue.search(text, 500) if one.score >= LIKELY and _speaks(one.model, radio)]
    likely = [one.model for one in found if one.score >= found[0].score - AS_LIKELY]
    # Of a model of which only the battery is known, nothing follows for the others.
    telling = [model for model in likely if model.entry or model.profile or model.product]
    return tuple(telling or likely)


def asked(lock: Lock) -> str:
    """Maker and model of a lock as one text, or nothing when its model is not known."""
    maker, model = _value(lock.maker) or "", _value(lock.model) or ""
    return f"{maker} {model}" if model and maker.casefold() not in model.casefold() else model


def _by_ids(lock: Lock, catalogue: Catalogue) -> Knowledge | None:
    if (text := _value(lock.zwave_id)) and (ids := _hexadecimal(text, 3)):
        return catalogue.zwave(*ids)
    if model := _value(lock.zigbee_model):
        return catalogue.zigbee(model)
    if (text := _value(lock.matter_id)) and (ids := _hexadecimal(text, 2)):
        return catalogue.matter(*ids)
    return None


def _hexadecimal(text: str, count: int) -> tuple[int, ...] | None:
    parts = text.split(":")
    try:
        numbers = tuple(int(part, 16) for part in parts)
    except ValueError:
        return None  # not written as ids: the model's name may still tell
    return numbers if len(numbers) == count else None


def _speaks(model: Knowledge, radio: str | None) -> bool:
    return model.entry is None or radio not in ("zwave", "zigbee", "matter") or model.entry.protocol == radio


def _value(fact: Fact[Any] | None) -> Any:
    return fact.value if fact is not None else None


def _said(model: Knowledge, lock: Lock, catalogue: Catalogue) -> list[Said]:
    said = list(abilities(model, catalogue, words_of(asked(lock))))
    newest = catalogue.newest_firmware(model)
    if newest is not None:
        index = f"imported {newest.protocol} firmware index"
        where = newest.file or newest.version
        told: list[tuple[str, Any]] = [(Lock.publishes_updates.name, True), (Lock.can_update.name, True)]
        told += [(Lock.update_version.name, newest.version), (Lock.last_release_on.name, newest.released)]
        said[:0] = [Said(name, value, index, Confidence.HIGH, where) for name, value in told if value is not None]
    running = _value(lock.firmware)
    offered = next((one for one in said if one.name == Lock.update_version.name), None)
    if running and offered and model.entry is not None and model.entry.protocol == "zwave":
        ours, theirs = parse(str(running)), parse(str(offered.value))
        if ours is not None and theirs is not None and theirs > ours:
            said.append(msgspec.structs.replace(offered, name=Lock.update_available.name, value=True))
    return said


def _agreed(told: Sequence[list[Said]]) -> list[Said]:
    """Per field, what all models that speak of it say, if half of them do; at the lowest confidence among them."""
    by_field: dict[str, list[Said]] = {}
    for said in told:
        seen = set()
        for one in said:
            if one.name not in seen:  # the first word of a model on a field is its best
                seen.add(one.name)
                by_field.setdefault(one.name, []).append(one)
    agreed = []
    for said in by_field.values():
        if 2 * len(said) >= len(told) and all(one.value == said[0].value for one in said):
            low = min((one.confidence for one in said), key=_RANK.index)
            # A model that says nothing may differ: with silent ones about, no more than medium.
            if len(said) < len(told):
                low = min(low, Confidence.MEDIUM, key=_RANK.index)
            agreed.append(msgspec.structs.replace(said[0], confidence=low))
    return agreed


def _flaws(lock: Lock, models: Sequence[Knowledge], catalogue: Catalogue) -> Said | None:
    """The vulnerabilities of the model, judged; None when nobody looked for any of this maker."""
    security = str(_value(lock.security) or "")
    link = "s2" if security.startswith("s2_") else security if security in ("s0", "none") else None
    firmware = _value(lock.firmware)
    told: dict[str, list[tuple[Knowledge, Judged]]] = {}
    for model in models:
        for judged in catalogue.vulnerabilities(model, firmware, link=link):
            told.setdefault(judged.vulnerability.id, []).append((model, judged))
    if not told and not (models and all(catalogue.searched(model.maker) for model in models)):
        return None
    found = [_one(judged, len(models)) for judged in told.values()]
    found.sort(key=lambda one: _WORST.index(one.applies))
    absent = next((model.none_found for model in models if model.none_found), None)
    if not found and absent is not None:
        return Said(Lock.vulnerabilities.name, (), absent.source, Confidence.LOW, absent.says)
    confidence = min(
        (judged.vulnerability.confidence for many in told.values() for _, judged in many),
        key=_RANK.index,
        default=Confidence.LOW,
    )
    return Said(Lock.vulnerabilities.name, tuple(found), "known vulnerabilities", confidence, models[0].name)


def _one(judged: Sequence[tuple[Knowledge, Judged]], of: int) -> KnownVulnerability:
    """One vulnerability for a lock that may be any of several models."""
    worst = min((one for _, one in judged), key=lambda one: _WORST.index(known_vulnerability(one).applies))
    known = known_vulnerability(worst)
    if len(judged) < of and worst.status in (Status.APPLIES, Status.POSSIBLE):
        reason = f"it applies to {judged[0][0].name}; whether this lock is that model is not known"
        return msgspec.structs.replace(known, applies="cannot_tell", reason=reason)
    return known


def _claim(lock: Lock, said: Said, at: datetime) -> Claim:
    return Claim(
        lock.ref,
        said.name,
        said.value,
        said.where,
        at,
        Grade.CATALOGUED,
        f"catalogue: {said.source}",
        str(said.confidence),
    )
