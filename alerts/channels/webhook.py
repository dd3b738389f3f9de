"""Webhooks: notices as signed HTTP posts to a customer's own endpoint, by Standard Webhooks 1.0.0.

    POST url          webhook-id: <notification id>            the same at every attempt: the receiver's key to dedup
                      webhook-timestamp, webhook-signature     v1,HMAC-SHA256(secret of this customer)
    {"type": "outage.confirmed", "timestamp": ..., "data": {...}}

Each endpoint is a provider of its own, with its own circuit: one customer's dead server delays nobody else's notices.
The secret of a customer is derived from the operator's by HKDF: nothing more than that one secret is to be kept or
leaked, and rotating it is adding a line (docs/channels.md). Redirects are not followed. Which addresses are talked to,
`address_guard.py` says.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import ssl
import time
from collections import OrderedDict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import msgspec
import orjson
from msgspec import Struct
from standardwebhooks import Webhook

from forewarn.alerts.channels.address_guard import Guard, Network, Refused, Target, parse_target
from forewarn.alerts.channels.protocol import Ambiguous, Answer, Delivered, Message, Rejected, Retry
from forewarn.alerts.circuit import Circuit
from forewarn.topics.instants import to_rfc3339

#: Endpoints whose circuits are remembered; the one unused longest goes first.
ENDPOINTS = 10_000
#: Characters that an operator's secret has at least.
SECRET_LENGTH = 32
#: Requests to one endpoint at a time.
AT_ONCE = 8
#: A Retry-After beyond this is taken as this, seconds: another channel may be of use meanwhile.
LONGEST_WAIT_S = 3_600.0
#: Replies that ask for another attempt, beside all 5xx (RFC 9110, RFC 8470, RFC 6585).
AGAIN = frozenset({408, 425, 429})


class Endpoint(Struct):
    """One customer's server: how much it is trusted, and how many requests are under way to it."""

    circuit: Circuit
    under_way: int = 0


class WebhookSettings(Struct, frozen=True):
    """How to post. `secret_file`: the operator's secrets, one a line, the newest first; every one signs.

    `allowed`: networks that may be talked to though they are not public, without TLS as well. `ca_file` replaces the
    system's certificate authorities. Durations in seconds.
    """

    secret_file: Path
    allowed: tuple[Network, ...] = ()
    ca_file: Path | None = None
    timeout_s: float = 15.0
    circuit_failures: int = 3
    circuit_cooldown_s: float = 10.0
    circuit_longest_s: float = 300.0


class WebhookChannel:
    """Posts notifications. Raises ValueError when the secret is missing or too short to be one."""

    name = "webhook"

    def __init__(self, settings: WebhookSettings) -> None:
        self.settings = settings
        self.guard = Guard(settings.allowed)
        self.secrets = read_secrets(settings.secret_file)
        self._tls = ssl.create_default_context(cafile=settings.ca_file)
        self._session: aiohttp.ClientSession | None = None
        self._endpoints: OrderedDict[tuple[str, str, int], Endpoint] = OrderedDict()

    async def send(self, message: Message) -> Answer:
        """Posts one notification within the time-out."""
        target = parse_target(address_of(message.to))
        if target is None:
            return Rejected("bad_url", bad_contact=True)
        try:
            self._look_at(target)
        except Refused:
            return Rejected("address_refused", bad_contact=True)
        endpoint, now = self._endpoint(target), _now()
        if not endpoint.circuit.allows(now, endpoint.under_way):
            return Retry("endpoint: circuit open", after_s=max(1.0, (endpoint.circuit.open_until - now) / 1000))
        if endpoint.under_way >= AT_ONCE:
            return Retry("endpoint: busy", after_s=1.0)
        endpoint.under_way += 1
        try:
            answer = await self._post(target, message)
        finally:
            endpoint.under_way -= 1
        if isinstance(answer, Delivered | Rejected):
            endpoint.circuit.works()
        else:
            endpoint.circuit.fails(_now())
        return answer

    def _look_at(self, target: Target) -> None:
        """Raises Refused for a literal address that is not to be talked to, and for clear text that is not allowed."""
        clear = target.scheme == "http"
        try:
            ip_address(target.host)
        except ValueError:
            if clear:
                raise Refused("without TLS only a literal address that is allowed") from None
            return  # a name: the resolver looks at what it stands for
        self.guard.check(target.host, clear=clear)

    async def _post(self, target: Target, message: Message) -> Answer:
        body = payload(message)
        session = self._opened()
        connected = False

        async def on_sent(*_: object) -> None:
            nonlocal connected
            connected = True

        try:
            async with session.post(
                target.url,
                data=body,
                headers=self._headers(message, body),
                allow_redirects=False,
                trace_request_ctx=on_sent,
            ) as response:
                return verdict(response.status, response.headers.get("Retry-After"))
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, Refused):
                return Rejected("address_refused", bad_contact=True)
            return Retry(f"connect: {_trouble(error)}")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if connected:
                return Ambiguous(f"reply: {_trouble(error)}", provider=False)
            return Retry(f"connect: {_trouble(error)}")

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        now, text = datetime.now(UTC), body.decode()
        secrets = (customer_secret(secret, message.customer) for secret in self.secrets)
        signatures = [Webhook(secret).sign(message.notification_id, now, text) for secret in secrets]
        return {
            "Content-Type": "application/json",
            "User-Agent": "Forewarn",
            "webhook-id": message.notification_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def _endpoint(self, target: Target) -> Endpoint:
        found = self._endpoints.get(target.origin)
        if found is None:
            s = self.settings
            circuit = Circuit(s.circuit_failures, round(s.circuit_cooldown_s * 1000), round(s.circuit_longest_s * 1000))
            found = self._endpoints[target.origin] = Endpoint(circuit)
            if len(self._endpoints) > ENDPOINTS:
                self._endpoints.popitem(last=False)
        self._endpoints.move_to_end(target.origin)
        return found

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=self.guard, use_dns_cache=False, ssl=self._tls, limit=0, limit_per_host=AT_ONCE
            )
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_headers_sent)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=self.settings.timeout_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trace_configs=[trace],
            )
        return self._session

    async def close(self) -> None:
        """Closes the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


async def _headers_sent(session: aiohttp.ClientSession, context: object, params: object) -> None:
    """Tells the request that it is on its way (aiohttp hands `trace_request_ctx` on in the context)."""
    sent = getattr(context, "trace_request_ctx", None)
    if callable(sent):
        await sent()


def address_of(contact: str) -> str:
    """The URL of a contact: itself, or the `url` of a structured one."""
    if not contact.startswith("{"):
        return contact
    try:
        found = msgspec.json.decode(contact, type=dict[str, object]).get("url")
    except msgspec.MsgspecError:
        return ""
    return found if isinstance(found, str) else ""


def payload(message: Message) -> bytes:
    """The body: the same bytes at every attempt."""
    return orjson.dumps(
        {
            "type": f"{message.kind}.{message.stage}",
            "timestamp": to_rfc3339(message.time),
            "data": {
                "notification_id": message.notification_id,
                "customer": message.customer,
                "kind": message.kind,
                "stage": message.stage,
                "incident": message.incident,
                "locale": message.locale,
                "subject": message.subject,
                "text": message.text,
                "valid_until": to_rfc3339(message.valid_until),
            },
        }
    )


def verdict(status: int, retry_after: str | None) -> Answer:
    """What a reply means. 410 disables the endpoint, as Standard Webhooks asks; other refusals end this message."""
    if 200 <= status <= 299:
        return Delivered(confirmed=True)
    if status == 410:
        return Rejected("410 gone", bad_contact=True)
    if status in AGAIN or status >= 500:
        return Retry(str(status), after_s=parse_retry_after(retry_after))
    return Rejected(f"{status} redirect" if 300 <= status <= 399 else str(status))


def parse_retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, a count or a date (RFC 9110 §10.2.3); None when absent or unreadable."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def read_secrets(path: Path) -> tuple[bytes, ...]:
    """The operator's secrets, one a line, newest first. Raises ValueError when there is none, or a short one."""
    lines = [line.strip().encode() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not lines or any(len(line) < SECRET_LENGTH for line in lines):
        raise ValueError(f"{path} must hold a secret of at least {SECRET_LENGTH} characters a line")
    return tuple(lines)


def customer_secret(secret: bytes, customer: str) -> str:
    """A customer's secret as Standard Webhooks writes it: `whsec_` and 32 bytes of HKDF-SHA256 (RFC 5869), base64."""
    derived = hkdf(secret, salt=b"forewarn webhook", info=customer.encode(), length=32)
    return "whsec_" + base64.b64encode(derived).decode()


def hkdf(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256 (RFC 5869): `length` bytes that only who knows the secret can make of `info`."""
    key = hmac.digest(salt, secret, hashlib.sha256)
    blocks, block = b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([number]), hashlib.sha256)
        blocks += block
    return blocks[:length]


def _trouble(error: BaseException) -> str:
    """A short name for what went wrong, without the other side's words."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "no such host"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return "tls"
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "timeout"
    return "unreachable" if isinstance(error, aiohttp.ClientConnectorError) else "disconnected"


def _now() -> int:
    return round(time.monotonic() * 1000)
