"""Judges what one plug says of a rig, for an owner who needs none of the optional features."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from nightlatch.audit.collect import collect
from nightlatch.audit.judge import judge
from nightlatch.audit.merge import merge
from nightlatch.model.evidence import Claim, Grade, Ref
from nightlatch.model.finding import Finding
from nightlatch.model.home import Home
from nightlatch.plugs import Context, Plug
from nightlatch.practices.registry import practices
from nightlatch.secrets import Fingerprinter


def findings(kind: str, make: Callable[[Context], Plug]) -> dict[tuple[str, str], Finding]:
    """The findings that are about something that the plug told of, by "practice/check" and subject's key."""
    now = datetime.now(UTC)
    plug = make(Context(id=kind, prefix=kind, now=now, fingerprint=Fingerprinter()))
    [collected] = asyncio.run(collect([plug]))
    needs = Claim(Ref("home", "home"), Home.needs.name, (), "nightlatch.toml", now, Grade.DECLARED, "declared")
    home = merge([needs, *collected.items], now=now, sources=[collected.state])
    return {(f"{one.practice}/{one.check}", one.subject.key): one for one in judge(home, practices())}
