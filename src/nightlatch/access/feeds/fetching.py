"""Gets a calendar from its address, which holds a token: no word of it but the host is ever told."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import stat
import zlib
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import aiohttp
import msgspec

from nightlatch.access.feeds.reading import MOST_BYTES
from nightlatch.errors import SourceError, UsageError
from nightlatch.secrets import Secret

ANSWER_S = 30.0
"""How long one reading may take, redirects included."""
MOST_REDIRECTS = 5
LONGEST_ADDRESS = 4_000
_CHUNK = 64 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,200}"')
_DATE = re.compile(r"[A-Za-z0-9:, ]{10,40}")


class Fetched(msgspec.Struct, frozen=True):
    """What a calendar's server gave: its content, None when it is as it was, and how to ask for what is new."""

    content: bytes | None
    tag: str = ""
    modified: str = ""


def checked(address: Secret) -> Secret:
    """A calendar's address as it can be used; UsageError for what is none. webcal is https.

    http is taken for this machine alone: over the network the token in it could be read by anybody on the way.
    """
    text = address.reveal().strip()
    if not text or len(text) > LONGEST_ADDRESS or not text.isprintable() or " " in text:
        raise UsageError("the calendar's address is none", todo="Copy it from the site: it begins with https://")
    if text.lower().startswith("webcal://"):
        text = "https" + text[len("webcal") :]
    scheme, host = _parts(text)
    if scheme == "file" and not host:
        return Secret(text)
    if scheme == "https" and host:
        return Secret(text)
    if scheme == "http" and host:
        if _here(host):
            return Secret(text)
        raise UsageError(
            f"the calendar at {host} is read in the clear", todo="Use its https address: the address holds a token."
        )
    raise UsageError("the calendar's address is none", todo="It begins with https://, or with file:///")


def host_of(address: Secret) -> str:
    """The host of an address: all that may be told of it."""
    return _parts(address.reveal())[1] or "a file here"


async def fetch(address: Secret, tag: str = "", modified: str = "") -> Fetched:
    """The calendar's content by now. SourceError, without its address, when it cannot be had."""
    text = address.reveal()
    scheme, host = _parts(text)
    if scheme == "file":
        return Fetched(await asyncio.to_thread(_file, text))
    headers = {"Accept": "text/calendar, */*;q=0.1", "Accept-Encoding": "gzip", "User-Agent": "Nightlatch"}
    if tag:
        headers["If-None-Match"] = tag
    if modified:
        headers["If-Modified-Since"] = modified
    try:
        async with (
            asyncio.timeout(ANSWER_S),
            aiohttp.ClientSession(
                auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            ) as session,
        ):
            return await _asked(session, text, headers)
    except TimeoutError:
        raise SourceError(f"{host} did not answer within {ANSWER_S:.0f} s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # Their words hold the address.
        raise SourceError(f"{host} could not be reached, or broke off ({type(error).__name__})") from None


async def _asked(session: aiohttp.ClientSession, address: str, headers: dict[str, str]) -> Fetched:
    for _ in range(MOST_REDIRECTS + 1):
        host = _parts(address)[1]
        async with session.get(address, headers=headers, allow_redirects=False) as answer:
            if answer.status in _REDIRECTS and (location := answer.headers.get("Location")):
                address = _redirected(address, location)
                continue
            if answer.status == 304 and ("If-None-Match" in headers or "If-Modified-Since" in headers):
                return Fetched(None)
            if answer.status != 200:
                raise SourceError(f"{host} answered with status {answer.status}{_hint(answer.status)}")
            content = await _content(answer, host)
            tag, modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
            return Fetched(content, tag if _TAG.fullmatch(tag) else "", modified if _DATE.fullmatch(modified) else "")
    raise SourceError(f"{_parts(address)[1]} sends from one address to the next without end")


async def _content(answer: aiohttp.ClientResponse, host: str) -> bytes:
    """The body, unpacked as it comes and never beyond the bound."""
    packing = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "", "gzip", "x-gzip"):
        raise SourceError(f"{host} packed its answer in a way that was not asked for")
    unpack = zlib.decompressobj(wbits=31) if "gzip" in packing else None
    content = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        if unpack is None:
            content += chunk
        else:
            try:
                content += unpack.decompress(chunk, MOST_BYTES + 1 - len(content))
            except zlib.error:
                raise SourceError(f"{host} gave an answer that cannot be unpacked") from None
        if len(content) > MOST_BYTES:
            raise SourceError(f"{host} gave more than {MOST_BYTES >> 20} MiB")
    if unpack is not None and not unpack.eof:
        raise SourceError(f"{host} gave an answer that is cut off")
    return bytes(content)


def _redirected(address: str, location: str) -> str:
    """Where it goes on: never from the network to this machine, and never into the clear."""
    host = _parts(address)[1]
    there = urljoin(address, location)
    scheme, to = _parts(there)
    if len(there) > LONGEST_ADDRESS or scheme not in ("http", "https") or not to:
        raise SourceError(f"{host} sends on to what is no address")
    if _here(to) and not _here(host):
        raise SourceError(f"{host} sends on to this machine, which is not followed")
    if scheme == "http" and not _here(to):
        raise SourceError(f"{host} sends on to an address in the clear, which is not followed")
    return there


def _file(address: str) -> bytes:
    path = Path(unquote(urlsplit(address).path))
    try:
        # Without waiting for a writer, where it is a pipe.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise SourceError(f"{path.name} is no file")
            with os.fdopen(handle, "rb", closefd=False) as file:
                return file.read(MOST_BYTES + 1)
        finally:
            os.close(handle)
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror}") from None
    except ValueError:
        raise SourceError("the calendar's address names no file that there can be") from None


def _parts(address: str) -> tuple[str, str]:
    """Scheme and host; nothing for what cannot be taken apart."""
    try:
        split = urlsplit(address)
        return ("", "") if split.port == 0 else (split.scheme.lower(), split.hostname or "")
    except ValueError:
        return "", ""


def _here(host: str) -> bool:
    """Whether a host is this machine, by its name or number."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hint(status: int) -> str:
    if status in (401, 403, 404, 410):
        return ": copy the calendar's address from the site again"
    return ": it asks for fewer readings" if status == 429 else ""
