"""The control port: a test says, line by line, what somebody at the door does.

    keypad 3      somebody types the code of user 3 and the lock opens
    badpin        somebody types a wrong code
    type 264813   somebody types these digits: answered "opened" or "wrong code"
    add 9 5831    somebody puts a code into slot 9 at the keypad ("add 9 5831 quiet": the hub is not told)
    remove 9      somebody removes the code of slot 9 at the keypad ("remove 9 quiet": the hub is not told)
    masked        from now on the lock does not give codes back, only that there is one ("open" undoes it)
    manual        the thumb turn opens the lock ("manual lock" closes it)
    tamper        the front of the lock is taken off
    batt 12       the battery falls to 12 %
    mood jammed   how it takes orders from now on: jammed, stubborn, silent, refusing, … (see Mood), or well again
    frames        how many frames the hub has sent to the lock
    memory        what the lock itself holds, as JSON: the ground truth

Every line is answered by one line: `ok`, the JSON, or `error: ...`.
"""

from __future__ import annotations

import asyncio
import json

from .lock import LOCKED, Lock, Mood


def perform(lock: Lock, line: str) -> str:
    """Do what one line says; the answer, without its line end."""
    match line.split():
        case ["keypad", user] if user.isdecimal():
            lock.keypad_unlock(int(user))
        case ["badpin"]:
            lock.wrong_code()
        case ["type", pin] if pin.isdecimal():
            return "opened" if lock.typed(pin.encode()) else "wrong code"
        case ["add", user, pin, *quiet] if user.isdecimal() and pin.isdecimal():
            return lock.programmed_at_keypad(int(user), pin.encode(), quietly=bool(quiet)).name.lower()
        case ["remove", user, *quiet] if user.isdecimal():
            lock.programmed_at_keypad(int(user), None, quietly=bool(quiet))
        case ["masked" | "open" as how]:
            lock.codes.masked = how == "masked"
        case ["frames"]:
            return str(lock.frames)
        case ["manual"]:
            lock.thumb_turn(locked=False)
        case ["manual", "lock"]:
            lock.thumb_turn(locked=True)
        case ["tamper"]:
            lock.front_removed()
        case ["batt", percent] if percent.isdecimal() and int(percent) <= 100:
            lock.battery_falls_to(int(percent))
        case ["mood", mood] if mood in set(Mood):
            lock.mood = Mood(mood)
        case ["memory"]:
            return json.dumps(memory(lock))
        case _:
            return f"error: unknown order {line.strip()!r}"
    return "ok"


def memory(lock: Lock) -> dict[str, object]:
    """What the lock itself holds, its codes in plain digits."""
    return {
        "locked": lock.state == LOCKED,
        "battery": lock.battery,
        "auto_relock": lock.auto_relock,
        "codes": {str(user): {"status": c.status, "pin": c.pin.decode("ascii")} for user, c in lock.codes.items()},
    }


async def serve(lock: Lock, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Talk to one client of the control port until it hangs up."""
    async for line in reader:
        writer.write(perform(lock, line.decode()).encode() + b"\n")
        await writer.drain()
    writer.close()
