"""A letter: one notification as the bytes of an Internet message (RFC 5322, MIME), or the reason why it cannot be one.

The body is the same for all customers of an outage and is encoded once; the headers are each recipient's own.
Invariant: the bytes hold exactly the headers that were meant, which is checked by parsing them again, because Python
3.11 lets a value that looks like an encoded word add a header line (CVE-2024-6923). One notification always gives the
same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP, default
from email.utils import parseaddr
from functools import lru_cache
from hashlib import blake2b
from textwrap import wrap

import idna
from msgspec import Struct

from forewarn.alerts.channels.protocol import Message, Rejected

UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|=\?")
#: A dot-atom of RFC 5322, with the characters that RFC 6531 adds; quoted local parts are not taken.
LOCAL = re.compile(r"[^\s.()<>\[\]:;@\\,\"\x00-\x20\x7f-\x9f]+(\.[^\s.()<>\[\]:;@\\,\"\x00-\x20\x7f-\x9f]+)*")
IDENTIFIER = re.compile(r"[A-Za-z0-9!#$%&'*+/=^_`{|}~.-]+")


class Recipient(Struct, frozen=True):
    """An address to send to: the domain in its ASCII form; `utf8` when the local part needs SMTPUTF8 (RFC 6531)."""

    local: str
    domain: str

    @property
    def utf8(self) -> bool:
        return not self.local.isascii()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


class Letter(Struct, frozen=True):
    """What goes over the wire: envelope and bytes, CRLF line ends, not yet dot-stuffed."""

    recipient: Recipient
    data: bytes


def parse_recipient(address: str) -> Recipient | Rejected:
    """Takes `local@domain`; sizes by RFC 5321 §4.5.3.1, international domains by IDNA 2008."""
    local, at, domain = address.rpartition("@")
    if not at or not LOCAL.fullmatch(local) or len(local.encode(errors="replace")) > 64:
        return Rejected("bad_address", bad_contact=True)
    try:
        local.encode()
        ascii_domain = domain if _is_host(domain) else idna.encode(domain, uts46=True).decode()
    except (UnicodeError, idna.IDNAError):
        return Rejected("bad_address", bad_contact=True)
    if not _is_host(ascii_domain) or len(local) + 1 + len(ascii_domain) > 254:
        return Rejected("bad_address", bad_contact=True)
    return Recipient(local, ascii_domain.lower())


def _is_host(domain: str) -> bool:
    return bool(re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*", domain))


def parse_sender(mail_from: str) -> Address:
    """The deployment's own address, `Name <local@domain>`. Raises ValueError when it is not one."""
    name, address = parseaddr(mail_from)
    recipient = parse_recipient(address)
    if isinstance(recipient, Rejected) or UNSAFE.search(name):
        raise ValueError(f"MAIL_FROM is not an address: {mail_from!r}")
    return Address(name, recipient.local, recipient.domain)


def write_letter(message: Message, sender: Address, unsubscribe: str | None = None) -> Letter | Rejected:
    """The letter of a message, or why there is none: `bad_address`, `unsafe_header`.

    `unsubscribe` is an https link that answers RFC 8058 one-click posts.
    """
    recipient = parse_recipient(message.to)
    if isinstance(recipient, Rejected):
        return recipient
    if not IDENTIFIER.fullmatch(message.notification_id) or UNSAFE.search(message.locale + (unsubscribe or "")):
        return Rejected("unsafe_header")
    subject = message.subject or " ".join(message.text.split())[:78]
    fields = {
        "From": sender_field(sender),
        "To": str(recipient).encode(),
        "Subject": field("Subject", subject, recipient.utf8),
        "Date": datetime.fromtimestamp(message.time / 1000, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").encode(),
        "Message-ID": f"<{message.notification_id}@{sender.domain}>".encode(),
        "Auto-Submitted": b"auto-generated",
    }
    if message.locale:
        fields["Content-Language"] = field("Content-Language", message.locale, recipient.utf8)
    if unsubscribe:
        fields["List-Unsubscribe"] = f"<{unsubscribe}>".encode()
        fields["List-Unsubscribe-Post"] = b"List-Unsubscribe=One-Click"
    top = write_fields(fields)
    if top is None:
        return Rejected("unsafe_header")
    return Letter(recipient, top + body(message.text, message.html))


def sender_field(sender: Address) -> bytes | None:
    """The From field: the display name, encoded where it must be, and the address."""
    address = f"<{sender.addr_spec}>".encode()
    if not sender.display_name:
        return address
    name = sender.display_name
    if not name.isascii():
        return Header(name, "utf-8", header_name="From").encode(linesep="\r\n").encode() + b" " + address
    return b'"%s" %s' % (name.replace("\\", "\\\\").replace('"', '\\"').encode(), address)


def write_fields(fields: Mapping[str, bytes | None]) -> bytes | None:
    """The header bytes, if every field could be written and they, parsed again, have these fields and nothing else."""
    written = [b"%s: %s\r\n" % (name.encode(), value) for name, value in fields.items() if value is not None]
    top = b"".join(written)
    parsed = BytesHeaderParser().parsebytes(top)
    whole = parsed.keys() == list(fields) and not parsed.defects and not str(parsed.get_payload()).strip()
    return top if whole else None


@lru_cache(1024)
def field(name: str, value: str, utf8: bool = False) -> bytes | None:
    """A text field's folded and encoded value (RFC 2047; raw with `utf8`, RFC 6532), None when it would read otherwise.

    By the older `Header` class: the fold of `email.policy` in Python 3.11 loses blanks between encoded words.
    """
    value = value.strip()
    if UNSAFE.search(value):
        return None
    if utf8 or value.isascii():
        text = "\r\n ".join(wrap(value, 900, break_on_hyphens=False))
    else:
        text = Header(value, "utf-8", maxlinelen=75, header_name=name).encode(linesep="\r\n")
    parsed = BytesHeaderParser(policy=default).parsebytes(f"{name}: {text}\r\n".encode())
    if parsed.keys() != [name] or str(parsed[name]) != value or parsed.defects or str(parsed.get_payload()).strip():
        return None
    return text.encode()


@lru_cache(512)
def body(text: str, html: str | None) -> bytes:
    """The MIME headers and content of a text with its HTML alternative, as 7-bit quoted-printable."""
    message = EmailMessage(policy=SMTP)
    message.set_content(text, cte="quoted-printable")
    if html is not None:
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        for part in message.iter_parts():
            del part["MIME-Version"]
        message.set_boundary("=_" + blake2b(f"{text}\0{html}".encode(), digest_size=12).hexdigest())
    return message.as_bytes()
