"""The last audit, for pages that need one."""

from __future__ import annotations

from nightlatch.model.document import Audit
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.texts import _


def last(house: House) -> Audit:
    """The newest audit; NotFound before the very first one is made."""
    audit = house.service.auditor.known
    if audit is None:
        raise NotFound(_("the first audit is still being made"))
    return audit
