"""Passkeys (WebAuthn level 2): what a browser is asked, and what its answer proves.

User verification is required: the device asks for a finger, a face or its PIN, so that a passkey is two
factors in one. A passkey is bound to the name by which this machine was reached.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from typing import Any

import msgspec
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.options_to_json_dict import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from nightlatch.store.users import Passkey, User
from nightlatch.web.errors import Refused
from nightlatch.web.signin.ceremonies import MINUTE, Ceremonies
from nightlatch.web.texts import _

MOST = 20
"""Of one user."""
LONGEST_ID = 1_023
"""Bytes of a credential's id (WebAuthn, 4 "Credential ID")."""
TIMEOUT_MS = 5 * MINUTE // 1000


class NoPasskeys(Refused):
    """Passkeys need a name, and this machine was reached by its address."""

    def __init__(self) -> None:
        super().__init__(
            _("passkeys are bound to a name, and this page was opened by an address"),
            todo=_("Open the same page by a name: http://localhost on this machine, or the name of its certificate."),
        )


class NotProven(Refused):
    """The answer of a passkey does not prove who it is."""

    status = 403

    def __init__(self, why: str, *, about: str = "", copied: bool = False) -> None:
        super().__init__(_("this passkey was not accepted"), todo=_("Try again, or sign in another way."))
        self.why = why
        """For the journal: no part of what was sent."""
        self.about = about
        """The passkey's id, where it is one that is known."""
        self.copied = copied
        """Its counter went back: somebody may have a copy of it."""


class Party(msgspec.Struct, frozen=True):
    """Who a passkey is for: this machine, by the name it was reached by."""

    id: str
    origins: tuple[str, ...]


def party(host: str) -> Party | None:
    """By what stood in Host, which was checked. None for an address: passkeys are bound to names."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    name = name.strip("[]").rstrip(".").lower()
    try:
        ipaddress.ip_address(name)
    except ValueError:
        # Browsers offer passkeys over https, and over http to this machine itself only.
        here = name == "localhost" or name.endswith(".localhost")
        return Party(name, (f"https://{host}", *([f"http://{host}"] if here else []))) if name else None
    return None


def needed(host: str) -> Party:
    """The same; NoPasskeys for an address."""
    found = party(host)
    if found is None:
        raise NoPasskeys
    return found


def new_options(who: User, home: str, at: Party, challenge: bytes, mine: Iterable[Passkey]) -> dict[str, Any]:
    """What `navigator.credentials.create` is asked. Authenticators that hold one of `mine` refuse to make another."""
    options = generate_registration_options(
        rp_id=at.id,
        rp_name=f"Nightlatch {home}".strip(),
        user_name=who.id,
        user_display_name=who.name,
        user_id=base64url_to_bytes(who.handle),
        challenge=challenge,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_described(mine, at),
    )
    return options_to_json_dict(options)


def options(at: Party, challenge: bytes, allowed: Iterable[Passkey] = ()) -> dict[str, Any]:
    """What `navigator.credentials.get` is asked: for one of these, or for any that it has for this machine."""
    made = generate_authentication_options(
        rp_id=at.id,
        challenge=challenge,
        timeout=TIMEOUT_MS,
        allow_credentials=_described(allowed, at),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(made)


def registered(
    answer: dict[str, Any], at: Party, ceremonies: Ceremonies, now: int, *, purpose: str, user: str, name: str
) -> Passkey:
    """The passkey that was made. NotProven or Expired."""
    challenge = _challenge(answer)
    ceremonies.check(purpose, challenge, now)
    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=at.id,
            expected_origin=list(at.origins),
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001  # whatever the library makes of hostile bytes is a refusal
        raise NotProven(type(error).__name__) from None
    if len(found.credential_id) > LONGEST_ID:
        raise NotProven("its id is too long")
    ceremonies.use(challenge, now)
    told = answer.get("response", {}).get("transports", ())
    known = {one.value for one in AuthenticatorTransport}
    return Passkey(
        bytes_to_base64url(found.credential_id),
        user,
        name,
        found.credential_public_key,
        found.sign_count,
        " ".join(sorted(known.intersection(one for one in told if isinstance(one, str)))),
        at.id,
        found.credential_backed_up,
        now,
        now,
    )


def proven(
    answer: dict[str, Any], passkey: Passkey, at: Party, ceremonies: Ceremonies, now: int, *, purpose: str
) -> Passkey:
    """The passkey as it is after it proved itself. NotProven (`copied` where its counter went back) or Expired."""
    challenge = _challenge(answer)
    ceremonies.check(purpose, challenge, now)
    if passkey.rp != at.id:
        raise NotProven("it is for another name of this machine", about=passkey.id)
    try:
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=at.id,
            expected_origin=list(at.origins),
            credential_public_key=passkey.key,
            credential_current_sign_count=0,  # compared below, where going back is told apart
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001  # as above
        raise NotProven(type(error).__name__, about=passkey.id) from None
    ceremonies.use(challenge, now)
    if (passkey.counter or found.new_sign_count) and found.new_sign_count <= passkey.counter:
        raise NotProven("it counted less than before", about=passkey.id, copied=True)
    return msgspec.structs.replace(passkey, counter=found.new_sign_count, used=now, synced=found.credential_backed_up)


def presented(answer: dict[str, Any]) -> tuple[str, str]:
    """Which passkey an answer is of, and the handle of its user, where it tells; both as they were sent."""
    response = answer.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    id_ = answer.get("id")
    if not isinstance(id_, str) or len(id_) > 2 * LONGEST_ID:
        raise NotProven("it has no id")
    return id_, handle if isinstance(handle, str) else ""


def _challenge(answer: dict[str, Any]) -> bytes:
    """The challenge that was signed; NotProven where there is none, or where another site's page asked for it."""
    try:
        client = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        challenge = base64url_to_bytes(client["challenge"])
        crossed = client.get("crossOrigin", False)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise NotProven("it is no answer") from None
    if crossed is not False:
        raise NotProven("it was asked for within another site's page")
    return challenge


def _described(passkeys: Iterable[Passkey], at: Party) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(one.id), transports=[AuthenticatorTransport(way) for way in one.transports.split()]
        )
        for one in passkeys
        if one.rp == at.id
    ]
