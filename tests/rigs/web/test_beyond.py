"""The real `nightlatch run` beyond this machine: refused until it is encrypted and has an owner, then by TLS alone."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from nightlatch.service import certificates
from nightlatch.service.folder import prepare
from nightlatch.store.database import connect
from nightlatch.store.users import User, UserRecords

pytestmark = pytest.mark.rig


def _run(home: Path, *words: str) -> subprocess.Popen[str]:
    env = {**os.environ, "NIGHTLATCH_STATE": str(home / "state"), "NIGHTLATCH_CONFIG": str(home / "nightlatch.toml")}
    command = [sys.executable, "-m", "nightlatch", *words]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _said(home: Path, *words: str) -> tuple[int, str]:
    with _run(home, *words) as process:
        out, error = process.communicate(timeout=60)
        return process.returncode, out + error


def test_it_opens_to_the_network_only_when_it_is_safe(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "nightlatch.toml").write_text(
        f'[home]\nname = "Elm"\n[service]\nhost = "0.0.0.0"\nport = {port}\nnames = ["elm.lan"]\n'
    )
    code, said = _said(tmp_path, "run")
    assert code == 2
    assert "nightlatch.toml:4: host = '0.0.0.0' reaches beyond this machine, which is not done without TLS" in said
    assert "nightlatch tls init" in said
    code, made = _said(tmp_path, "tls", "init")
    assert code == 0
    code, said = _said(tmp_path, "run")
    assert code == 2
    assert "nobody is an owner yet" in said
    prepare(tmp_path / "state")
    users = UserRecords(connect(tmp_path / "state"))
    with users.begin() as book:
        book.put(User("ana", "Ana", "owner", "handle", 1, password="argon2"))
    code, said = _said(tmp_path, "run")
    assert code == 2
    assert "ana signed up with a password alone" in said
    with users.begin() as book:
        book.put(User("ana", "Ana", "owner", "handle", 1, password="argon2", totp=1))
    place = certificates.files(tmp_path / "state")
    trusting = ssl.create_default_context(cafile=str(place.folder / certificates.AUTHORITY))
    with _run(tmp_path, "run") as process:
        end = time.monotonic() + 60
        found = b""
        while not found:
            with suppress(OSError):
                asked = urllib.request.Request(f"https://127.0.0.1:{port}/ca.crt", headers={"Host": "elm.lan"})
                with urllib.request.urlopen(asked, timeout=5, context=trusting) as answer:
                    found = answer.read()
                    headers = answer.headers
            assert process.poll() is None
            assert time.monotonic() < end
        authority = certificates.read(place.folder / certificates.AUTHORITY)
        assert found == ssl.PEM_cert_to_DER_cert((place.folder / certificates.AUTHORITY).read_text())
        assert certificates.fingerprint(authority) in made
        assert "strict-transport-security" not in headers
        with pytest.raises((urllib.error.URLError, ConnectionError)):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"https://localhost:{port}/health", timeout=5)
        code, said = _said(tmp_path, "status", "--format", "json")
        assert re.search(rf'"address": "https://elm.lan:{port}"', said)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "Traceback" not in errors
