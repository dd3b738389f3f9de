"""A notification as an Internet message: what a mail client will read, and what never gets that far."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.channels.letter import Letter, Recipient, parse_recipient, parse_sender, write_letter
from forewarn.alerts.channels.protocol import Message, Rejected

SENDER = parse_sender("Nordnet Störungsdienst <alerts@nordnet.example>")


def message(**changes: object) -> Message:
    values: dict[str, object] = {
        "notification_id": "5f2a",
        "time": 1_795_379_400_000,
        "kind": "outage",
        "stage": "confirmed",
        "channel": "email",
        "to": "ada@example.com",
        "locale": "de-AT",
        "subject": "Störung in Linden-Süd",
        "text": "Ihr Anschluss ist gestört.\n.\nPunkt.\n",
        "html": '<html lang="de"><p>gestört</p></html>',
        "valid_until": 0,
    }
    return Message(**values | changes)  # type: ignore[arg-type] # each test gives what it is about


def read(letter: Letter | Rejected) -> EmailMessage:
    assert isinstance(letter, Letter)
    parsed = message_from_bytes(letter.data, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_headers_say_who_wrote_when_and_that_a_machine_did() -> None:
    parsed = read(write_letter(message(), SENDER))
    assert parsed["From"] == "Nordnet Störungsdienst <alerts@nordnet.example>"
    assert parsed["To"] == "ada@example.com"
    assert parsed["Subject"] == "Störung in Linden-Süd"
    assert parsed["Date"] == "Sun, 22 Nov 2026 20:30:00 +0000"
    assert parsed["Message-ID"] == "<5f2a@nordnet.example>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Content-Language"] == "de-AT"
    assert parsed["List-Unsubscribe"] is None


def test_text_and_html_are_alternatives() -> None:
    parsed = read(write_letter(message(), SENDER))
    assert parsed.get_content_type() == "multipart/alternative"
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text is not None
    assert text.get_content().replace("\r\n", "\n") == "Ihr Anschluss ist gestört.\n.\nPunkt.\n"
    assert html is not None
    assert "gestört" in html.get_content()


def test_without_html_it_is_plain_text() -> None:
    assert read(write_letter(message(html=None), SENDER)).get_content_type() == "text/plain"


def test_the_bytes_are_seven_bit_with_mail_line_ends_and_always_the_same() -> None:
    first, second = write_letter(message(), SENDER), write_letter(message(), SENDER)
    assert isinstance(first, Letter)
    assert first == second
    assert first.data.isascii()
    assert b"\n" not in first.data.replace(b"\r\n", b"")
    assert max(map(len, first.data.split(b"\r\n"))) <= 998


def test_a_link_to_unsubscribe_is_offered_for_one_click() -> None:
    parsed = read(write_letter(message(), SENDER, "https://nordnet.example/u/abc"))
    assert parsed["List-Unsubscribe"] == "<https://nordnet.example/u/abc>"
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "hello\r\nBcc: eve@example.com"},
        {"subject": "hello\nBcc: eve@example.com"},
        {"subject": "=?utf-8?q?hello=0ABcc=3A_eve=40example.com?="},
        {"subject": "a\u2028b"},
        {"subject": "half \ud800"},
        {"locale": "de\r\nBcc: eve@example.com"},
        {"notification_id": "a>\r\nBcc: <eve@example.com"},
        {"notification_id": "a b"},
        {"notification_id": ""},
    ],
)
def test_what_could_add_a_header_is_refused(changes: dict[str, str]) -> None:
    assert write_letter(message(**changes), SENDER) == Rejected("unsafe_header")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@-example.com",
        "ada@exa mple.com",
        "a da@example.com",
        "ada@example.com>\r\nRCPT TO:<eve@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "<ada@example.com>",
        "Ada <ada@example.com>",
        "ada@example.com, eve@example.com",
        '"ada"@example.com',
        "ada..l@example.com",
        ".ada@example.com",
        "a" * 65 + "@example.com",
        "ada@" + "a" * 64 + ".com",
        "ada@" + "abcdefg." * 40 + "com",
        "ada@[127.0.0.1]",
        "ad\x00a@example.com",
        "ad\ud800a@example.com",
        "ada@exa\u2028mple.com",
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(address: str) -> None:
    assert write_letter(message(to=address), SENDER) == Rejected("bad_address", bad_contact=True)


@pytest.mark.parametrize(
    ("address", "recipient"),
    [
        ("Ada.L+x@Example.COM", Recipient("Ada.L+x", "example.com")),
        ("ada@localhost", Recipient("ada", "localhost")),
        ("ada@exämple.de", Recipient("ada", "xn--exmple-cua.de")),
        ("ada@例え.jp", Recipient("ada", "xn--r8jz45g.jp")),
        ("jörg@exämple.de", Recipient("jörg", "xn--exmple-cua.de")),
    ],
)
def test_addresses_keep_their_local_part_and_get_an_ascii_domain(address: str, recipient: Recipient) -> None:
    assert parse_recipient(address) == recipient


def test_only_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    letter = write_letter(message(to="jörg@exämple.de"), SENDER)
    assert isinstance(letter, Letter)
    assert letter.recipient.utf8
    assert "To: jörg@xn--exmple-cua.de\r\n".encode() in letter.data
    assert not Recipient("ada", "xn--exmple-cua.de").utf8


@pytest.mark.parametrize("mail_from", ["", "Nordnet", "Nordnet <alerts>", "a@b@c d", "N =?x?= <a@b.de>"])
def test_a_sender_that_is_no_address_is_an_error_at_once(mail_from: str) -> None:
    with pytest.raises(ValueError, match="MAIL_FROM"):
        parse_sender(mail_from)


@given(
    st.lists(st.sampled_from(["Störung", "in", "ö", "服务", "x" * 30, "ü" * 40, "80 %", "😀", "a,b;", "(c)", '"q"']))
)
def test_any_harmless_subject_arrives_as_it_was_written(words: list[str]) -> None:
    subject = " ".join(words)
    assert read(write_letter(message(subject=subject, text="t"), SENDER))["Subject"] == (subject or "t")


EVIL = st.text(alphabet=st.sampled_from('ab =?\r\n\t:<>@,;"\\é\0_-utf8QB'), max_size=60)


@given(EVIL, EVIL, EVIL)
def test_no_text_adds_a_header_or_a_recipient(subject: str, to: str, identifier: str) -> None:
    letter = write_letter(message(subject=subject, to=to, notification_id=identifier), SENDER)
    if isinstance(letter, Rejected):
        return
    parsed = read(letter)
    assert [name for name in parsed if not name.startswith(("Content", "MIME"))] == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
    ]  # fmt: skip
    assert len(parsed["To"].addresses) == 1
    assert not parsed.defects
