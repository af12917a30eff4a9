"""Asks a router whether it opens ports by NAT-PMP (RFC 6886) or PCP (RFC 6887). Opens none."""

from __future__ import annotations

from ipaddress import IPv4Address

import msgspec

from nightlatch.reading.datagram import Answer, Refusal, ask

PORT = 5351
WAITS = (0.5, 1.0, 1.5)
"""Seconds that each of the questions waits: a lost datagram must not look like silence."""
_PUBLIC_ADDRESS = bytes(2)
"""NAT-PMP's question for the public address: version 0, opcode 0 (RFC 6886 3.2). The address itself is not kept."""
_UNSUPPORTED_VERSION, _NOT_AUTHORIZED, _UNSUPPORTED_OPCODE = 1, 2, 5
_NO = (_UNSUPPORTED_VERSION, _NOT_AUTHORIZED, _UNSUPPORTED_OPCODE)
_IS_ANSWER = 0x80


class State(msgspec.Struct, frozen=True):
    """Whether a router opens ports for whoever asks: yes, no, or not known; and why."""

    on: bool | None
    why: str
    closed: bool = False
    """The router itself said that nothing listens on the port."""


def state(router: str, own: str) -> State:
    """Ask at most six times, three for each protocol."""
    simple = _ask(router, _PUBLIC_ADDRESS)
    if isinstance(simple, Refusal):
        return _refused(simple, router)
    result = natpmp_result(simple)
    if result is not None and result not in _NO:
        return State(True, f"NAT-PMP on UDP port {PORT} answers with result {result}")
    other = _ask(router, announcement(own))
    if isinstance(other, Refusal):
        return _refused(other, router)
    pcp = pcp_result(other)
    if pcp is not None and pcp not in (_UNSUPPORTED_VERSION, _NOT_AUTHORIZED):
        return State(True, f"PCP on UDP port {PORT} answers with result {pcp}")
    if _NOT_AUTHORIZED in (result, pcp):
        return State(False, f"UDP port {PORT} answers that it opens no ports (not authorized)")
    if simple is None and other is None:
        return State(None, f"nothing came back from its UDP port {PORT}")
    return State(None, f"its UDP port {PORT} answers, but in neither NAT-PMP nor PCP")


def _ask(router: str, question: bytes) -> Answer:
    for seconds in WAITS:
        answer = ask(router, PORT, question, seconds=seconds)
        if answer is not None:
            return answer
    return None


def _refused(refusal: Refusal, router: str) -> State:
    if refusal.sender == router and refusal.closed:
        return State(False, f"{refusal} for UDP port {PORT}", closed=True)
    return State(None, f"{refusal} for UDP port {PORT}")


def natpmp_result(data: Answer) -> int | None:
    """The result of a NAT-PMP answer (RFC 6886 3.2 and 3.5): version 0, opcode 128, result."""
    if not isinstance(data, bytes) or len(data) < 8 or data[0] != 0 or data[1] != _IS_ANSWER:
        return None
    return int.from_bytes(data[2:4], "big")


def announcement(own: str) -> bytes:
    """PCP's ANNOUNCE (RFC 6887 14.1): version 2, opcode 0, no lifetime, our address as ::ffff:a.b.c.d."""
    return bytes((2, 0)) + bytes(6) + bytes(10) + b"\xff\xff" + IPv4Address(own).packed


def pcp_result(data: Answer) -> int | None:
    """The result of a PCP answer (RFC 6887 7.2): version, response bit with opcode, reserved, result."""
    if not isinstance(data, bytes) or len(data) < 24 or not 1 <= data[0] <= 2 or data[1] != _IS_ANSWER:
        return None
    return data[3]
