"""Advice for one model of lock, before or after buying it: the document `nightlatch.tailor/1`.

A home is supposed that has one such lock, and every practice is judged in it with what the catalogue
knows of the model: what it can do is told with its source, what nobody knows becomes a question to
the seller. What would be advised for any lock is told apart from what follows from this model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from nightlatch import __version__
from nightlatch.audit.document import finding_document
from nightlatch.audit.judge import run
from nightlatch.catalogue import Catalogue
from nightlatch.model.document import FindingDocument
from nightlatch.model.evidence import Grade, Item
from nightlatch.model.finding import Finding, Section, Severity, Verdict
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.kinds import KINDS
from nightlatch.model.labels import SOFTWARE, label
from nightlatch.model.lock import Lock
from nightlatch.practices.interface import Practice
from nightlatch.practices.registry import practices
from nightlatch.tailor import topics
from nightlatch.tailor.advice import Advice, Scope, advise, is_of_network
from nightlatch.tailor.meant import NAMES, Meant, meant
from nightlatch.tailor.settings import Setting, settings
from nightlatch.tailor.sources import Cited, SourceNote, Sources
from nightlatch.tailor.supposed import network_alone, supposed, unknown_lock

SCHEMA: Literal["nightlatch.tailor/1"] = "nightlatch.tailor/1"


class Flaw(msgspec.Struct, frozen=True):
    """A published vulnerability: whether it applies to this firmware, and why.

    `product` is what the versions are of: the lock, or a bridge, keypad or app beside it. `general` ones
    are flaws of the radio protocol: they concern every lock that speaks it.
    """

    id: str
    applies: Literal["yes", "no", "cannot_tell", "possible"]
    reason: str
    effect: str
    reach: str
    severity: str
    fixed_in: str
    fix: str
    has_fix: bool
    product: str
    general: bool
    sources: tuple[str, ...]


class Open(msgspec.Struct, frozen=True):
    """What only the lock that is fitted can show: a check, and what settles it."""

    check: str
    title: str
    settled_by: str


class PracticeAdvice(msgspec.Struct, frozen=True):
    """One practice: what the model can do about it, what to do, what stays unknown.

    `judged` are the checks that the catalogue settles for the model; `network` the findings about the
    owner's own router and Wi-Fi; `see` the numbers of practices whose advice serves this one too.
    """

    id: str
    number: int
    section: Section
    title: str
    why: str
    severity: Severity
    says: tuple[Cited, ...]
    judged: tuple[FindingDocument, ...]
    network: tuple[FindingDocument, ...]
    do: tuple[Advice, ...]
    see: tuple[int, ...]
    ask: tuple[str, ...]
    open: tuple[Open, ...]


class Model(msgspec.Struct, frozen=True):
    """What the text was understood as. `versions` are the entries of the catalogue that the facts are of.

    `hub` is the software that is supposed to command it, empty when none that works at home is known.
    """

    name: str
    maker: str
    protocol: str
    choices: tuple[str, ...]
    versions: tuple[str, ...]
    hub: str


class Tailored(msgspec.Struct, frozen=True, kw_only=True):
    """The advice. `known` is False when the catalogue knows nothing of the model: `model` is null then."""

    schema: Literal["nightlatch.tailor/1"] = SCHEMA
    version: str
    at: datetime
    catalogue_of: datetime
    asked: str
    known: bool
    model: Model | None
    maker: str
    others: tuple[str, ...]
    firmware: str
    notes: tuple[str, ...]
    flaws: tuple[Flaw, ...]
    flaws_note: str
    settings: tuple[Setting, ...]
    practices: tuple[PracticeAdvice, ...]
    sources: tuple[SourceNote, ...]

    @property
    def questions(self) -> tuple[str, ...]:
        """Every question to the seller, in the order of the practices."""
        return tuple(question for practice in self.practices for question in practice.ask)


def tailor(
    text: str,
    *,
    now: datetime,
    protocol: str = "",
    firmware: str = "",
    network: Sequence[Item] = (),
    catalogue: Catalogue | None = None,
) -> Tailored:
    """The advice for the model that the text names, in the home whose router's export `network` holds."""
    known = catalogue or Catalogue()
    what = meant(text, known, protocol)
    home = supposed(what, known, now, asked=text, firmware=firmware, network=network)
    sources = Sources(known)
    flaws, flaws_note = _flaws(what, home, known, sources)
    alone = network_alone(network, now) if network else None
    made = _practices(what, home, sources, alone)
    return Tailored(
        version=__version__,
        at=now,
        catalogue_of=known.as_of,
        asked=text,
        known=bool(what.models),
        model=_model(what, home),
        maker=what.models[0].maker if what.models else what.maker,
        others=what.others,
        firmware=firmware,
        notes=what.notes,
        flaws=flaws,
        flaws_note=flaws_note,
        settings=tuple(
            msgspec.structs.replace(one, source=sources.written_out(one.source)) for one in settings(what.models)
        ),
        practices=made,
        sources=sources.notes(),
    )


def _model(what: Meant, home: Home) -> Model | None:
    if not what.models:
        return None
    (hub,) = home.all(Hub)
    return Model(
        what.name,
        what.models[0].maker,
        what.protocol,
        what.choices,
        tuple(one.name for one in what.models),
        SOFTWARE[hub.software.value] if hub.software is not None else "",
    )


def _practices(what: Meant, home: Home, sources: Sources, alone: Home | None) -> tuple[PracticeAdvice, ...]:
    lock = home.all(Lock)[0]
    told: dict[str, list[Cited]] = {}
    for about, cited in (*_of_fields(lock, sources), *_curated(what, lock, sources)):
        told.setdefault(about, []).append(cited)
    advised = advise(home, unknown_lock(home.at), lock, alone)
    made = []
    for practice in practices():
        findings = [finding for check in practice.checks for finding in run(check, home)]
        of_lock = [finding for finding in findings if finding.subject == lock.ref]
        judged = [
            finding
            for finding in of_lock
            if finding.verdict in (Verdict.PASS, Verdict.FAIL)
            and any(fact.grade is Grade.CATALOGUED for fact in finding.evidence)
        ]
        of_network = [
            finding
            for check in practice.checks
            for finding in (run(check, alone) if alone is not None else ())
            if is_of_network(finding)
        ]
        do, see = advised[practice.id]
        made.append(
            PracticeAdvice(
                practice.id,
                practice.number,
                practice.section,
                practice.title,
                practice.why,
                practice.severity,
                tuple(told.get(practice.id, ())),
                tuple(finding_document(finding, practice, what.name) for finding in judged),
                tuple(finding_document(finding, practice, _called(finding, alone or home)) for finding in of_network),
                do,
                see,
                tuple(_questions(practice, what, lock)),
                tuple(
                    Open(finding.check, finding.title, finding.settled_by)
                    for finding in of_lock
                    if finding.verdict is Verdict.UNKNOWN
                ),
            )
        )
    return tuple(made)


def _called(finding: Finding, home: Home) -> str:
    thing = home.get(KINDS[finding.subject.kind], finding.subject.key)
    return label(thing if thing is not None else home, home)


def _of_fields(lock: Lock, sources: Sources) -> Iterator[tuple[str, Cited]]:
    """What the catalogue says of the lock, field by field."""
    for topic in topics.TOPICS:
        fact = lock.fact(topic.field)
        if fact is None or fact.grade is not Grade.CATALOGUED or (topic.only and fact.value not in topic.only):
            continue
        value = fact.value
        if value is False:
            text, good = topic.no, None if topic.good is None else not topic.good
        else:
            shown = "; ".join(map(str, value)) if isinstance(value, tuple) else NAMES.get(str(value), str(value))
            text, good = topic.yes.format(shown), topic.good
            if str(value).strip().lower() in ("none", "no"):
                good = False
        yield topic.practice, sources.cite(text, fact.source, fact.where, fact.confidence, good)


def _curated(what: Meant, lock: Lock, sources: Sources) -> Iterator[tuple[str, Cited]]:
    """What people looked up about the family and no field of a lock holds."""
    profile = next((model.profile for model in what.models if model.profile is not None), None)
    for name, fact in profile.facts.items() if profile is not None else ():
        entry = topics.CURATED.get(name)
        if entry is None or not fact.known or (entry.instead_of and lock.fact(entry.instead_of) is not None):
            continue
        if entry.radios and what.protocol not in entry.radios:
            continue
        good = entry.good if fact.value is not False else None
        text = f"{entry.label}: {topics.in_words(fact.value)}."
        yield entry.practice, sources.cite(text, fact.source, name, str(fact.confidence or ""), good)


def _questions(practice: Practice, what: Meant, lock: Lock) -> Iterator[str]:
    radio = lock.radio.value if lock.radio is not None else ""
    told = {told.instead_of for name, told in topics.CURATED.items() if any(model.fact(name) for model in what.models)}
    for topic in topics.TOPICS:
        unknown = lock.fact(topic.field) is None and topic.field not in told
        if topic.practice == practice.id and topic.ask and unknown and (not topic.radios or radio in topic.radios):
            yield topic.ask
    for question in topics.QUESTIONS:
        answered = any(model.fact(question.unless) for model in what.models) if question.unless else False
        if question.practice == practice.id and not answered:
            yield question.ask


def _flaws(what: Meant, home: Home, catalogue: Catalogue, sources: Sources) -> tuple[tuple[Flaw, ...], str]:
    fact = home.all(Lock)[0].vulnerabilities
    if fact is None:
        return (), "Nobody has looked for published flaws of this model for the catalogue. That says nothing about it."
    if not fact.value:
        return (), (
            f"No published flaw of this model is known ({sources.written_out(fact.source)}). That does not show that "
            "it has none."
        )
    general = {
        judged.vulnerability.id
        for model in (*what.models, *what.products)
        for judged in catalogue.vulnerabilities(model)
        if judged.part.kind == "protocol"
    }
    return tuple(
        Flaw(
            one.id,
            one.applies,
            one.reason,
            one.effect,
            one.reach,
            one.severity,
            one.fixed_in,
            one.fix,
            one.has_fix,
            one.product,
            one.id in general,
            tuple(sources.written_out(source) for source in one.sources),
        )
        for one in fact.value
    ), ""


__all__ = ["Advice", "Cited", "Flaw", "PracticeAdvice", "Scope", "Setting", "Tailored", "tailor"]
