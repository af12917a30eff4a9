"""Plugs are found by their kind: in the two packages, and in what others add by entry point."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from nightlatch import plugs
from nightlatch.errors import ConfigurationError
from nightlatch.model.evidence import Item
from nightlatch.sources.interface import PathSettings, Source


class Doubled(Source, kind="a-double-of-the-tests"):
    """A source that no package offers."""

    Settings = PathSettings
    gives = ()

    def collect(self) -> Iterator[Item]:
        """Nothing."""
        yield from ()


def added(monkeypatch: pytest.MonkeyPatch, kind: str, value: str) -> None:
    entry = EntryPoint(kind, value, "nightlatch.sources")

    def entries(*, group: str, name: str = kind) -> list[EntryPoint]:
        return [entry] if group == entry.group and name == kind else []

    monkeypatch.setattr(plugs, "entry_points", entries)


def test_a_class_that_only_happens_to_be_loaded_is_no_kind() -> None:
    assert Doubled.kind not in plugs.kinds()
    assert {"openwrt", "1password", "host-wifi", "zwavejs"} <= set(plugs.kinds())


def test_a_kind_that_a_package_adds_is_known_and_found(monkeypatch: pytest.MonkeyPatch) -> None:
    added(monkeypatch, Doubled.kind, f"{__name__}:Doubled")
    assert Doubled.kind in plugs.kinds()
    assert plugs.find(Doubled.kind) is Doubled


def test_a_package_that_cannot_be_loaded_is_an_error_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    added(monkeypatch, "broken", "no_such_package:Plug")
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        plugs.find("broken")


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError) as error:
        plugs.find("openwtr")
    assert 'Did you mean "openwrt"?' in str(error.value)
