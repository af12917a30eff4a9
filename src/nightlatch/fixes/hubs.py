"""Next steps on a hub (Z-Wave JS, Zigbee2MQTT, Matter server, Home Assistant) and on accounts: file, setting or menu.

Each is `(hub, home) -> Fix`, or `(account, home) -> Fix` for the accounts.
"""

from __future__ import annotations

from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.people import Account


def private_network_key(hub: Hub, home: Home) -> Fix:
    """Give the Zigbee network a key of its own."""
    raise NotImplementedError


def encrypt_mqtt(hub: Hub, home: Home) -> Fix:
    """Use TLS between the hub and the broker."""
    raise NotImplementedError


def refuse_anonymous_mqtt(hub: Hub, home: Home) -> Fix:
    """Let nobody onto the broker without a password."""
    raise NotImplementedError


def restrict_mqtt(hub: Hub, home: Home) -> Fix:
    """Keep other clients of the broker off the locks' topics."""
    raise NotImplementedError


def ask_sign_in(hub: Hub, home: Home) -> Fix:
    """Ask for a password or token on the hub's own port, or keep that port to this host."""
    raise NotImplementedError


def protect_frontend(hub: Hub, home: Home) -> Fix:
    """Ask for a password or token on the hub's web page."""
    raise NotImplementedError


def rename_hub(hub: Hub, home: Home) -> Fix:
    """Give the hub a name that does not tell what it is."""
    raise NotImplementedError


def fewer_admins(hub: Hub, home: Home) -> Fix:
    """Make everybody but one or two an ordinary user."""
    raise NotImplementedError


def close_joining(hub: Hub, home: Home) -> Fix:
    """Close the radio network to new devices."""
    raise NotImplementedError


def close_remote_access(hub: Hub, home: Home) -> Fix:
    """Stop offering the hub to the internet."""
    raise NotImplementedError


def leave_cloud(hub: Hub, home: Home) -> Fix:
    """Sign the hub out of its vendor's cloud."""
    raise NotImplementedError


def hide_from_voice(hub: Hub, home: Home) -> Fix:
    """Take the locks out of what voice assistants see."""
    raise NotImplementedError


def require_sign_in_everywhere(hub: Hub, home: Home) -> Fix:
    """Ask for a password from every network."""
    raise NotImplementedError


def update_hub(hub: Hub, home: Home) -> Fix:
    """Install the newest version of the hub's software."""
    raise NotImplementedError


def stop_analytics(hub: Hub, home: Home) -> Fix:
    """Stop sending usage data to the makers."""
    raise NotImplementedError


def close_files(hub: Hub, home: Home) -> Fix:
    """Let only the hub's own user read the files that hold PINs or secrets."""
    raise NotImplementedError


def change_password(account: Account, home: Home) -> Fix:
    """Give the account a strong password of its own, made and kept by a password manager."""
    raise NotImplementedError


def use_password_manager(account: Account, home: Home) -> Fix:
    """Keep the account's password in a password manager."""
    raise NotImplementedError


def turn_on_two_factor(account: Account, home: Home) -> Fix:
    """Protect the account with an authenticator app, a security key or a passkey."""
    raise NotImplementedError
