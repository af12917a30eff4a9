"""Text from outside cannot move the cursor, turn a line around, or flood the report."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from nightlatch.audit.judge import judge
from nightlatch.audit.merge import merge
from nightlatch.audit.printable import LONGEST, printable
from nightlatch.model.evidence import Claim, Gap, Grade, Ref
from nightlatch.model.router import Router
from nightlatch.model.values import PortMapping
from nightlatch.practices.registry import practices

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HOSTILE = "a\x1b[31m\u202eb\nc\x00"


@given(st.text(max_size=200))
def test_nothing_unprintable_is_left_and_plain_text_stays(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in shown)
    if text.isprintable():
        assert shown == text


def test_an_endless_text_is_cut() -> None:
    assert len(printable("x" * 10**6)) < LONGEST + 10


def test_no_hostile_name_reaches_a_finding() -> None:
    ref = Ref("router", f"openwrt:{HOSTILE}")
    mapping = PortMapping("tcp", "1", "192.168.1.5", "1", HOSTILE)
    home = merge(
        [
            Claim(ref, "name", HOSTILE, HOSTILE, NOW, Grade.RECORDED, "s"),
            Claim(ref, "default_name", True, HOSTILE, NOW, Grade.RECORDED, "s"),
            Claim(ref, "port_forwards", (mapping,), HOSTILE, NOW, Grade.RECORDED, "s"),
            Gap(("router.upnp",), HOSTILE, HOSTILE, ref),
        ],
        now=NOW,
    )
    (router,) = home.all(Router)
    assert router.port_forwards is not None
    for finding in judge(home, practices()):
        assert "\x1b" not in repr(finding).replace("\\x1b", "")
        assert "\u202e" not in repr(finding).replace("\\u202e", "")
        assert "\x1b" not in finding.summary + str(finding.subject)
