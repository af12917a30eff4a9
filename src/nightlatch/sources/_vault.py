"""What every password manager's source does with its logins: tells strength, reuse and age, and nothing else.

A password is scored and fingerprinted here, then forgotten. No password, one-time code seed, user name,
title, note, card or address outside the home and its vendors is ever part of what leaves.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import msgspec

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.passwords import score
from nightlatch.errors import ReadError
from nightlatch.model.evidence import Claim, Item
from nightlatch.model.people import Account
from nightlatch.reading.files import modified
from nightlatch.secrets import Secret
from nightlatch.sources._sites import Site, Sites, address
from nightlatch.sources.interface import PathSettings, Source
from nightlatch.text import count

MAX_LOGINS = 100_000
MAX_ACCOUNTS = 500

_REVEALS = (Account.password_score, Account.password_fingerprint, Account.password_reused)


class VaultSettings(PathSettings, frozen=True):
    """An export or vault file, and the password that opens it where it is encrypted."""

    password: Secret | None = None


class Login(msgspec.Struct, frozen=True):
    """One login. `place` says where it stands in the export (item 12), never what it is called.

    Addresses are secrets too: they may carry a user name or a token.
    """

    place: str
    urls: tuple[Secret, ...]
    user: Secret
    password: Secret
    totp: bool = False
    passkey: bool = False
    changed_on: date | None = None


class _Known(msgspec.Struct, frozen=True):
    login: Login
    site: Site


class Vault(Source):
    """A password manager: a subclass gives `logins`, this gives the facts."""

    Settings = VaultSettings
    gives = (
        Account.name,
        Account.service,
        Account.opens_door,
        *_REVEALS,
        Account.password_changed_on,
        Account.in_manager,
        Account.two_factor,
    )

    @abstractmethod
    def logins(self) -> Iterator[Login]:
        """Every login that is neither deleted nor archived, in the order of the vault."""

    def collect(self) -> Iterator[Item]:
        """An account for each login of a lock's or hub's vendor, Home Assistant or the home network."""
        sites = Sites(Catalogue())
        holders: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        found: dict[tuple[str, str, str], _Known] = {}
        total = 0
        for login in self.logins():
            total += 1
            if total > MAX_LOGINS:
                raise ReadError(f"holds more than {MAX_LOGINS} logins", where=str(self.settings.path))
            site = next((site for url in login.urls if (site := sites.of(url.reveal()))), None)
            owner = self._owner(login, site)
            print_ = self.context.fingerprint(login.password) if login.password else ""
            holders[print_].add(owner)
            # The same login kept twice (web page and app) is one account, not a reused password.
            if site is not None and (len(found) < MAX_ACCOUNTS or (*owner, print_) in found):
                found.setdefault((*owner, print_), _Known(login, site))
        at = modified(self.settings.path)
        if not found:
            yield self.gap(
                *self.gives,
                reason=f"none of its {count(total, 'login')} is for a lock's or hub's vendor or for the home",
                settle="Keep these accounts' passwords in this manager with their web address, then export it again.",
            )
        if len(found) == MAX_ACCOUNTS:
            yield self.gap(
                *self.gives, reason=f"only its first {MAX_ACCOUNTS} accounts were looked at", settle="Split the vault."
            )
        seen: defaultdict[str, int] = defaultdict(int)
        for (_, _, print_), known in found.items():
            seen[known.site.slug] += 1
            for item in self._account(known, seen[known.site.slug], print_, len(holders[print_]) - 1):
                yield msgspec.structs.replace(item, at=at) if isinstance(item, Claim) else item

    def _owner(self, login: Login, site: Site | None) -> tuple[str, str]:
        """Tells logins for one account from logins for another: the site and the user's fingerprint."""
        place = f"site:{site.slug}" if site else f"host:{_host(login)}"
        return place, self.context.fingerprint(login.user)

    def _account(self, known: _Known, number: int, print_: str, others: int) -> Iterator[Item]:
        login, site = known.login, known.site
        account = self.ref(Account, site.slug if number == 1 else f"{site.slug}-{number}")
        where = f"{login.place} ({site.shown})" if site.shown else login.place
        yield Account.name.claim(account, f"{site.title} account" + (f" {number}" if number > 1 else ""), where=where)
        yield Account.service.claim(account, site.service, where=where)
        if site.opens_door is not None:
            yield Account.opens_door.claim(account, site.opens_door, where=where)
        if login.password:
            hints = (site.service, login.user.reveal())
            yield Account.password_score.claim(account, score(login.password, hints), where=where)
            yield Account.password_fingerprint.claim(account, print_, where=where)
            yield Account.password_reused.claim(account, others, where=where)
            yield Account.in_manager.claim(account, True, where=where)
            if login.changed_on is not None:
                yield Account.password_changed_on.claim(account, login.changed_on, where=where)
        else:
            yield self.gap(
                *_REVEALS,
                reason=f"{login.place} holds no password",
                settle="Keep the account's password in this manager, or answer for it by hand.",
                about=account,
            )
        if login.passkey or login.totp:
            yield Account.two_factor.claim(account, "passkey" if login.passkey else "app", where=where)
        else:
            yield self.gap(
                Account.two_factor,
                reason=f"{login.place} holds no one-time code and no passkey, which does not prove that none is on",
                settle="Look at the account's sign-in settings, then say which second step it asks for.",
                about=account,
            )


def _host(login: Login) -> str:
    return next((host for url in login.urls if (host := address(url.reveal())[0].removeprefix("www."))), login.place)
