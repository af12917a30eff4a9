"""How a lock is set, followed as the driver tells that its parameters change."""

from __future__ import annotations

from nightlatch.catalogue import Knowledge, Role
from nightlatch.ecosystems._zwavejs import parameters
from nightlatch.ecosystems._zwavejs.messages import CONFIGURATION, Node
from nightlatch.ecosystems._zwavejs.parameters import Reading
from nightlatch.model.evidence import Ref
from nightlatch.model.lock import Lock


class LockSettings:
    """The settings that the catalogue maps, by the names of Lock's fields; a switch as 0 or 1."""

    def __init__(self, node: Node, lock: Ref, model: Knowledge | None) -> None:
        self._lock = lock
        self._parameters = parameters.to_read(model)
        self._readings: dict[Role, Reading] = {}
        for parameter in self._parameters:
            cached = node.value(CONFIGURATION, parameter.number, parameter.bits)
            value = cached.read(int) if cached is not None else None
            if value is not None:
                self._readings[parameter.role] = Reading(parameter, value, "")

    @property
    def values(self) -> dict[str, int | str]:
        """What is known of them."""
        claims = parameters.claims(self._lock, self._readings)
        return {
            claim.fact: int(claim.value) if isinstance(claim.value, bool) else claim.value
            for claim in claims
            if claim.fact != Lock.auto_lock_by.name
        }

    @property
    def relock_s(self) -> int | None:
        """After how many seconds it locks itself; 0: never; None: not known."""
        seconds = self.values.get(Lock.auto_relock_s.name)
        return seconds if isinstance(seconds, int) else None

    def change(self, number: object, bits: object, value: int) -> dict[str, int | str]:
        """A parameter, or its bits, was set: the settings that changed by it."""
        before = self.values
        for parameter in self._parameters:
            if (parameter.number, parameter.bits) == (number, bits):
                self._readings[parameter.role] = Reading(parameter, value, "")
        return {name: now for name, now in self.values.items() if before.get(name) != now}
