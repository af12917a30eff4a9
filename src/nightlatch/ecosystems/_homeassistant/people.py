"""Accounts of Home Assistant: who may open doors, and who needs more than a password for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from nightlatch.ecosystems._homeassistant.messages import LONGEST, Me, User
from nightlatch.ecosystems._told import Told
from nightlatch.model.evidence import Claim, Gap, Item, Ref
from nightlatch.model.hub import Hub
from nightlatch.model.people import Account
from nightlatch.plugs import Plug

ACCOUNT_FIELDS = (
    *(Account.name, Account.service, Account.hub, Account.opens_door, Account.admin, Account.local_only),
    Account.two_factor,
)
FIELDS = (Hub.users, Hub.admins, *ACCOUNT_FIELDS)

MOST = 200
"""Accounts that are told."""


def ref(plug: Plug, user_id: str) -> Ref:
    """The account of a user; the id is Home Assistant's own, so that files and the running server agree."""
    return plug.ref(Account, f"user-{user_id[:8]}")


def accounts(plug: Plug, hub: Ref, users: Sequence[User], told: Told, *, has_locks: bool | None) -> Iterator[Item]:
    """Every person's account, and how many are administrators. `has_locks` is None where that is not known."""
    people = [user for user in users if user.is_person]
    yield told(Hub.users, hub, len(people), "accounts that can sign in")
    yield told(Hub.admins, hub, sum(user.is_admin for user in people), "group_ids, is_owner")
    for user in people[:MOST]:
        account = ref(plug, user.id)
        yield from _common(account, hub, user, told)
        yield told(Account.local_only, account, user.local_only, "local_only")
        if not user.may_command:
            yield told(Account.opens_door, account, False, "a group that only looks")
        elif has_locks is not None:
            yield told(
                Account.opens_door, account, has_locks, "it may command every entity" if has_locks else "no lock"
            )


def own_account(plug: Plug, hub: Ref, me: Me, *, has_locks: bool) -> Iterator[Item]:
    """The account whose token it is: the only one whose second factor Home Assistant tells."""
    told, account = Told("auth/current_user"), ref(plug, me.id)
    yield from _common(account, hub, me.user, told)
    if me.is_admin:
        yield told(Account.opens_door, account, has_locks, "is_admin")
    on = {module.id for module in me.mfa_modules if module.enabled}
    if "totp" in on:
        yield told(Account.two_factor, account, "app", "mfa_modules")
    elif not on:
        yield told(Account.two_factor, account, "none", "mfa_modules")


def unseen_accounts(plug: Plug, hub: Ref, reason: str, settle: str) -> Iterator[Item]:
    """The accounts that the token may not see, as one: the owner's is always among them."""
    told, others = Told("config/auth/list, refused"), plug.ref(Account, "others")
    yield told(Account.name, others, "Home Assistant: all other accounts")
    yield told(Account.service, others, "homeassistant")
    yield told(Account.hub, others, hub)
    unseen = (Account.opens_door, Account.admin, Account.local_only, Account.two_factor)
    yield plug.gap(*unseen, reason=reason, settle=settle, about=others)
    yield plug.gap(Hub.users, Hub.admins, reason=reason, settle=settle, about=hub)


def second_factors(
    plug: Plug, users: Sequence[User], totp: Set[str], notified: Set[str], told: Told
) -> Iterator[Claim | Gap]:
    """Who has an authenticator app, and who is sent codes; `totp` and `notified` are ids of users."""
    for user in [user for user in users if user.is_person][:MOST]:
        account = ref(plug, user.id)
        if user.id in totp:
            yield told(Account.two_factor, account, "app", "users")
        elif user.id in notified:
            yield plug.gap(
                Account.two_factor,
                reason="codes are sent to it by a notification service, and how well that is kept is not known",
                settle="an authenticator app instead (profile, Security, Multi-factor authentication modules)",
                about=account,
            )
        else:
            yield told(Account.two_factor, account, "none", "users")


def unread_factors(
    plug: Plug, users: Sequence[User], reason: str, settle: str, but: str | None = None
) -> Iterator[Gap]:
    """That nobody's second factor could be read, but that of the user with the id `but`."""
    for user in [user for user in users if user.is_person and user.id != but][:MOST]:
        yield plug.gap(Account.two_factor, reason=reason, settle=settle, about=ref(plug, user.id))


def _common(account: Ref, hub: Ref, user: User, told: Told) -> Iterator[Claim]:
    yield told(Account.name, account, f"Home Assistant: {(user.name or 'no name')[:LONGEST]}", "name")
    yield told(Account.service, account, "homeassistant")
    yield told(Account.hub, account, hub)
    yield told(Account.admin, account, user.is_admin, "group_ids, is_owner")
