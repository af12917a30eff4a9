"""What to do about an alert: one or two sentences for each detection."""

from __future__ import annotations

from collections.abc import Mapping

TODO: Mapping[str, str] = {
    "battery-falling": "Have new batteries ready. A battery that falls fast may be the wrong kind, or the bolt drags.",
    "battery-low": "Change the batteries now, while the lock still opens, with the kind that its maker names.",
    "blocked-code": (
        "Look at the grant under Access: it says what the lock refused. Until then that person cannot get in."
    ),
    "clock-step": "If you did not set the clock, look at this machine's time and time zone: schedules go by it.",
    "code-at-two-doors": "Ask whose code it is. If they were not at both doors, take the code off and give another.",
    "code-outside-schedule": (
        "Ask that person. If it was not meant, end the grant and see that the code is off the lock."
    ),
    "dead-channel": "Send a test under Channels. Until it works, other channels must reach you.",
    "downgrade": "Include the device anew with its strongest security. Until then its radio can be read or imitated.",
    "exposed-code": (
        "Take the code off at the lock by hand; Access says how for your model. Until then it may open the door."
    ),
    "forced-door": "Do not go in alone. Call the police if you were not there, and keep everything as it is.",
    "failed-sign-ins": "If it was none of yours, somebody tries to get into the web app. Change your password.",
    "foreign-change": "Ask who else has the lock's app or keypad. If nobody did it, change the master code.",
    "foreign-code": "Find out whose code it is under Access. If nobody knows it, take it off.",
    "gap": "Look at the hub and its radio: what happens while nothing is heard is in no journal.",
    "jam": (
        "See whether the door is shut and pulled close, then lock again. Until the bolt is out, the door is not locked."
    ),
    "join-open": "Close the hub for new devices, unless you are adding one right now.",
    "journal-tampered": (
        "Keep the journal's file as it is, and copy the folder. Then look at what the verification names."
    ),
    "keypad-lockout": "Somebody tried too many codes. Look who was at the door before you switch the keypad on again.",
    "locked-while-open": (
        "The bolt may stand out of an open door: it can break the frame. Check the door sensor, then close."
    ),
    "long-open-door": "Close the door, or see who holds it open.",
    "autolock": "Go and look at the door: it did not lock by itself. Until the bolt is out, it is not locked.",
    "posture": "See Posture: the finding says what got worse, how that is known, and how to mend it.",
    "offline": "Look at its power and its distance from the hub. Until it answers, nobody knows how the door is.",
    "opened-while-locked": "Look at the door: the bolt may miss the strike, or somebody got past it.",
    "remote-or-voice-unlock": (
        "If it was nobody of yours, change the accounts that can open the door, and look who is signed in."
    ),
    "removed-code-used": (
        "Somebody opened with a code that should be gone. See who it was, and take the code off at the lock."
    ),
    "repeated-jams": (
        "Let the bolt run freely: strike plate, hinges, weather strip. A lock that jams will fail you one night."
    ),
    "repeated-wrong-codes": "See who is at the door. One of yours may have a wrong code; somebody else may be trying.",
    "tamper": "Look at the lock itself: cover, screws, keypad. If it was opened, change its codes.",
    "unknown-code": "Find out whose code it was under Access. If nobody knows it, take it off and change the others.",
    "unusual-hour": "Ask that person, if it worries you. Nothing else may be wrong.",
    "wrong-codes-across-doors": "Somebody goes from door to door. See who it is.",
}
"""By the detection's id."""
OTHERWISE = "See what is behind it in the journal."
