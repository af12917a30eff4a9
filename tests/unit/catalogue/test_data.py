"""The data files: complete, consistent, sourced and quick to decode."""

from __future__ import annotations

import time

from nightlatch.catalogue._data import Bundled, pin_lists
from nightlatch.catalogue.versions import parse


def test_the_catalogue_holds_what_it_says() -> None:
    data = Bundled()
    assert (len(data.zwave), len(data.zigbee), len(data.matter), len(data.profiles)) == (151, 55, 120, 35)
    assert len([flaw for flaw in data.vulnerabilities if flaw.id.startswith("CVE-")]) == 68
    assert len(data.batteries) == 100
    assert len(data.hosts) >= 60
    assert len([one for one in data.vendors if one.disclosure and one.disclosure.known]) >= 9
    assert {one.source: len(one.pins) for one in pin_lists()} == {
        "seclists4": 100,
        "amitay4": 27,
        "rockyou4": 300,
        "rule4": 24,
        "top6": 29,
    }


def test_keys_are_unique() -> None:
    data = Bundled()
    keys = [entry.key for group in (data.zwave, data.zigbee, data.matter) for entry in group]
    assert len(keys) == len(set(keys))
    suffixes = [host.suffix for host in data.hosts]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix == suffix.casefold().strip(".") for suffix in suffixes)


def test_every_join_leads_somewhere() -> None:
    data = Bundled()
    keys = {entry.key for group in (data.zwave, data.zigbee, data.matter) for entry in group}
    profiles = {profile.name for profile in data.profiles}
    makers = {vendor.name for vendor in data.vendors}
    assert all(key in keys for profile in data.profiles for key in profile.entries)
    assert all(key in keys for battery in data.batteries for key in battery.entries)
    for flaw in data.vulnerabilities:
        for part in flaw.products:
            assert set(part.entries) <= keys
            assert set(part.profiles) <= profiles
            assert set(part.makers) <= makers
            assert set(part.protocols) <= {"zwave", "zigbee", "matter"}
    integrations = {one.integration for one in data.integrations}
    assert all(name in integrations for profile in data.profiles for name in profile.integrations)


def test_every_fact_has_a_source_and_every_known_one_a_confidence() -> None:
    data = Bundled()
    facts = [(profile.name, name, fact) for profile in data.profiles for name, fact in profile.facts.items()]
    for vendor in data.vendors:
        for name in ("disclosure", "contact", "advisories", "support", "scope"):
            fact = getattr(vendor, name)
            if fact is not None:
                facts.append((vendor.name, name, fact))
    for place, name, fact in facts:
        assert fact.source, (place, name)
        assert (fact.confidence is not None) == fact.known, (place, name)
    assert all(flaw.sources and flaw.effect for flaw in data.vulnerabilities)
    assert all(host.source for host in data.hosts)
    assert all(source.licence and source.what for source in data.sources)


def test_pin_lists_name_known_sources_and_hold_digits_of_one_length() -> None:
    known = {source.key for source in Bundled().sources}
    for one in pin_lists():
        assert one.source in known
        assert all(pin.isdigit() and len(pin) == one.digits for pin in one.pins)
        assert len(set(one.pins)) == len(one.pins)


def test_versions_in_ranges_can_be_compared_unless_one_is_named_exactly() -> None:
    for flaw in Bundled().vulnerabilities:
        for part in flaw.products:
            if part.range is not None:
                for edge in (part.range.since, part.range.before, part.range.through):
                    assert not edge or parse(edge) is not None, (flaw.id, edge)


def test_the_whole_catalogue_decodes_in_under_fifteen_milliseconds() -> None:
    times = []
    for _ in range(5):
        data = Bundled()
        start = time.perf_counter()
        loaded = (
            data.zwave,
            data.zigbee,
            data.matter,
            data.profiles,
            data.batteries,
            data.vulnerabilities,
            data.hosts,
            data.vendors,
            data.integrations,
            data.sources,
        )
        times.append(time.perf_counter() - start)
        assert all(loaded)
    assert min(times) < 0.015
