"""Links: the signed address by which a reader, without signing in, ends messages of a kind on a channel.

    https://alerts.example/u/<claim>.<signature>     claim: customer, kind, channel; signature: HMAC-SHA256, 16 octets

Put into List-Unsubscribe of every e-mail (RFC 2369, RFC 8058): mail programs post to it at a click, and the page behind
it checks the signature and writes a patch to `customers.preferences`. It does not expire: an old message must still be
able to end what it was one of. Invariant: who does not know the secret cannot name another customer, kind or channel.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import msgspec
from msgspec import Struct

from forewarn.alerts.channels.protocol import Message

#: Octets of a signature (RFC 2104 §5: half of the hash is enough).
SIGNATURE = 16
#: What the secret is used for here, so that no other use of it gives the same signatures.
PURPOSE = b"forewarn unsubscribe link"


class Claim(Struct, frozen=True, array_like=True):
    """What a link ends: messages of that kind to that customer by that channel."""

    customer: str
    kind: str
    channel: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Claim).decode


class Links:
    """Makes and checks links. `base` is the https address that they begin with.

    `secrets`, newest first: the first signs, all are accepted, so that rotating them breaks no message that is out.
    """

    def __init__(self, base: str, secrets: tuple[bytes, ...]) -> None:
        self.base = base.rstrip("/")
        self._keys = tuple(hmac.digest(secret, PURPOSE, hashlib.sha256) for secret in secrets)

    def unsubscribe(self, message: Message) -> str:
        """The link of a message."""
        return f"{self.base}/{self.token(Claim(message.customer, message.kind, message.channel))}"

    def token(self, claim: Claim) -> str:
        """The claim and its signature, in letters that a path may hold."""
        said = _encode(claim)
        return f"{_text(said)}.{_text(_sign(self._keys[0], said))}"

    def claim(self, token: str) -> Claim | None:
        """What a token claims, if it was signed here; else None."""
        try:
            said, signature = (_octets(part) for part in token.split("."))
            if not any(hmac.compare_digest(_sign(key, said), signature) for key in self._keys):
                return None
            return _decode(said)
        except (ValueError, binascii.Error, msgspec.DecodeError):  # not two parts, not base64, not a claim
            return None


def _sign(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, said, hashlib.sha256)[:SIGNATURE]


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
