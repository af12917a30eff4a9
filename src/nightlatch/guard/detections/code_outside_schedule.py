"""A credential opened a door when it should not have."""

from __future__ import annotations

from nightlatch.access.schedules import running
from nightlatch.guard.detections._wording import credential, slot_key
from nightlatch.guard.detections.interface import Detection, hears
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity


class CodeOutsideSchedule(Detection, id="code-outside-schedule"):
    """A door was unlocked by a credential before it began, after its end (critical), or outside its hours.

    Hours are those of the clock at home. An unlocking that was found out only after a reconnect is not
    judged: when it happened is not known.
    """

    title = "A code opened a door outside its schedule, or after its end"
    severity = Severity.HIGH

    @hears("unlocked")
    def unlocked(self, event: Event) -> None:
        """Compare the time with what the credential allows."""
        if not event.slot or event.resync:
            return
        holder = self.setting.household.holders.get((event.about, event.slot))
        if holder is None:
            return
        at = event.at
        severity = self.severity
        local = self.setting.local
        if holder.ends and at >= holder.ends:
            severity = Severity.CRITICAL
            why = f"which ended on {local.day(holder.ends)} at {local.clock(holder.ends)}"
        elif at < holder.starts:
            why = f"which begins only on {local.day(holder.starts)} at {local.clock(holder.starts)}"
        elif holder.windows:
            minute = local.of_week(at)
            for begin, end in holder.windows:
                if begin <= minute < end:
                    return
            why = "outside its hours"
        elif holder.grants and not any(running(grant, local.zone, at) for grant in holder.grants):
            last = max(grant.ended or grant.ends or at + 1 for grant in holder.grants)
            if last <= at:
                severity = Severity.CRITICAL
                why = f"whose grant ended on {local.day(last)} at {local.clock(last)}"
            else:
                why = "outside the times that are granted"
        else:
            return
        self.tell(
            at,
            event.about,
            f"{self.place(event.about)} was unlocked at {local.clock(at)} with {credential(event)}, {why}.",
            key=slot_key(event),
            person=self.setting.household.person(event),
            severity=severity,
        )
