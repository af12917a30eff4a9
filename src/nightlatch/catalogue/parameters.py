"""Which parameters of a lock may be advised and set. A factory reset is never among them."""

from __future__ import annotations

from nightlatch.catalogue.structs import LockModel, Parameter, Role, ZwaveModel


def settable_parameters(model: LockModel) -> tuple[Parameter, ...]:
    """The parameters of a Z-Wave lock that may be advised or written; none for other locks.

    Left out: read-only ones, ones that reset the lock, and every other part of a parameter of which
    one part resets it, because a parameter is written as a whole.
    """
    if not isinstance(model, ZwaveModel):
        return ()
    dangerous = {one.number for one in model.parameters if one.role is Role.RESET_DANGER}
    return tuple(one for one in model.parameters if not one.read_only and one.number not in dangerous)


def parameter(model: LockModel, role: Role) -> Parameter | None:
    """The settable parameter of that role, the first where there are several."""
    return next((one for one in settable_parameters(model) if one.role is role), None)
