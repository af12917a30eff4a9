"""Reads a table whose keys depend on its `kind`: a source's, a witness's, an alert channel's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nightlatch.configuration.read import Configuration, explain
from nightlatch.errors import ConfigurationError, NightlatchError
from nightlatch.secrets import Secret, resolve

T = TypeVar("T", bound=msgspec.Struct)


def settings(
    configuration: Configuration,
    place: tuple[str | int, ...],
    table: Mapping[str, Any],
    wanted: type[T],
    env: Mapping[str, str],
) -> T:
    """The table at a place of the file (`("sources", 0)`), without `kind` and `id`, as a struct of settings.

    A `Path` becomes absolute, a `Secret` is resolved. ConfigurationError with file, line and key when
    it does not fit; SecretError when a secret cannot be had.
    """
    raw = {key: value for key, value in table.items() if key not in ("kind", "id")}

    def hook(type_: type, value: Any) -> Any:
        if type_ is Path and isinstance(value, str):
            try:
                return configuration.base / Path(value).expanduser()
            except RuntimeError:
                raise ValueError(f"{value!r} begins with the name of nobody who has a home folder here") from None
        if type_ is Secret and isinstance(value, str):
            return resolve(value, env=env, base=configuration.base, where=configuration.where(*place))
        raise ValueError(f"expected text, got {type(value).__name__}")

    try:
        return msgspec.convert(raw, wanted, dec_hook=hook)
    except msgspec.ValidationError as error:
        # An error that the hook raised comes wrapped; the user needs ours.
        if isinstance(error.__cause__, NightlatchError):
            raise error.__cause__ from None
        raise explain(str(error), place, wanted, configuration.path, configuration.lines) from None
    except ConfigurationError:
        raise
    except NightlatchError as error:
        raise configuration.error(str(error), *place) from None
