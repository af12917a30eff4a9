"""Where a request may come from: another site's page must neither act here nor read anything.

Browsers say where a request comes from, in `Sec-Fetch-Site` and in `Origin` (or `Referer`), and no page can forge
these (W3C Fetch Metadata; Fetch, "append a request Origin header"). Whoever is no browser and has a cookie all the
same says it too, or is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
"""Methods that change nothing."""
OURS = frozenset(("same-origin", "none"))
"""`Sec-Fetch-Site` of a page of ours, and of what somebody typed or kept as a bookmark. `same-site` is another port."""
OPEN = ("/witness/",)
"""Paths where nobody is anybody by a session: other journals come there, and what they bring is signed."""
PROGRAMS = ("/api", "/live")
"""Paths that no page of another site may even lead to."""
FROM_ELSEWHERE = "This came from another site's page, which may not do that here."
UNKNOWN = "This does not say which page it came from. A program shows a token: Settings, API tokens."


def refusal(method: str, path: str, scheme: str, headers: Mapping[str, str], *, token: bool = False) -> str | None:
    """Why a request is refused for where it comes from; None when it is not.

    `headers`: by their names in lower case. `token`: it shows a token, which no page of another site has.
    """
    site = headers.get("sec-fetch-site")
    if method in SAFE:
        if site is None or site in OURS:
            return None
        led = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        inner = any(path == one or path.startswith(f"{one}/") for one in PROGRAMS)
        return None if led and not inner else FROM_ELSEWHERE
    if site is not None and site not in OURS:
        return FROM_ELSEWHERE
    said = [headers[name] for name in ("origin", "referer") if headers.get(name)]
    if any(not _same(one, scheme, headers.get("host", "")) for one in said):
        return FROM_ELSEWHERE
    if not said and site is None and not token and not path.startswith(OPEN):
        return UNKNOWN
    return None


def _same(address: str, scheme: str, host: str) -> bool:
    """Whether an address is of the origin that is asked."""
    try:
        theirs, ours = urlsplit(address), urlsplit(f"{scheme}://{host}")
        return (theirs.scheme, theirs.hostname, _port(theirs.scheme, theirs.port)) == (
            ours.scheme, ours.hostname, _port(ours.scheme, ours.port),
        )  # fmt: skip
    except ValueError:
        return False


def _port(scheme: str, port: int | None) -> int:
    return port or (443 if scheme == "https" else 80)
