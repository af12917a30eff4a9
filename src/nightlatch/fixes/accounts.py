"""Next steps on an account. Each is `(account, home) -> Fix`."""

from __future__ import annotations

from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.people import Account

_PASSKEY = ", or a passkey or security key where it offers one, which cannot be phished"
_BETTER = {"homeassistant": " (multi-factor authentication modules)"}


def change_password(account: Account, home: Home) -> Fix:
    """Give the account a strong password of its own, made and kept by a password manager."""
    return Fix(
        f"Give {account.label} a password of its own.",
        (
            "Let your password manager generate one of 16 characters or more.",
            _place(account, "change the password to it"),
            "Sign every other device out, and in again with the new password.",
        ),
    )


def use_password_manager(account: Account, home: Home) -> Fix:
    """Keep the account's password in a password manager."""
    return Fix(
        f"Keep the password of {account.label} in a password manager.",
        (
            "Save it in one that keeps its vault encrypted (KeePass, Bitwarden, 1Password).",
            "Let it generate a new password while you are at it.",
            f"Say so: nightlatch answer {account.ref} in_manager true",
        ),
    )


def turn_on_two_factor(account: Account, home: Home) -> Fix:
    """Protect the account with an authenticator app, a security key or a passkey."""
    return Fix(
        f"Turn on a second factor for {account.label}.",
        (
            _place(account, "turn on an authenticator app" + _BETTER.get(_service(account), _PASSKEY)),
            "Print the recovery codes and keep them where the spare key is kept, not on the phone.",
            f"Say so if no source can tell: nightlatch answer {account.ref} two_factor app",
        ),
    )


def _service(account: Account) -> str:
    return account.service.value if account.service is not None else ""


def _place(account: Account, action: str) -> str:
    service = _service(account)
    if service == "homeassistant":
        return f"Home Assistant: your profile (bottom left) > Security: {action}."
    if service == "router":
        return f"In the router's administration, under users or system: {action}."
    return (
        f"In the {service.title()} app or site, under account and security: {action}."
        if service
        else (f"In its app or site, under account and security: {action}.")
    )
