"""What every answer tells the browser: nothing from elsewhere, in no frame, kept by nobody."""

from __future__ import annotations

POLICY = "; ".join(
    (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        # Text can become markup in no script, not even in one of ours.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
OFF = (
    *("accelerometer", "autoplay", "camera", "display-capture", "fullscreen", "geolocation"),
    *("gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb"),
)
"""What pages never use."""
PERMISSIONS = ", ".join(
    ("publickey-credentials-get=(self)", "publickey-credentials-create=(self)", *(f"{one}=()" for one in OFF))
)
YEAR_S = 31_536_000
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # Not no-referrer: with it browsers send "Origin: null" with our own forms (Fetch, "append a request Origin").
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", PERMISSIONS.encode()),
)
PRIVATE = (b"cache-control", b"no-store")
FOR_GOOD = (b"strict-transport-security", f"max-age={YEAR_S}".encode())
"""Only with a certificate that browsers trust by themselves: who made an authority of their own must get back in
without it when it is lost."""


def complete(given: list[tuple[bytes, bytes]], *, for_good: bool) -> list[tuple[bytes, bytes]]:
    """An answer's headers with ours. Its own Cache-Control stands; a policy of its own does not."""
    names = {name for name, _ in HEADERS}
    rest = [(name.lower(), value) for name, value in given if name.lower() not in names]
    rest += HEADERS
    if all(name != PRIVATE[0] for name, _ in rest):
        rest.append(PRIVATE)
    if for_good:
        rest.append(FOR_GOOD)
    return rest
