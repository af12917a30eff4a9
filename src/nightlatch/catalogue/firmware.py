"""The newest firmware of a lock in the indices that the owner imported."""

from __future__ import annotations

from collections.abc import Iterable

from nightlatch.catalogue.structs import FirmwareRelease, LockModel, ZigbeeModel, ZwaveModel
from nightlatch.catalogue.versions import parse


def newest(model: LockModel, releases: Iterable[FirmwareRelease]) -> FirmwareRelease | None:
    """The newest release for this model; None when no index names it.

    Z-Wave releases fit by ids, Zigbee ones only where the index names the model that the lock
    reports: a manufacturer's code and image type alone do not tell one lock from another.
    """
    fitting = [release for release in releases if _fits(release, model)]
    return max(fitting, key=lambda one: (one.number or 0, parse(one.version) or ()), default=None)


def _fits(release: FirmwareRelease, model: LockModel) -> bool:
    if isinstance(model, ZwaveModel) and release.protocol == "zwave":
        manufacturer, *ids = release.device
        return manufacturer == model.manufacturer_id and tuple(ids) in model.ids
    if isinstance(model, ZigbeeModel) and release.protocol == "zigbee":
        return bool(set(release.models) & {*model.zigbee_models, *model.model.split("/")})
    return False
