"""What may be advised and set of a lock: never a factory reset."""

from __future__ import annotations

from nightlatch.catalogue import Catalogue, Role, parameter, settable_parameters
from nightlatch.catalogue.structs import Parameter, ZwaveModel


def test_no_definition_with_a_reset_parameter_ever_offers_it() -> None:
    dangerous = [
        entry
        for entry in Catalogue().entries()
        if isinstance(entry, ZwaveModel) and any(one.role is Role.RESET_DANGER for one in entry.parameters)
    ]
    assert len(dangerous) == 58
    for entry in dangerous:
        numbers = {one.number for one in entry.parameters if one.role is Role.RESET_DANGER}
        offered = settable_parameters(entry)
        assert not numbers & {one.number for one in offered}, entry.key
        assert parameter(entry, Role.RESET_DANGER) is None
        assert not any("reset" in one.label.lower() for one in offered), entry.key


def test_read_only_parameters_are_not_offered() -> None:
    lock = Catalogue().zwave(0x0090, 0x0001, 0x0642)
    assert lock is not None
    assert isinstance(lock.entry, ZwaveModel)
    assert any(one.read_only for one in lock.entry.parameters)
    assert settable_parameters(lock.entry) == ()


def test_a_part_of_a_parameter_that_also_resets_is_not_offered() -> None:
    lock = ZwaveModel(
        "zwave:test",
        "Test",
        "T1",
        1,
        ((1, 1),),
        (
            Parameter(Role.VOLUME, 40, "Volume", 0, bits=0x01),
            Parameter(Role.RESET_DANGER, 40, "Reset", 0, bits=0x80),
            Parameter(Role.ONE_TOUCH, 3, "One Touch", 0),
        ),
    )
    assert [one.role for one in settable_parameters(lock)] == [Role.ONE_TOUCH]


def test_a_role_finds_its_parameter_with_its_range() -> None:
    lock = Catalogue().zwave(0x0129, 0x8104, 0x45D2)
    assert lock is not None
    assert lock.entry is not None
    limit = parameter(lock.entry, Role.WRONG_CODE_LIMIT)
    assert limit is not None
    assert (limit.name, limit.min, limit.max) == ("4", 3, 10)


def test_locks_of_other_radios_have_none() -> None:
    lock = Catalogue().zigbee("YRD652 TSDB")
    assert lock is not None
    assert lock.entry is not None
    assert settable_parameters(lock.entry) == ()
