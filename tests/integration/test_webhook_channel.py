"""Webhooks against a real HTTP server: signatures, replies, redirects, time-outs, TLS, addresses that are refused."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import trustme
from aiohttp import web
from msgspec.structs import replace
from standardwebhooks import Webhook

from forewarn.alerts.channels.address_guard import parse_networks
from forewarn.alerts.channels.protocol import Ambiguous, Delivered, Message, Rejected, Retry
from forewarn.alerts.channels.webhook import (
    WebhookChannel,
    WebhookSettings,
    customer_secret,
    hkdf,
    parse_retry_after,
    read_secrets,
)

SECRET = b"an operator's secret, long enough"
LOOPBACK = parse_networks(["127.0.0.0/8", "::1/128"])
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Endpoint:
    """A customer's server: what it got, and what it answers next."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], str]] = []
        self.answer: Handler = self._ok
        self.url = ""

    async def _ok(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.got.append((dict(request.headers), await request.text()))
        return await self.answer(request)

    def replies(self, status: int, **headers: str) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers=headers)

        self.answer = answer


@asynccontextmanager
async def endpoint(tls: ssl.SSLContext | None = None) -> AsyncIterator[Endpoint]:
    """A server on loopback."""
    found = Endpoint()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", found.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    found.url = f"https://localhost:{port}/hook" if tls else f"http://127.0.0.1:{port}/hook"
    try:
        yield found
    finally:
        await runner.cleanup()


@pytest.fixture
async def there() -> AsyncIterator[Endpoint]:
    async with endpoint() as found:
        yield found


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(SECRET + b"\n")
    return path


@asynccontextmanager
async def channel(secret_file: Path, **more: Any) -> AsyncIterator[WebhookChannel]:
    opened = WebhookChannel(WebhookSettings(**{"secret_file": secret_file, "allowed": LOOPBACK, **more}))
    try:
        yield opened
    finally:
        await opened.close()


def message(to: str, notification_id: str = "n1", **more: Any) -> Message:
    made = Message(notification_id, 0, "outage", "confirmed", "webhook", to, "en", "Outage", "Störung", None, 60_000)
    return replace(made, customer="acme", incident="o1", **more)


async def test_a_post_can_be_verified_with_the_customers_secret_and_no_other(
    secret_file: Path, there: Endpoint
) -> None:
    async with channel(secret_file) as hook:
        assert await hook.send(message(there.url)) == Delivered(confirmed=True)
    headers, body = there.got[0]
    found = Webhook(customer_secret(SECRET, "acme")).verify(body, headers)
    assert (found["type"], found["data"]["incident"], found["data"]["text"]) == ("outage.confirmed", "o1", "Störung")
    assert headers["webhook-id"] == "n1"
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(customer_secret(SECRET, "other")).verify(body, headers)


async def test_every_attempt_has_the_same_id_and_body(secret_file: Path, there: Endpoint) -> None:
    async with channel(secret_file) as hook:
        there.replies(500)
        assert isinstance(await hook.send(message(there.url)), Retry)
        there.replies(200)
        assert isinstance(await hook.send(message(there.url)), Delivered)
    (first, body), (second, again) = there.got
    assert (first["webhook-id"], body) == (second["webhook-id"], again)


async def test_while_a_secret_is_exchanged_both_sign(tmp_path: Path, there: Endpoint) -> None:
    path = tmp_path / "two"
    path.write_text("the newer secret, it is long enough\n" + SECRET.decode() + "\n")
    async with channel(path) as hook:
        await hook.send(message(there.url))
    headers, body = there.got[0]
    for secret in read_secrets(path):
        Webhook(customer_secret(secret, "acme")).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "headers", "answer"),
    [
        (200, {}, Delivered(confirmed=True)),
        (410, {}, Rejected("410 gone", bad_contact=True)),
        (404, {}, Rejected("404")),
        (302, {"Location": "http://127.0.0.1:1/"}, Rejected("302 redirect")),
        (429, {"Retry-After": "7"}, Retry("429", after_s=7.0)),
        (503, {"Retry-After": "999999"}, Retry("503", after_s=3600.0)),
        (503, {}, Retry("503")),
        (408, {"Retry-After": "soon"}, Retry("408")),
    ],
)
async def test_what_a_reply_means(
    secret_file: Path, there: Endpoint, status: int, headers: dict[str, str], answer: object
) -> None:
    there.replies(status, **headers)
    async with channel(secret_file) as hook:
        assert await hook.send(message(there.url)) == answer
    assert len(there.got) == 1  # a redirect is not followed


def test_a_retry_after_may_be_a_date() -> None:
    assert parse_retry_after("Fri, 31 Dec 1999 23:59:59 GMT") == 0.0
    assert parse_retry_after("Fri, 31 Dec 2199 23:59:59 GMT") == 3600.0


async def test_a_server_that_does_not_answer_leaves_it_open_whether_it_took_the_post(
    secret_file: Path, there: Endpoint
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    there.answer = answer
    async with channel(secret_file, timeout_s=0.5) as hook:
        assert await hook.send(message(there.url)) == Ambiguous("reply: timeout", provider=False)


async def test_a_server_that_hangs_up_leaves_it_open_too(secret_file: Path, there: Endpoint) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    there.answer = answer
    async with channel(secret_file) as hook:
        assert await hook.send(message(there.url)) == Ambiguous("reply: disconnected", provider=False)


async def test_a_dead_endpoint_is_left_alone_and_delays_no_other(secret_file: Path, there: Endpoint) -> None:
    async with channel(secret_file, circuit_failures=2) as hook:
        dead = message("http://127.0.0.1:1/hook")
        for _ in range(2):
            assert await hook.send(dead) == Retry("connect: unreachable")
        left = await hook.send(dead)
        assert isinstance(left, Retry)
        assert left.reason == "endpoint: circuit open"
        assert left.after_s is not None
        assert 1.0 <= left.after_s <= 10.0
        assert isinstance(await hook.send(message(there.url)), Delivered)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:PORT/",
        "https://localhost:PORT/",
        "https://[::ffff:127.0.0.1]:PORT/",
        "http://127.0.0.1:PORT/",
    ],
)
async def test_without_leave_nothing_on_a_private_address_is_talked_to(
    secret_file: Path, there: Endpoint, url: str
) -> None:
    port = there.url.split(":")[2].split("/")[0]
    async with channel(secret_file, allowed=()) as hook:
        answer = await hook.send(message(url.replace("PORT", port)))
    assert answer == Rejected("address_refused", bad_contact=True)
    assert there.got == []


async def test_the_servers_certificate_is_checked_for_the_name_in_the_url(secret_file: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    for name, expected in (("localhost", Delivered(confirmed=True)), ("other.example", Retry("connect: tls"))):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(context)
        async with endpoint(context) as there, channel(secret_file, ca_file=tmp_path / "ca.pem") as hook:
            assert await hook.send(message(there.url)) == expected


async def test_a_structured_contact_holds_the_url(secret_file: Path, there: Endpoint) -> None:
    async with channel(secret_file) as hook:
        contact = orjson.dumps({"url": there.url}).decode()
        assert isinstance(await hook.send(message(contact)), Delivered)
        for broken in ("{", "{}", '{"url": 7}'):
            assert await hook.send(message(broken)) == Rejected("bad_url", bad_contact=True)


def test_secrets_are_long_enough_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "short"
    for text in ("", "short\n", SECRET.decode() + "\nshort\n"):
        path.write_text(text)
        with pytest.raises(ValueError, match="at least 32"):
            WebhookChannel(WebhookSettings(path))


def test_hkdf_is_that_of_rfc_5869() -> None:
    found = hkdf(
        bytes.fromhex("0b" * 22),
        salt=bytes.fromhex("000102030405060708090a0b0c"),
        info=bytes.fromhex("f0f1f2f3f4f5f6f7f8f9"),
        length=42,
    )
    assert found.hex() == ("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
