"""What the owner says of things that only a source can show: it counts while a source shows them.

A code that was deleted, or a lock whose hub does not answer, must not live on as a thing that nothing but
the owner's answers tells of: a check would judge it as if it were there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from nightlatch.audit.collect import Collected
from nightlatch.model.evidence import Claim, Gap, Item, Ref, Same
from nightlatch.text import listed

MOST = 5
"""How many names one sentence holds."""


def shown(declared: Collected, others: Sequence[Collected]) -> Collected:
    """What was declared, without answers about things that no source shows; a word about those and loose bindings."""
    told = _told(item for one in others for item in one.items)
    bound = [item for item in declared.items if isinstance(item, Same)]
    known = told | {_key(same) for same in bound}
    kept: list[Item] = []
    gone: dict[str, None] = {}
    for item in declared.items:
        if isinstance(item, Claim) and ":" in item.about.key and item.about not in known:
            gone[str(item.about)] = None
        else:
            kept.append(item)
    answering = {one.state.kind for one in others if one.state.status != "failed"}
    loose = [
        f"{same.about} to {same.key}"
        for same in bound
        if same.key.partition(":")[0] in answering and _key(same) not in told
    ]
    reasons = []
    if loose:
        reasons.append(f"Bound to what no source tells of: {_few(loose)}.")
    if gone:
        reasons.append(f"Answers that do not count because no source tells of the thing now: {_few(gone)}.")
    if not reasons:
        return declared
    todo = "Correct or remove them in nightlatch.toml, unless the source that tells of them is only away."
    state = msgspec.structs.replace(
        declared.state, status="partial", reason=" ".join(reasons), todo=todo, gives=frozenset()
    )
    return Collected(state, kept)


def _told(items: Iterable[Item]) -> set[Ref]:
    found: set[Ref] = set()
    for item in items:
        if not isinstance(item, Gap):
            found.add(item.about)
        if isinstance(item, Same):
            found.add(_key(item))
    return found


def _key(same: Same) -> Ref:
    return Ref(same.about.kind, same.key)


def _few(names: Iterable[str]) -> str:
    every = list(names)
    return listed([*every[:MOST], *([f"{len(every) - MOST} more"] if len(every) > MOST else [])])
