"""A witness that is another Nightlatch, or any other witness that speaks C2SP tlog-witness over HTTP: it co-signs."""

from __future__ import annotations

from urllib.parse import urlsplit

import aiohttp
import msgspec

from nightlatch.errors import ReadError, SourceError
from nightlatch.journal import tree
from nightlatch.journal.cosigning import ANSWER_LIMIT, SIZE_TYPE, read_cosignature, read_size, request
from nightlatch.journal.journal import Journal
from nightlatch.journal.notes import COSIGNATURE, Verifier
from nightlatch.journal.witnesses.interface import Published, Settings, Witness, forked, rolled_back
from nightlatch.text import count

ANSWER_S = 15.0
"""How long one request may take."""
TRIES = 3
"""Requests for one checkpoint: the witness may have signed another one in between."""


class NightlatchSettings(Settings, frozen=True):
    """`url` is the other's address (http://192.168.1.9:5625/witness), `key` its public witness key."""

    url: str
    key: str


class _Answer(msgspec.Struct, frozen=True):
    status: int
    type: str
    text: str


class Nightlatch(Witness, kind="nightlatch"):
    """Sends each checkpoint with a proof that the log only grew since the one it signed last."""

    Settings = NightlatchSettings
    settings: NightlatchSettings

    def __init__(self, settings: NightlatchSettings, id_: str) -> None:
        super().__init__(settings, id_)
        try:
            parts = urlsplit(settings.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable or "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError('url must look like "http://192.168.1.9:5625/witness", without user and password')
        try:
            self._key = Verifier.parse(settings.key)
        except ReadError as error:
            raise ValueError(f"key {error.what}") from None
        if self._key.algorithm != COSIGNATURE:
            raise ValueError("key is a journal's key, not a witness's: `nightlatch journal key show` prints both")
        self._old = 0

    @property
    def where(self) -> str:
        """Its address."""
        return self.settings.url

    async def compare(self, journal: Journal, *, every: bool = False) -> int:  # noqa: ARG002  # it knows only the newest
        """Have it compare the newest checkpoint with the one it signed last; it signs where that only grew."""
        return (await self.publish(journal)).size

    async def publish(self, journal: Journal) -> Published:
        """Have it sign the newest checkpoint."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_S)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
            for _ in range(TRIES):
                with journal.view() as view:
                    size, note = view.size, view.note
                    old = min(self._old, size)
                    proof = tree.consistency(old, size, view.node)
                answer = await self._ask(session, request(old, proof, note))
                if answer.status == 200:
                    line = read_cosignature(note, answer.text, self._key, self.where)
                    self._old = size
                    return Published(size, note, line)
                self._old = self._refused(journal, answer, size)
        raise SourceError(
            "has signed other checkpoints meanwhile",
            where=self.where,
            todo="Does a second Nightlatch use this journal?",
        )

    def _refused(self, journal: Journal, answer: _Answer, size: int) -> int:
        """The size that the witness signed last, where that is why it refused; otherwise what it means."""
        if answer.status == 409 and answer.type == SIZE_TYPE:
            held = read_size(answer.text, self.where)
            if held > journal.size:
                raise rolled_back(journal.size, held, self.where)
            return held
        if answer.status == 409:
            raise forked(size, self.where)
        if answer.status == 422:
            raise forked(self._old, self.where)
        meaning = {
            404: ("does not witness this journal", "Add this journal's public key to [journal] cosigns there."),
            403: ("does not know the key that this journal signs with", "Add the new key to [journal] cosigns there."),
        }
        what, todo = meaning.get(
            answer.status, (f"answered with HTTP {answer.status}", "Is there a witness at this address?")
        )
        raise SourceError(f"{what} ({count(size, 'entry', 'entries')})", where=self.where, todo=todo)

    async def _ask(self, session: aiohttp.ClientSession, body: str) -> _Answer:
        try:
            # Whose certificate it is does not matter: what is sent is public, and the answer is signed by a known key.
            async with session.post(
                f"{self.settings.url.rstrip('/')}/add-checkpoint", data=body.encode(), allow_redirects=False, ssl=False
            ) as response:
                data = await response.content.read(ANSWER_LIMIT + 1)
                while len(data) <= ANSWER_LIMIT and (more := await response.content.read(ANSWER_LIMIT + 1)):
                    data += more
        except TimeoutError:
            raise SourceError(f"did not answer within {ANSWER_S:g} s", where=self.where) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SourceError(
                f"cannot be reached ({type(error).__name__})", where=self.where, todo="Does it run, and is url right?"
            ) from None
        if len(data) > ANSWER_LIMIT:
            raise ReadError(f"answered with more than {ANSWER_LIMIT} bytes", where=self.where)
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise ReadError("answered with what is no text", where=self.where) from None
        return _Answer(response.status, response.content_type, text)
