"""A door: how the lock sits in it, and how people get through it without the lock."""

from __future__ import annotations

from datetime import date
from typing import Literal

from nightlatch.model.thing import Field, Thing


class Door(Thing, kind="door"):
    """A door that a lock is fitted to, or that is another way in."""

    name = Field[str]("what the owner calls it")
    exterior = Field[bool]("it leads outside", ask="Does this door lead outside?")
    dwelling = Field[str](
        "which flat or part of the building it leads into, where there are several",
        ask="Into which flat or part of the building does this door lead? (only where there are several)",
    )
    strike_plate = Field[Literal["reinforced", "standard", "none"]](
        "which plate in the frame the bolt enters", ask="Is the strike plate in the frame reinforced or standard?"
    )
    screws_mm = Field[int](
        "how long the strike plate's screws are, in mm", ask="How long are the strike plate's screws, in mm?"
    )
    mounting = Field[Literal["to_maker_torque", "by_hand", "loose"]](
        "how firmly the lock is mounted",
        ask="Was the lock mounted as the maker says (to_maker_torque), by_hand, or is it loose?",
    )
    aligned = Field[bool](
        "the bolt slides into the strike without pushing or pulling the door",
        ask="Does the bolt slide in without pushing, pulling or lifting the door?",
    )
    jams_30_days = Field[int]("how often the bolt jammed in the last 30 days")
    backup_key = Field[Literal["trusted_person", "key_safe", "off_site", "hidden_outside", "inside_only", "none"]](
        "where the spare mechanical key is",
        ask="Where is the spare key: with a trusted_person, in a key_safe, off_site (such as at work), "
        "hidden_outside (mat, pot, ledge), inside_only, or none?",
    )
    backup_key_checked_on = Field[date](
        "the day someone last opened the door with the spare key", ask="When did you last try the spare key?"
    )
    other_way_in = Field[bool](
        "another, independent way into the home exists that does not depend on this lock",
        ask="Is there another way in that does not depend on this lock, such as a back door with a plain key?",
    )
    egress_without_power = Field[bool](
        "people inside can always leave without power, code or phone",
        ask="Can people inside always open this door by hand, without power, code or phone?",
    )
