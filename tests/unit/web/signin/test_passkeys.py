"""What a passkey's answer proves, whatever is sent."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.store.users import Passkey, User
from nightlatch.web.signin import passkeys
from nightlatch.web.signin.ceremonies import Ceremonies, Expired
from nightlatch.web.signin.passkeys import NotProven, party
from tests.unit.web.signin.authenticator import Authenticator, b64, raw

NOW = 1_800_000_000_000_000
HOST = "localhost:5625"
WHO = User("rosa", "Rosa", "owner", "AAAAAAAAAAAAAAAAAAAAAA", NOW)
HERE = passkeys.needed(HOST)
CEREMONIES = Ceremonies()
DEVICE = Authenticator()


def made() -> dict[str, Any]:
    options = passkeys.new_options(WHO, "Elm", HERE, CEREMONIES.challenge("new", NOW), ())
    return DEVICE.create(options)


def kept(answer: dict[str, Any]) -> Passkey:
    return passkeys.registered(answer, HERE, CEREMONIES, NOW, purpose="new", user="rosa", name="Key")


KEY = kept(made())


def used() -> dict[str, Any]:
    return DEVICE.get(passkeys.options(HERE, CEREMONIES.challenge("in", NOW)), KEY.id)


def proven(answer: dict[str, Any]) -> Passkey:
    return passkeys.proven(answer, KEY, HERE, CEREMONIES, NOW, purpose="in")


def test_what_is_right_is_taken() -> None:
    assert proven(used()).counter > KEY.counter


@pytest.mark.parametrize(
    ("host", "id_", "origins"),
    [
        ("localhost:5625", "localhost", ("https://localhost:5625", "http://localhost:5625")),
        ("nightlatch.lan", "nightlatch.lan", ("https://nightlatch.lan",)),
        ("Home.Local:8443", "home.local", ("https://Home.Local:8443",)),
        ("127.0.0.1:5625", "", ()),
        ("[::1]:5625", "", ()),
        ("[fd00::1]", "", ()),
        ("192.168.1.2", "", ()),
        ("", "", ()),
    ],
)
def test_a_passkey_is_for_a_name_and_never_for_an_address(host: str, id_: str, origins: tuple[str, ...]) -> None:
    found = party(host)
    assert (found.id, found.origins) == (id_, origins) if found is not None else id_ == ""


FIELDS = ("clientDataJSON", "authenticatorData", "signature", "attestationObject", "userHandle")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_byte_changed_anywhere_proves_nothing_or_changes_nothing(data: st.DataObject) -> None:
    registering = data.draw(st.booleans())
    answer = made() if registering else used()
    field = data.draw(st.sampled_from([one for one in FIELDS if one in answer["response"] and one != "userHandle"]))
    body = bytearray(raw(answer["response"][field]))
    # A signature's length varies by itself: the place is drawn apart from it.
    place = data.draw(st.integers(0, 9_999))
    body[place % len(body)] ^= data.draw(st.integers(1, 255))
    answer["response"][field] = b64(bytes(body))
    if not registering:
        with pytest.raises((NotProven, Expired)):
            proven(answer)
        return
    # Without an attestation nobody vouches for the key itself: another is somebody else's, and of no use to them.
    try:
        passkey = kept(answer)
    except (NotProven, Expired):
        return
    assert passkey.user == "rosa"
    assert passkey.rp == HERE.id


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=10), below, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_stands_in_the_place_of_a_field_is_one_refusal(data: st.DataObject) -> None:
    registering = data.draw(st.booleans())
    answer = copy.deepcopy(made() if registering else used())
    where = data.draw(st.sampled_from(["id", "rawId", "type", "response", *answer["response"]]))
    place = answer["response"] if where in answer["response"] else answer
    place[where] = data.draw(JSON | st.binary(max_size=200).map(b64))
    if where in ("transports", "userHandle"):
        return  # what the first holds of no known word is left out; the second is compared by who asks
    with pytest.raises((NotProven, Expired)):
        kept(answer) if registering else proven(answer)


def test_transports_that_no_browser_knows_are_left_out() -> None:
    answer = made()
    answer["response"]["transports"] = ["usb", "telepathy", 3, None, "internal"]
    assert kept(answer).transports == "internal usb"


def test_a_passkey_of_another_name_of_this_machine_is_not_taken() -> None:
    other = msgspec.structs.replace(KEY, rp="nightlatch.lan")
    with pytest.raises(NotProven):
        passkeys.proven(used(), other, HERE, CEREMONIES, NOW, purpose="in")
