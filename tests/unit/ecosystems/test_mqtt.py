from __future__ import annotations

import asyncio
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.ecosystems import _mqtt
from nightlatch.errors import ReadError, SourceError
from nightlatch.secrets import Secret
from tests.unit.ecosystems import fake_mqtt
from tests.unit.ecosystems.fake_mqtt import FakeBroker, Handler, listening


async def hear_everything(url: str, username: str | None = None, password: Secret | None = None) -> dict[str, bytes]:
    async with _mqtt.connect(_mqtt.parse(url), username, password) as inbox:
        await inbox.subscribe("#")
        await inbox.until(lambda: False, 3)
        return {topic: heard.payload for topic, heard in inbox.newest.items()}


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtt://192.168.1.5", _mqtt.Broker("192.168.1.5", 1883, tls=False)),
        ("mqtt://broker.lan:1884", _mqtt.Broker("broker.lan", 1884, tls=False)),
        ("mqtts://broker.lan", _mqtt.Broker("broker.lan", 8883, tls=True)),
        ("mqtt://[::1]:1883", _mqtt.Broker("::1", 1883, tls=False)),
    ],
)
def test_a_brokers_address_is_read_from_its_url(url: str, broker: _mqtt.Broker) -> None:
    assert _mqtt.parse(url) == broker


@pytest.mark.parametrize(
    "url", ["", "192.168.1.5", "http://192.168.1.5", "mqtt://", "mqtt://host:99999", "mqtt://[::1"]
)
def test_an_unusable_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ValueError, match=r'must look like "mqtt://192\.168\.1\.5:1883"'):
        _mqtt.parse(url)


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValueError, match="may not hold a user or password") as raised:
        _mqtt.parse("mqtt://hub:opensesame@192.168.1.5")
    assert "opensesame" not in str(raised.value)


@given(st.text(max_size=60))
def test_any_url_is_either_read_or_refused(url: str) -> None:
    try:
        broker = _mqtt.parse(url)
    except ValueError:
        return
    assert broker.host


async def test_messages_are_heard_with_whether_they_were_retained() -> None:
    fake = FakeBroker({"a/kept": b"1"}, answers={"a/question": ("a/answer", b"2")})
    async with listening(fake.serve) as url, _mqtt.connect(_mqtt.parse(url)) as inbox:
        await inbox.subscribe("a/#")
        await inbox.ask("a/question", b"")
        assert await inbox.until(lambda: "a/answer" in inbox.newest, 3)
        assert inbox.newest["a/kept"] == _mqtt.Heard(b"1", retained=True)
        assert inbox.newest["a/answer"] == _mqtt.Heard(b"2", retained=False)


async def test_waiting_for_what_never_comes_ends_in_time() -> None:
    fake = FakeBroker({})
    async with listening(fake.serve) as url, _mqtt.connect(_mqtt.parse(url)) as inbox:
        await inbox.subscribe("a/#")
        assert not await inbox.until(lambda: "a/answer" in inbox.newest, 0.05)


async def test_a_wrong_password_is_told_apart_from_a_broken_broker() -> None:
    fake = FakeBroker({"a": b"1"}, accounts={"hub": "right"})
    async with listening(fake.serve) as url:
        with pytest.raises(_mqtt.Refused, match="does not accept this user name and password") as raised:
            await hear_everything(url, "hub", Secret("wrong-horse"))
        assert "wrong-horse" not in str(raised.value)
        async with _mqtt.connect(_mqtt.parse(url), "hub", Secret("right")) as inbox:
            await inbox.subscribe("a")
            assert await inbox.until(lambda: "a" in inbox.newest, 3)


@pytest.mark.parametrize(
    ("peer", "error", "says"),
    [
        (fake_mqtt.silent, SourceError, "no MQTT broker answered within"),
        (fake_mqtt.closing, SourceError, "no MQTT broker answered within"),
        (fake_mqtt.speaking_http, SourceError, "no MQTT broker answered within"),
        (fake_mqtt.admitting_then_silent, SourceError, "no MQTT broker answered within"),
        (fake_mqtt.admitting_then_closing, SourceError, "the broker ended the connection|no MQTT broker answered"),
        (fake_mqtt.flooding, ReadError, "sent more than 64 MiB"),
        (fake_mqtt.sending_a_huge_message, ReadError, "sent a message of more than 8 MiB"),
    ],
)
async def test_a_broken_broker_gives_one_clear_error_in_bounded_time(
    peer: Handler, error: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mqtt, "ANSWER_SECONDS", 0.5)
    started = time.monotonic()
    async with listening(peer) as url:
        with pytest.raises(error, match=says) as raised:
            await hear_everything(url)
        assert url in str(raised.value)
    assert time.monotonic() - started < 5
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not left, "the connection was left open"


async def test_nobody_listening_is_said_so() -> None:
    with pytest.raises(SourceError, match=r"cannot be reached: .*refused.*Check the address and that it runs"):
        await hear_everything("mqtt://127.0.0.1:1")


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for 127.0.0.1, and the file of the authority that a client must trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a broker")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority, private = folder / "authority.pem", folder / "private.pem"
    authority.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, private)
    return context, authority


async def test_a_broker_with_a_trusted_certificate_is_heard_over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    async with listening(FakeBroker({"a": b"1"}).serve, context) as url:
        assert url.startswith("mqtts://")
        async with _mqtt.connect(_mqtt.parse(url)) as inbox:
            await inbox.subscribe("a")
            assert await inbox.until(lambda: "a" in inbox.newest, 3)


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context, _authority = certificate(tmp_path)
    async with listening(FakeBroker({}).serve, context) as url:
        with pytest.raises(SourceError, match="certificate is not trusted on this machine"):
            await hear_everything(url)


async def test_a_broker_without_tls_is_not_taken_for_one_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_mqtt, "ANSWER_SECONDS", 0.5)
    async with listening(fake_mqtt.speaking_http) as url:
        with pytest.raises(SourceError, match="does not speak TLS"):
            await hear_everything(url.replace("mqtt:", "mqtts:"))
