"""Answers questions about lock models: by radio ids, by model name, by free text; and by host and vendor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property

from nightlatch.catalogue._data import bundled
from nightlatch.catalogue.flaws import Judged, Status, concerns, judge
from nightlatch.catalogue.matching import TextMatcher
from nightlatch.catalogue.search import Index
from nightlatch.catalogue.structs import (
    Battery,
    FirmwareRelease,
    Integration,
    Knowledge,
    LockModel,
    Match,
    MatterModel,
    Profile,
    Source,
    Vendor,
    VendorHost,
    Vulnerability,
    ZigbeeModel,
    ZwaveModel,
)

_SHOWN_FIRST = (Status.APPLIES, Status.POSSIBLE, Status.CANNOT_TELL, Status.FIXED, Status.NOT_AFFECTED)


class Catalogue:
    """What is known of lock models. Nothing is read before it is asked for; indices are built once.

    `models`, `vulnerabilities` and `firmware` add what the owner imported; an imported model replaces
    the catalogue's own of the same key.
    """

    def __init__(
        self,
        *,
        models: Iterable[LockModel] = (),
        vulnerabilities: Iterable[Vulnerability] = (),
        firmware: Iterable[FirmwareRelease] = (),
    ) -> None:
        self._own = bundled()
        self._models = tuple(models)
        self._imported_flaws = tuple(vulnerabilities)
        self._firmware = tuple(firmware)

    @property
    def as_of(self) -> datetime:
        """The day that the catalogue's own facts are of."""
        return self._own.as_of

    def zwave(self, manufacturer_id: int, product_type: int, product_id: int) -> Knowledge | None:
        """The lock with these Z-Wave ids."""
        entry = self._by_zwave.get((manufacturer_id, product_type, product_id))
        return self._about(entry) if entry else None

    def zigbee(self, model: str) -> Knowledge | None:
        """The lock that reports this Zigbee model, or that Zigbee2MQTT calls so."""
        entry = self._by_zigbee.get(model.strip().casefold())
        return self._about(entry) if entry else None

    def matter(self, vendor_id: int, product_id: int) -> Knowledge | None:
        """The lock with these Matter ids."""
        entry = self._by_matter.get((vendor_id, product_id))
        return self._about(entry) if entry else None

    def key(self, key: str) -> Knowledge | None:
        """The model of that key, as `Knowledge.key` gives it."""
        return next((model for model in self._documents if model.key == key), None)

    def search(self, text: str, limit: int = 10) -> tuple[Match, ...]:
        """Models that free text may mean, best first; empty when the catalogue knows none.

        Curated profiles come before single models that score the same.
        """
        return tuple(Match(score, self._documents[number]) for score, number in self._index.find(text, limit))

    def identify(self, text: str) -> Knowledge | None:
        """The model that free text names, when one answer is clearly the best: score 0.8 or more."""
        best = self.search(text, 1)
        return best[0].model if best and best[0].score >= 0.8 else None

    def vulnerabilities(
        self,
        model: Knowledge,
        firmware: str | None = None,
        *,
        link: str | None = None,
        parts: Mapping[str, str] | None = None,
    ) -> tuple[Judged, ...]:
        """Every vulnerability that concerns the model, judged; ones that apply come first.

        `link` is the lock's Z-Wave security ("s0", "s2", "none"), `parts` the versions of companion
        products by the catalogue's name. Imported records can only ever be `possible`.
        """
        judged = (judge(flaw, model, firmware, link=link, parts=parts) for flaw in model.vulnerabilities)
        return tuple(sorted((one for one in judged if one), key=lambda one: _SHOWN_FIRST.index(one.status)))

    def newest_firmware(self, model: Knowledge) -> FirmwareRelease | None:
        """The newest firmware for the model in the imported indices."""
        from nightlatch.catalogue.firmware import newest

        return newest(model.entry, self._firmware) if model.entry else None

    def host(self, name: str) -> VendorHost | None:
        """Whose a DNS name is: the longest suffix that fits whole labels."""
        labels = name.strip().strip(".").casefold().split(".")
        if len(labels) > 127:
            return None
        return next(
            (self._hosts[tail] for at in range(len(labels)) if (tail := ".".join(labels[at:])) in self._hosts), None
        )

    def vendor(self, name: str) -> Vendor | None:
        """The maker of that name, or known also by it."""
        return self._vendors.get(_plain(name))

    def integration(self, name: str) -> Integration | None:
        """How the Home Assistant integration of that name reaches its devices."""
        return self._integrations.get(name)

    def searched(self, maker: str) -> bool:
        """Whether vulnerabilities of this maker were looked for when the catalogue was made."""
        return maker in self._searched

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source that facts are from."""
        return self._own.sources

    def source(self, key: str) -> Source | None:
        """What a fact's source is, by its short name."""
        return self._sources.get(key)

    def default_pins(self, model: Knowledge | None = None) -> dict[str, str]:
        """Default codes that are public knowledge, each with its source: of the model, or of every model."""
        profiles = self._own.profiles if model is None else (model.profile,) if model.profile else ()
        found: dict[str, str] = {}
        for profile in profiles:
            fact = profile.facts.get("default_codes")
            if fact and isinstance(fact.value, dict):
                for code in fact.value.values():
                    found.setdefault(str(code), fact.source)
        return found

    def entries(self) -> Iterator[LockModel]:
        """Every lock model, imported ones in place of the catalogue's own."""
        replaced = {model.key for model in self._models}
        for group in (self._own.zwave, self._own.zigbee, self._own.matter):
            yield from (model for model in group if model.key not in replaced)
        yield from self._models

    @cached_property
    def _by_zwave(self) -> dict[tuple[int, int, int], ZwaveModel]:
        models = [*self._own.zwave, *(one for one in self._models if isinstance(one, ZwaveModel))]
        return {(one.manufacturer_id, *ids): one for one in models for ids in one.ids}

    @cached_property
    def _by_zigbee(self) -> dict[str, ZigbeeModel]:
        models = [*self._own.zigbee, *(one for one in self._models if isinstance(one, ZigbeeModel))]
        named = {name.casefold(): one for one in models for name in (*one.model.split("/"), one.model)}
        return named | {name.casefold(): one for one in models for name in one.zigbee_models}

    @cached_property
    def _by_matter(self) -> dict[tuple[int, int], MatterModel]:
        models = [*self._own.matter, *(one for one in self._models if isinstance(one, MatterModel))]
        return {(one.vendor_id, one.product_id): one for one in models}

    @cached_property
    def _profile_of(self) -> dict[str, Profile]:
        return {key: profile for profile in reversed(self._own.profiles) for key in profile.entries}

    @cached_property
    def _battery_of(self) -> dict[str, Battery]:
        return {key: battery for battery in reversed(self._own.batteries) for key in battery.entries}

    @cached_property
    def _hosts(self) -> dict[str, VendorHost]:
        return {host.suffix: host for host in self._own.hosts}

    @cached_property
    def _vendors(self) -> dict[str, Vendor]:
        return {_plain(name): one for one in self._own.vendors for name in (*one.aliases, one.name)}

    @cached_property
    def _searched(self) -> frozenset[str]:
        makers = {maker for one in self._own.none_found for maker in one.makers}
        return frozenset(makers | {self._maker(flaw.vendor) for flaw in self._own.vulnerabilities})

    @cached_property
    def _integrations(self) -> dict[str, Integration]:
        return {one.integration: one for one in self._own.integrations}

    @cached_property
    def _sources(self) -> dict[str, Source]:
        return {one.key: one for one in self._own.sources}

    @cached_property
    def _documents(self) -> tuple[Knowledge, ...]:
        """Every model that free text can find; profiles first, so that they win a tie."""
        found = [self._join(profile.name, profile.maker, profile=profile) for profile in self._own.profiles]
        found += [self._about(entry) for entry in self.entries()]
        found += [
            self._join(f"{self._maker(battery.maker)} {battery.model}", battery.maker, battery=battery)
            for battery in self._own.batteries
            if not battery.entries
        ]
        named = {}
        for flaw in self._own.vulnerabilities:
            for part in flaw.products:
                known_otherwise = part.entries or part.profiles or part.makers or part.protocols
                if part.kind in ("lock", "padlock", "lockbox") and not known_otherwise:
                    named[part.name] = flaw.vendor
        return (*found, *(self._join(name, vendor, product=name) for name, vendor in named.items()))

    @cached_property
    def _index(self) -> Index:
        # A model of which nothing but the battery is known comes after one that says more.
        return Index(
            (*_names(model), 1.0 if model.entry or model.profile or model.product else 0.9) for model in self._documents
        )

    def _about(self, entry: LockModel) -> Knowledge:
        return self._join(
            f"{self._maker(entry.maker)} {entry.model}",
            entry.maker,
            entry=entry,
            profile=self._profile_of.get(entry.key),
            battery=self._battery_of.get(entry.key),
        )

    def _join(
        self,
        name: str,
        maker: str,
        *,
        entry: LockModel | None = None,
        profile: Profile | None = None,
        battery: Battery | None = None,
        product: str = "",
    ) -> Knowledge:
        brand = self._maker(maker)
        if name.casefold().startswith(f"{brand} {brand} ".casefold()):
            name = name[len(brand) + 1 :]
        if battery is None and profile is not None:
            battery = next((self._battery_of[key] for key in profile.entries if key in self._battery_of), None)
        none_found = next((one for one in self._own.none_found if brand in one.makers), None)
        model = Knowledge(name, brand, entry, profile, battery, product, (), none_found, self.vendor(maker))
        flaws = [flaw for flaw in self._own.vulnerabilities if any(concerns(part, model) for part in flaw.products)]
        flaws += self._matcher.matching(model, _names(model)) if self._imported_flaws else []
        return Knowledge(name, brand, entry, profile, battery, product, tuple(flaws), none_found, model.vendor)

    def _maker(self, name: str) -> str:
        vendor = self._vendors.get(_plain(name))
        return vendor.name if vendor else name

    @cached_property
    def _matcher(self) -> TextMatcher:
        return TextMatcher(self._imported_flaws)


def _names(model: Knowledge) -> tuple[str, str, str]:
    """The main name of a model for the search, the others it goes by, and its brand."""
    main, _, aside = model.name.partition("(")
    other = [aside]
    entry = model.entry
    if entry is not None:
        other.append(entry.maker)
    if isinstance(entry, ZigbeeModel):
        other += entry.zigbee_models
    if isinstance(entry, MatterModel):
        other.append(entry.part)
    if model.battery is not None and entry is None and model.profile is None:
        other.append(model.battery.model_id)
    return main, " ".join(other), model.maker


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
