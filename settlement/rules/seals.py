"""The hash and the signature of the transparency log, behind one interface: SHA-256 and Ed25519.

A head is a signed note as C2SP's checkpoints are: origin, size, root, time, an empty line, and a signature line. What
signs is known by its verifier key, `name+hash+key`, which an outsider keeps.
Source: RFC 9162, 2.1.1; C2SP signed-note and tlog-checkpoint.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"  # The signature type of signed notes.


class Sha256Tree:
    """Leaves and pairs under SHA-256, told apart by their first byte."""

    def leaf(self, data: bytes) -> bytes:
        return hashlib.sha256(b"\x00" + data).digest()

    def pair(self, left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    def empty(self) -> bytes:
        return hashlib.sha256(b"").digest()


TREE = Sha256Tree()


@dataclass(frozen=True)
class Head:
    """What a signed note says: the root over the first `size` leaves, and when that was signed (UTC)."""

    origin: str
    size: int
    root: bytes
    signed_at: datetime


class Signer:
    """A private key that signs heads under a name. Raises ValueError unless the secret is 32 bytes in base64."""

    def __init__(self, *, name: str, secret: str) -> None:
        try:
            seed = base64.b64decode(secret, validate=True)
        except ValueError:
            seed = b""
        if len(seed) != 32 or not name or set(name) & set(" +\n"):
            raise ValueError("a signing key is 32 bytes in base64, its name without spaces and +")
        self.name = name
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key().public_bytes_raw()

    @property
    def verifier_key(self) -> str:
        """The public half as `name+hash+key`."""
        return f"{self.name}+{_key_hash(self.name, self._public).hex()}+{_base64(ED25519 + self._public)}"

    def signed(self, head: Head) -> str:
        """Return the signed note of a head."""
        text = note_text(head)
        signature = _key_hash(self.name, self._public) + self._private.sign(text.encode())
        return f"{text}\n\N{EM DASH} {self.name} {_base64(signature)}\n"


def note_text(head: Head) -> str:
    """Return the text of a head that is signed."""
    moment = head.signed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{head.origin}\n{head.size}\n{_base64(head.root)}\n{moment}\n"


def opened(note: str, verifier_key: str) -> Head | None:
    """Return the head that a note says, or None unless the key's owner has signed it just so."""
    try:
        name, hash_text, key_text = verifier_key.split("+", 2)
        key = base64.b64decode(key_text, validate=True)
        text, _, lines = note.partition("\n\n")
        text += "\n"
        mark, signer, signature_text = lines.rstrip("\n").split(" ")
        signature = base64.b64decode(signature_text, validate=True)
        origin, size, root, moment = text.rstrip("\n").split("\n")
        head = Head(origin, int(size), base64.b64decode(root, validate=True), datetime.fromisoformat(moment))
        expected = _key_hash(name, key[1:])
        is_theirs = (mark, signer, signature[:4]) == ("\N{EM DASH}", name, expected) and hash_text == expected.hex()
        if not is_theirs or key[:1] != ED25519 or note_text(head) != text:
            return None
        Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], text.encode())
    except (ValueError, InvalidSignature):
        return None
    return head


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(f"{name}\n".encode() + ED25519 + public).digest()[:4]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
