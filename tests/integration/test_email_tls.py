"""E-mail over TLS, with and without a login: verified, or not spoken to at all."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from forewarn.alerts.channels.email import EmailChannel
from forewarn.alerts.channels.protocol import Delivered, Retry
from forewarn.alerts.channels.smtp_pool import Relay
from forewarn.alerts.mail_sink import MailSink
from tests.integration.test_email_channel import FROM, channel_to, message, send_one


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def ca_file(authority: trustme.CA, folder: Path) -> Path:
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_tls_with_a_verified_certificate(tls: str, authority: trustme.CA, tmp_path: Path) -> None:
    async with MailSink(tls=server_tls(authority), starttls=tls == "starttls") as sink:
        answer = await send_one(sink, host="localhost", tls=tls, ca_file=ca_file(authority, tmp_path))
    assert isinstance(answer, Delivered)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize("name", ["localhost", "other.example"])
async def test_a_certificate_that_cannot_be_verified_is_not_talked_to(
    tls: str, name: str, authority: trustme.CA, tmp_path: Path
) -> None:
    stranger = trustme.CA() if name == "localhost" else authority
    async with MailSink(tls=server_tls(stranger, name), starttls=tls == "starttls") as sink:
        answer = await send_one(sink, host="localhost", tls=tls, ca_file=ca_file(authority, tmp_path))
    assert answer == Retry("connect: tls", provider=True)
    assert sink.count == 0


async def test_a_relay_without_starttls_is_not_talked_to_in_clear(authority: trustme.CA, tmp_path: Path) -> None:
    async with MailSink() as sink:
        answer = await send_one(sink, host="localhost", tls="starttls", ca_file=ca_file(authority, tmp_path))
    assert isinstance(answer, Retry)
    assert answer.provider
    assert sink.count == 0


async def test_login_with_the_password_from_its_file_also_after_it_changed(
    authority: trustme.CA, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("wrong\n")
    async with MailSink(tls=server_tls(authority), starttls=True, login=("nordnet", "s3cret")) as sink:
        channel = channel_to(
            sink,
            host="localhost",
            tls="starttls",
            user="nordnet",
            password_file=password,
            ca_file=ca_file(authority, tmp_path),
        )
        refused = await channel.send(message("n1"))
        assert refused == Retry("connect: login 535", provider=True)
        password.write_text("s3cret\n")
        assert isinstance(await channel.send(message("n2")), Delivered)
        await channel.close()


async def test_a_relay_that_demands_a_login_we_do_not_have_costs_no_message() -> None:
    async with MailSink(login=("nordnet", "s3cret")) as sink:
        answer = await send_one(sink)
    assert answer == Retry("mail: 530 5.7.0", provider=True)


def test_settings_that_cannot_work_are_named_together(tmp_path: Path) -> None:
    relay = Relay("mail.example", 25, user="x", password_file=tmp_path / "none", ca_file=tmp_path / "none.pem")
    with pytest.raises(ValueError, match=r"(?s)clear text.*does not exist.*CA file"):
        EmailChannel(relay, FROM)
    with pytest.raises(ValueError, match="go together"):
        EmailChannel(Relay("mail.example", 25, user="x"), FROM)
