"""Next steps on a lock and its codes, in the words of what commands it: parameter, attribute, topic or menu.

Each is `(lock, home) -> Fix`, or `(credential, home) -> Fix` for the codes.
"""

from __future__ import annotations

from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential


def include_securely(lock: Lock, home: Home) -> Fix:
    """Pair the lock again, so that its link to the hub is encrypted with the best it can."""
    raise NotImplementedError


def update_firmware(lock: Lock, home: Home) -> Fix:
    """Install the newest firmware, by the hub where it can, by the maker's app else."""
    raise NotImplementedError


def mitigate_vulnerability(lock: Lock, home: Home) -> Fix:
    """What closes or bounds the worst vulnerability that applies."""
    raise NotImplementedError


def ask_maker(lock: Lock, home: Home) -> Fix:
    """Ask the maker for updates and for a way to report flaws."""
    raise NotImplementedError


def use_local_path(lock: Lock, home: Home) -> Fix:
    """Command the lock without the vendor's cloud."""
    raise NotImplementedError


def choose_open_lock(lock: Lock, home: Home) -> Fix:
    """Move to a lock that speaks an open standard."""
    raise NotImplementedError


def require_pin_for_remote(lock: Lock, home: Home) -> Fix:
    """Ask for a PIN before a remote unlock (Matter)."""
    raise NotImplementedError


def limit_wrong_codes(lock: Lock, home: Home) -> Fix:
    """Let the keypad lock out after five wrong codes, for a minute or more."""
    raise NotImplementedError


def enable_tamper_alarm(lock: Lock, home: Home) -> Fix:
    """Switch the lock's tamper alarm on."""
    raise NotImplementedError


def enable_auto_relock(lock: Lock, home: Home) -> Fix:
    """Let the lock itself lock the door after half a minute."""
    raise NotImplementedError


def hide_pins(lock: Lock, home: Home) -> Fix:
    """Stop the lock from sending PINs over the air."""
    raise NotImplementedError


def change_code(credential: Credential, home: Home) -> Fix:
    """Replace a PIN that is easy to guess, shared, or a known default."""
    raise NotImplementedError


def remove_code(credential: Credential, home: Home) -> Fix:
    """Take a code off its lock and prove that it is gone."""
    raise NotImplementedError


def explain_code(credential: Credential, home: Home) -> Fix:
    """Say whose code it is, or take it off the lock."""
    raise NotImplementedError


def bound_code(credential: Credential, home: Home) -> Fix:
    """Give a visitor's code an end and set times."""
    raise NotImplementedError
