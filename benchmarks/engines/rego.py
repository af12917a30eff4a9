"""The ten checks in Rego, run by regorus (the wheel `celine-regorus`).

Its documentation's advice is followed: the policy is made ready once and kept, and input goes in as JSON
text, which it takes faster than Python objects. The findings come back as JSON text and are left
as that, unread; Nightlatch hands out objects and makes tailored fixes too, which these rules do not.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import regorus
from regorus import _native

from benchmarks.engines.same import CHECKS, READ, Verdict, checks
from nightlatch.model.evidence import Fact, Ref
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.thing import Thing
from nightlatch.practices.device_selection import encryption
from nightlatch.practices.network import wifi_security
from nightlatch.practices.setup import _codes, two_factor

RULE = "data.nightlatch.findings"
POLICY = Path(__file__).with_name("checks.rego")


class Interpreted:
    """`Engine`, the wheel's public API: the policy is parsed once and the engine kept."""

    def __init__(self) -> None:
        self._engine = regorus.Engine()
        self._engine.add_policy("checks.rego", POLICY.read_text())
        self._engine.add_data_json(json.dumps(tables()))

    def evaluate(self, text: str) -> str:
        """The findings of a home that `text_of` wrote down, as JSON text."""
        self._engine.set_input_json(text)
        found: str = self._engine.eval_rule_as_json(RULE)
        return found

    def judge(self, home: Home) -> str:
        """Everything: the home's facts as JSON, given and evaluated."""
        return self.evaluate(text_of(home))


class Compiled:
    """`Rvm`, the wheel's virtual machine, which runs the policy compiled: about a third faster.

    The wheel ships and types it, but does not export it from its top level.
    """

    def __init__(self) -> None:
        data = json.dumps(tables())
        modules = [("checks.rego", POLICY.read_text())]
        self._machine = _native.Rvm()
        self._machine.load_program(_native.Program.compile_from_modules(data, modules, [RULE]))
        self._machine.set_data_json(data)

    def evaluate(self, text: str) -> str:
        """The findings of a home that `text_of` wrote down, as JSON text."""
        self._machine.set_input_json(text)
        found: str = self._machine.execute()
        return found

    def judge(self, home: Home) -> str:
        """Everything: the home's facts as JSON, given and evaluated."""
        return self.evaluate(text_of(home))


def tables() -> dict[str, Any]:
    """The words and severities that Nightlatch's checks look up, from the checks themselves."""
    return {
        "checks": {
            name: {
                "practice": check.practice.id,
                "check": check.id,
                "section": check.practice.section.value,
                "severity": check.severity.value,
                "title": check.title,
                "why": check.practice.why,
                "settled_by": check.settled_by,
                "standards": check.practice.standards,
                "unknown": "Nothing that is known settles it.",
            }
            for name, check in zip(CHECKS, checks(), strict=True)
        },
        "protected": encryption._PROTECTED,
        "bare": _severe(encryption._BARE),
        "bad_key": encryption._BAD_KEY,
        "bad_cipher": _severe(wifi_security._BAD),
        "ciphers": wifi_security._NAMES,
        "not_pins": _codes._FORMS,
        "factors": two_factor._STRONG,
    }


def _severe(table: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {name: {"severity": severity.value, "summary": summary} for name, (severity, summary) in table.items()}


def text_of(home: Home) -> str:
    """The home's facts as the JSON text that the policy reads."""
    document = {
        "today": home.today.toordinal(),
        "second": int(home.at.timestamp()),
        "home": _thing(home),
        "hubs": {hub.ref.key: _thing(hub) for hub in home.all(Hub)},
        **{f"{kind.kind}s": [_thing(thing) for thing in home.all(kind)] for kind in READ if kind not in (Home, Hub)},
    }
    return msgspec.json.encode(document).decode()


def _thing(thing: Thing) -> dict[str, Any]:
    known = thing.__dict__
    return {
        "ref": str(thing.ref),
        "facts": {field.name: _fact(known[field.name]) for field in READ[type(thing)] if field.name in known},
    }


def _fact(fact: Fact[Any]) -> dict[str, Any]:
    value = fact.value
    found = {
        "about": str(fact.about),
        "fact": fact.name,
        "value": value.key if isinstance(value, Ref) else value,
        "grade": fact.grade,
        "source": fact.source,
        "at": fact.at,
        "where": fact.where,
    }
    # Rego compares numbers; the days and seconds are made here, where that is cheapest.
    if isinstance(value, datetime):
        found["second"] = int(value.timestamp())
    elif isinstance(value, date):
        found["day"] = value.toordinal()
    return found


def verdicts_of(found: str) -> list[Verdict]:
    """The findings as they are compared."""
    return [
        Verdict(
            name,
            finding["subject"],
            finding["verdict"],
            finding["severity"] if finding["verdict"] == "fail" else "",
            frozenset((fact["about"], fact["fact"]) for fact in finding["evidence"])
            if finding["verdict"] != "unknown"
            else frozenset(),
        )
        for name, findings in json.loads(found).items()
        for finding in findings
    ]
