"""The picture of the home that Home Assistant is shown, from the parts of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nightlatch.guard.detections.registry import detections
from nightlatch.guard.entities.showing import DoorStanding, OpenAlerts, Picture, Posture
from nightlatch.plugs import wall as clock
from nightlatch.service.reporting import security

if TYPE_CHECKING:
    from nightlatch.service.service import Service


def picture(service: Service) -> Picture:
    """How everything stands now."""
    audit, upkeep, household = service.auditor.last, service.upkeep, service.household
    alerts = service.alerts.open()
    posture = Posture()
    if audit is not None:
        worst = audit.first()
        posture = Posture(audit.score, audit.coverage, audit.worst, worst[0].practice_title if worst else "")
    newest = max(alerts, key=lambda row: row.first, default=None)
    known = detections().get(newest.detection) if newest is not None else None
    doors = []
    for standing in service.listener.states.values():
        door = household.door_of.get(standing.about, standing.about)
        stands = security(standing, standing.secured(clock()).answer)
        last = service.reporter.last.get(standing.about)
        doors.append(
            DoorStanding(
                door.partition(":")[2],
                household.name(door),
                "unlocked" if stands == "jammed" else stands,
                standing.battery,
                last.kind if last is not None else None,
                last.at if last is not None else 0,
            )
        )
    return Picture(
        posture,
        OpenAlerts(len(alerts), known.title if known is not None else ""),
        {None: "unknown", True: "intact", False: "damaged"}[upkeep.intact],  # type: ignore[arg-type]
        tuple(doors),
    )
