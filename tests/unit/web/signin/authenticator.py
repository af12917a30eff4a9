"""An authenticator in software: makes passkeys and signs with them as a browser and a device do (WebAuthn level 2)."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """One device. What it lies about can be set: `origin`, `rp`, `challenge`, `flags`, `counter`."""

    def __init__(self, origin: str = "http://localhost:5625") -> None:
        self.origin = origin
        self.rp = ""
        self.challenge = ""
        self.flags = UP | UV
        self.counter = 0
        self.crossed = False
        self.counts = True
        self.keys: dict[str, tuple[ec.EllipticCurvePrivateKey, str]] = {}
        """By credential: the key and the user's handle."""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What a browser answers when it was asked to make a passkey."""
        key = ec.generate_private_key(ec.SECP256R1())
        id_ = os.urandom(16)
        numbers = key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        self.keys[b64(id_)] = (key, options["user"]["id"])
        data = self._data(options["rp"]["id"], AT) + bytes(16) + struct.pack(">H", len(id_)) + id_ + cose
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": b64(self._client("webauthn.create", options["challenge"])),
            "attestationObject": b64(attested),
            "transports": ["internal"],
        }
        return {"id": b64(id_), "rawId": b64(id_), "type": "public-key", "response": response}

    def get(self, options: dict[str, Any], id_: str = "") -> dict[str, Any]:
        """What a browser answers when it was asked to use one."""
        id_ = id_ or next(iter(self.keys))
        key, handle = self.keys[id_]
        self.counter += self.counts
        data = self._data(options["rpId"])
        client = self._client("webauthn.get", options["challenge"])
        signature = key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": b64(client),
            "authenticatorData": b64(data),
            "signature": b64(signature),
            "userHandle": handle,
        }
        return {"id": id_, "rawId": id_, "type": "public-key", "response": response}

    def _data(self, rp: str, more: int = 0) -> bytes:
        digest = hashlib.sha256((self.rp or rp).encode()).digest()
        return digest + bytes([self.flags | more]) + struct.pack(">I", self.counter)

    def _client(self, kind: str, challenge: str) -> bytes:
        told = {
            "type": kind,
            "challenge": self.challenge or challenge,
            "origin": self.origin,
            "crossOrigin": self.crossed,
        }
        return json.dumps(told).encode()
