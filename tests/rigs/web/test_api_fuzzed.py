"""Everything that the API describes, asked with what nobody would ask: it never breaks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case

from tests.rigs.web.conftest import as_

EACH = 25
"""Requests to each operation."""
SERVER_ERROR = 500
BUSY = 503
"""Said by what cannot be had just now, with what to do: that is an answer, and no defect."""


def asking(address: str, broken: list[str]) -> Callable[[Case], None]:
    """Asks once, and writes down what broke."""

    def ask(case: Case) -> None:
        answer = case.call(base_url=address, headers=as_("owner") | {"origin": address}, timeout=20)
        if answer.status_code >= SERVER_ERROR and answer.status_code != BUSY:
            broken.append(
                f"{case.method} {case.formatted_path} {case.query!r} {str(case.body)[:200]}: {answer.text[:300]}"
            )

    return ask


@pytest.mark.timeout(900)
def test_no_request_to_the_api_makes_it_break(served: str) -> None:
    schema = schemathesis.openapi.from_url(f"{served}/api/openapi.json", headers=as_("owner"))
    broken: list[str] = []
    operations = [result.ok() for result in schema.get_all_operations()]
    assert operations, "the description names no operation"
    for operation in operations:
        test = given(operation.as_strategy())(asking(served, broken))
        settings(
            max_examples=EACH,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(test)()
    assert not broken, "\n".join(broken)
