"""Profiles: which practices an audit judges, and with which thresholds. Data files beside this module."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import msgspec

from nightlatch.errors import ConfigurationError, ReadError
from nightlatch.practices.interface import Practice
from nightlatch.practices.registry import practices
from nightlatch.reading.files import read_text
from nightlatch.text import listed, suggest

BUILT_IN = ("full", "minimal")


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of practices ("*" for all) and thresholds by "practice.threshold"."""

    name: str
    title: str
    practices: list[str]
    thresholds: dict[str, float] = {}

    def chosen(self) -> tuple[Practice, ...]:
        """The practices it judges, in the guide's order."""
        return tuple(item for item in practices() if "*" in self.practices or item.id in self.practices)

    def loosened(self) -> tuple[str, ...]:
        """A sentence for each threshold that is looser than the guide's."""
        return tuple(
            f"{limit.doc}: {value:g} instead of {limit.default:g} {limit.unit}"
            for practice in self.chosen()
            for limit in practice.thresholds
            if (value := self.thresholds.get(limit.path)) is not None
            and (value > limit.default if limit.stricter == "lower" else value < limit.default)
        )


def load(name: str, base: Path) -> Profile:
    """A built-in profile, or one of the owner's: a path to a TOML file, relative to `base`."""
    if name in BUILT_IN:
        text, where = resources.files(__package__).joinpath("profile_data", f"{name}.toml").read_text("utf-8"), name
    elif name.endswith(".toml"):
        path = base / Path(name).expanduser()
        try:
            text, where = read_text(path, limit=1024 * 1024), str(path)
        except ReadError as error:
            raise ConfigurationError(error.what, where=error.where) from None
    else:
        raise ConfigurationError(
            f"there is no profile {name!r}",
            todo=suggest(name, BUILT_IN) or f"Built in: {listed(BUILT_IN)}; or name a .toml file.",
        )
    try:
        profile = msgspec.convert(tomllib.loads(text), Profile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"this profile cannot be read: {error}", where=where) from None
    known = {item.id for item in practices()}
    limits = {limit.path for item in practices() for limit in item.thresholds}
    for word, words in ((profile.practices, known | {"*"}), (profile.thresholds, limits)):
        for item in word:
            if item not in words:
                raise ConfigurationError(
                    f"the profile names {item!r}, which does not exist", where=where, todo=suggest(item, words)
                )
    return profile
