"""Next steps on a hub (Z-Wave JS, Zigbee2MQTT, Matter server, Home Assistant): file, setting or menu.

Each is `(hub, home) -> Fix`. Those on accounts are in `accounts.py`.
"""

from __future__ import annotations

import shlex

from nightlatch.fixes.needs import say_it_is_needed
from nightlatch.model.command import CloseJoin
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub

_BACKUPS = "Keep backups of this folder encrypted: they hold the same secrets."
_RESTART = "Restart Zigbee2MQTT."
_ZIGBEE2MQTT_YAML = "In Zigbee2MQTT's data folder, in configuration.yaml,"


def _software(hub: Hub) -> str:
    return hub.software.value if hub.software is not None else ""


def private_network_key(hub: Hub, home: Home) -> Fix:
    """Give the Zigbee network a key of its own."""
    return Fix(
        "Give the Zigbee network a random key, and pair its devices again.",
        (
            f"{_ZIGBEE2MQTT_YAML} set advanced.network_key: GENERATE (and advanced.pan_id: GENERATE).",
            "Have a key or a code at hand: until it is paired again, no lock opens through the hub.",
            "Stop Zigbee2MQTT, move coordinator_backup.json out of the data folder, and start it again.",
            "Check that configuration.yaml now holds 16 numbers of its own under advanced.network_key.",
            "Pair every device again, the locks last and with nobody's devices near that you do not know; then set the "
            "locks' codes again.",
        ),
    )


def encrypt_port(hub: Hub, home: Home) -> Fix:
    """Encrypt what goes to the hub's own port, or keep the port to its host."""
    steps: dict[str, tuple[str, ...]] = {
        "homeassistant": (
            "Put a proxy with a certificate before Home Assistant (the add-on NGINX SSL proxy or Caddy), or set "
            "http: ssl_certificate and ssl_key in configuration.yaml.",
            "Change the address in everybody's app to https:// before you close the old one.",
        ),
        "zigbee2mqtt": (
            f"{_ZIGBEE2MQTT_YAML} set frontend.ssl_cert and frontend.ssl_key, or frontend.host: 127.0.0.1. {_RESTART}",
        ),
    }
    others = (
        "Its server has no encryption of its own: let it listen on its own host only (127.0.0.1).",
        "Where Home Assistant runs on another host, connect the two through WireGuard or an SSH tunnel.",
    )
    return Fix("Encrypt what goes to the hub's port, or keep it to its own host.", steps.get(_software(hub), others))


def encrypt_mqtt(hub: Hub, home: Home) -> Fix:
    """Use TLS between the hub and the broker."""
    return Fix(
        "Encrypt the connection to the MQTT broker, or run the broker on the hub's own host.",
        (
            "In mosquitto.conf add: listener 8883, with certfile, keyfile and cafile.",
            f"{_ZIGBEE2MQTT_YAML} set mqtt.server: mqtts://BROKER:8883 and mqtt.ca: /path/to/ca.crt "
            "(leave mqtt.reject_unauthorized on).",
            f"{_RESTART} Move every other client to port 8883, then close the old one: listener 1883 127.0.0.1",
        ),
    )


def refuse_anonymous_mqtt(hub: Hub, home: Home) -> Fix:
    """Let nobody onto the broker without a password."""
    return Fix(
        "Let nobody onto the MQTT broker without a password.",
        (
            "Make an account for each client: mosquitto_passwd -c /etc/mosquitto/passwd zigbee2mqtt (no -c for the "
            "next one).",
            "In mosquitto.conf: allow_anonymous false, and password_file /etc/mosquitto/passwd. Restart Mosquitto.",
            f"{_ZIGBEE2MQTT_YAML} set mqtt.user and mqtt.password ('!secret.yaml mqtt_password'). {_RESTART}",
            "Give Home Assistant and every other client its own account too: until then they command nothing.",
        ),
    )


def restrict_mqtt(hub: Hub, home: Home) -> Fix:
    """Keep other clients of the broker off the locks' topics."""
    return Fix(
        "Keep other clients of the broker off the locks' topics.",
        (
            "In mosquitto.conf set: acl_file /etc/mosquitto/acl",
            "In that file write: user zigbee2mqtt, and below it: topic readwrite zigbee2mqtt/#",
            "For each other client write its user line and only the topics it needs, none of them a lock's: a lock's "
            "topic carries PINs, and its /set topic unlocks.",
            "Restart Mosquitto.",
        ),
    )


def ask_sign_in(hub: Hub, home: Home) -> Fix:
    """Ask for a password or token on the hub's own port, or keep that port to this host."""
    software = _software(hub)
    if software == "zwave-js":
        steps: tuple[str, ...] = (
            "The Z-Wave JS server has no sign-in of its own: let it listen on its own host only. In Z-Wave JS UI: "
            "Settings > Home Assistant > Server Host: 127.0.0.1; for @zwave-js/server start it with --host 127.0.0.1.",
            "Where Home Assistant runs on another host, let the firewall admit only that host to port 3000.",
        )
    elif software == "matter-server":
        steps = (
            "The Matter server has no sign-in of its own: start it with --listen-address 127.0.0.1.",
            "Where Home Assistant runs on another host, let the firewall admit only that host to port 5580.",
        )
    else:
        steps = (
            "Switch the hub's sign-in on, and give it a password that is used nowhere else.",
            "Where it has none, let the firewall admit only the hosts that command the locks.",
        )
    return Fix("Let nobody command the hub without a password or token.", steps)


def protect_frontend(hub: Hub, home: Home) -> Fix:
    """Ask for a password or token on the hub's web page."""
    if _software(hub) == "zigbee2mqtt":
        return Fix(
            "Ask for a token on Zigbee2MQTT's web page.",
            (
                "Make a token: openssl rand -hex 24",
                f"{_ZIGBEE2MQTT_YAML} set frontend.auth_token: '!secret.yaml auth_token', and put the token in "
                "secret.yaml.",
                "Or keep the page to its own host: frontend.host: 127.0.0.1",
                _RESTART,
            ),
        )
    return Fix("Ask for a password on the hub's web page.", ("Switch sign-in on in the web page's settings.",))


def require_sign_in_everywhere(hub: Hub, home: Home) -> Fix:
    """Ask for a password from every network."""
    return Fix(
        "Ask for a password from every network.",
        (
            "See first that everybody, wall panels included, can sign in with a password.",
            "In Home Assistant's configuration.yaml, under homeassistant: auth_providers, remove the entry "
            "type: trusted_networks (and keep type: homeassistant).",
            "Check it with Developer tools > YAML > Check configuration, then restart Home Assistant.",
        ),
    )


def rename_hub(hub: Hub, home: Home) -> Fix:
    """Give the hub a name that does not tell what it is."""
    return Fix(
        "Give the hub a name that does not tell what it is.",
        (
            "Change its host name in the hub's network settings"
            + (" (Settings > System > Network)." if _software(hub) == "homeassistant" else "."),
            "Change the names that the router and your apps show for it as well.",
        ),
    )


def fewer_admins(hub: Hub, home: Home) -> Fix:
    """Make everybody but one or two an ordinary user."""
    return Fix(
        "Make everybody but one or two people an ordinary user.",
        (
            "Home Assistant: Settings > People > Users: open each account that nobody administers with, and switch "
            "Administrator off."
            if _software(hub) == "homeassistant"
            else "In the hub's user settings, make everybody who changes nothing an ordinary user.",
            "Use an ordinary account every day, and the administrator's for changes only.",
        ),
    )


def close_joining(hub: Hub, home: Home) -> Fix:
    """Close the radio network to new devices."""
    software = _software(hub)
    if software == "zigbee2mqtt":
        return Fix(
            "Close the Zigbee network to new devices.",
            (
                'MQTT: publish to zigbee2mqtt/bridge/request/permit_join the payload {"time": 0}',
                "If configuration.yaml holds permit_join: true, remove that line: it opens the network at every start.",
            ),
            does=(CloseJoin(hub.ref),),
        )
    if software == "zwave-js":
        return Fix(
            "Stop including devices into the Z-Wave network.",
            ("Z-Wave JS: stop inclusion and exclusion (controller.stop_inclusion, controller.stop_exclusion).",),
            does=(CloseJoin(hub.ref),),
        )
    return Fix("Close the radio network to new devices.", ("In the hub's app, end pairing or adding devices.",))


def close_remote_access(hub: Hub, home: Home) -> Fix:
    """Stop offering the hub to the internet."""
    steps = (
        (
            "Home Assistant: Settings > Home Assistant Cloud > Remote control: off.",
            "Settings > System > Network: empty the internet URL.",
        )
        if _software(hub) == "homeassistant"
        else ("Switch remote access off in the hub's settings.",)
    )
    return Fix(
        "Stop offering the hub to the internet.",
        (
            *steps,
            "Remove the port forward or tunnel that leads to it, and use a VPN (WireGuard) from outside instead.",
            say_it_is_needed(home, "remote"),
        ),
    )


def leave_cloud(hub: Hub, home: Home) -> Fix:
    """Sign the hub out of its vendor's cloud."""
    step = (
        "Home Assistant: Settings > Home Assistant Cloud > Sign out."
        if _software(hub) == "homeassistant"
        else "Sign the hub out of the vendor's account in its settings."
    )
    return Fix("Sign the hub out of its vendor's cloud.", (step, say_it_is_needed(home, "cloud")))


def hide_from_voice(hub: Hub, home: Home) -> Fix:
    """Take the locks out of what voice assistants see."""
    exposed = hub.voice_exposed.value if hub.voice_exposed is not None else ()
    return Fix(
        "Take the locks out of what voice assistants see.",
        (
            "Home Assistant: Settings > Voice assistants > Expose: take out "
            + (", ".join(exposed) or "the locks")
            + ".",
            "Ask the assistant to look for devices again, so that it forgets them.",
            "If you need it, let the assistant ask for a spoken PIN.",
            say_it_is_needed(home, "voice"),
        ),
    )


def update_hub(hub: Hub, home: Home) -> Fix:
    """Install the newest version of the hub's software."""
    wanted = f" ({hub.update_version.value})" if hub.update_version is not None else ""
    steps = {
        "homeassistant": "Home Assistant: Settings > System > Updates > Install, with a backup.",
        "zigbee2mqtt": "Stop Zigbee2MQTT, update it the way it was installed (add-on, Docker image, or ./update.sh), "
        "and read the breaking changes of its release notes.",
        "zwave-js": "Update the add-on, the container, or npm: npm install zwave-js@latest @zwave-js/server@latest",
        "matter-server": "Update the Matter server add-on or its container.",
    }
    return Fix(
        f"Install the newest version{wanted} of the hub's software.",
        (
            "Make a backup of the hub first.",
            steps.get(_software(hub), "Install the update that the hub's settings offer."),
        ),
    )


def stop_analytics(hub: Hub, home: Home) -> Fix:
    """Stop sending usage data to the makers."""
    steps = {
        "homeassistant": "Home Assistant: Settings > System > Analytics: switch everything off.",
        "zwave-js": "Z-Wave JS UI: Settings > Z-Wave > Disclaimer: switch Enable statistics off; by the server: "
        "driver.disable_statistics",
    }
    return Fix(
        "Stop sending usage data to the makers.",
        (steps.get(_software(hub), "Switch analytics, usage data or statistics off in the hub's settings."),),
    )


def close_files(hub: Hub, home: Home) -> Fix:
    """Let only the hub's own user read the files that hold secrets."""
    files = hub.open_files.value if hub.open_files is not None else ()
    named = (f"In the hub's data folder run: chmod 600 {shlex.join(files)}",) if files else ()
    return Fix(
        "Let only the hub's own user read its files with secrets.",
        (*named, "Close the folder as well: chmod 700, as the user the hub runs as.", _BACKUPS),
    )


def hide_stored_pins(hub: Hub, home: Home) -> Fix:
    """Keep PINs out of the hub's files, or at least out of others' reach."""
    steps = {
        "zwave-js": (
            "The Z-Wave driver writes the codes it reads into its cache folder and cannot be told not to.",
            "Let only its own user read that folder: chmod 700 CACHE_FOLDER",
            "Keep it on an encrypted disk.",
        ),
        "zigbee2mqtt": (
            f"{_ZIGBEE2MQTT_YAML} set expose_pin: false for each lock, and advanced.log_level: warning.",
            "Delete old log files. Restart Zigbee2MQTT.",
            "Let only its own user read the data folder: chmod 700 DATA_FOLDER",
        ),
        "homeassistant": (
            "Home Assistant: open each lock's entity settings and empty Default code.",
            "Let only its own user read the configuration folder: chmod 700 CONFIG_FOLDER",
        ),
    }
    return Fix(
        "Keep PINs out of the hub's files, and the files out of others' reach.",
        (*steps.get(_software(hub), ("Let only the hub's own user read its data folder: chmod 700",)), _BACKUPS),
    )
