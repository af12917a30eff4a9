"""The publisher that `[entities]` of the configuration asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from nightlatch.configuration.read import Configuration
from nightlatch.ecosystems import _mqtt
from nightlatch.guard.entities.publisher import Account, Publisher
from nightlatch.guard.entities.showing import Names
from nightlatch.secrets import resolve

_LEVELS = re.compile(r"[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,7}")


def publisher(configuration: Configuration, env: Mapping[str, str]) -> Publisher | None:
    """The publisher, or None where there is no `[entities]`.

    ConfigurationError with file and line for what cannot work, SecretError when the password cannot be had.
    """
    table = configuration.tables.entities
    if table is None:
        return None
    try:
        broker = _mqtt.parse(table.url)
    except ValueError as error:
        raise configuration.error(str(error), "entities", "url") from None
    if table.password is not None and table.username is None:
        raise configuration.error('"password" needs "username"', "entities", "password")
    for key, topic in (("discovery_prefix", table.discovery_prefix), ("topic", table.topic)):
        if not _LEVELS.fullmatch(topic):
            raise configuration.error(
                f"{topic!r} cannot be a topic", "entities", key, todo="Use letters, digits, - and _, with / between."
            )
    password = None
    if table.password is not None:
        where = configuration.where("entities", "password")
        password = resolve(table.password, env=env, base=configuration.base, where=where)
    return Publisher(Account(broker, table.username, password), Names(table.discovery_prefix, table.topic))
