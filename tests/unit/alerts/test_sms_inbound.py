"""What an SMSC brings: receipts in both forms, replies, keywords."""

from __future__ import annotations

from typing import Any

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from forewarn.alerts.channels.sms_inbound import (
    MESSAGE_PAYLOAD,
    MESSAGE_STATE,
    NETWORK_ERROR_CODE,
    RECEIPTED_MESSAGE_ID,
    SmsReceipt,
    SmsReply,
    parse,
)
from forewarn.alerts.keywords import keyword
from forewarn.alerts.phone import digest, digits


def pdu(data: bytes = b"", esm_class: int = 4, coding: int = 0, source: str = "4915112345678", **tlvs: Any) -> Any:
    tags = {"id": RECEIPTED_MESSAGE_ID, "state": MESSAGE_STATE, "error": NETWORK_ERROR_CODE, "payload": MESSAGE_PAYLOAD}
    optional = [smpp34.Tlv(tags[name], value) for name, value in tlvs.items()]
    made = smpp34.DeliverSm(source, "12345", data, esm_class=esm_class, data_coding=coding, tlvs=optional)
    return smpp34.decode(made.encode())


TEXT = b"id:0a1b sub:001 dlvrd:001 submit date:2611222030 done date:2611222031 stat:%s err:%s text:Outage in"


@pytest.mark.parametrize(
    ("given_pdu", "found"),
    [
        (pdu(TEXT % (b"DELIVRD", b"000")), ("0a1b", "delivered", None)),
        (pdu(TEXT % (b"UNDELIV", b"045")), ("0a1b", "failed", "UNDELIV 045")),
        (pdu(TEXT % (b"EXPIRED", b"000")), ("0a1b", "expired", "EXPIRED 000")),
        (pdu(b"ID: 7 Stat: delivrd"), ("7", "delivered", None)),
        (pdu(id=b"0a1b\0", state=b"\x02"), ("0a1b", "delivered", None)),
        (pdu(id=b"0a1b\0", state=b"\x05"), ("0a1b", "failed", "state 5")),
        (pdu(id=b"0a1b\0", state=b"\x05", error=b"\x03\x00\x01"), ("0a1b", "bounced", "no subscriber")),
        (pdu(TEXT % (b"DELIVRD", b"000"), id=b"77\0"), ("77", "delivered", None)),
        (pdu(payload=TEXT % (b"REJECTD", b"001")), ("0a1b", "failed", "REJECTD 001")),
        (pdu(TEXT % (b"ENROUTE", b"000")), None),
        (pdu(TEXT % (b"ACCEPTD", b"000")), None),
        (pdu(b"nothing of the kind"), None),
        (pdu(TEXT % (b"DELIVRD", b"000"), esm_class=0x20), None),
    ],
)
def test_a_receipt_is_read_in_either_form(given_pdu: Any, found: tuple[str, str, str | None] | None) -> None:
    assert parse(given_pdu) == (SmsReceipt("4915112345678", *found) if found else None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given_pdu", "text"),
    [
        (pdu(b"stop", 0), "stop"),
        (pdu("Störung?".encode("utf-16-be"), 0, 8), "Störung?"),
        (pdu(b"\x05\x00\x03\x01\x02\x01first", 0x40), "first"),
        (pdu(payload=b"long", esm_class=0), "long"),
        (pdu(b"", 0), ""),
    ],
)
def test_a_reply_is_read(given_pdu: Any, text: str) -> None:
    assert parse(given_pdu) == SmsReply("4915112345678", text)


@given(st.binary(max_size=140), st.integers(0, 255), st.integers(0, 255))
def test_whatever_comes_is_no_error(data: bytes, esm_class: int, coding: int) -> None:
    parse(pdu(data, esm_class, coding))


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("STOP", "stop"),
        (" stop. ", "stop"),
        ("Arrêt", "stop"),
        ("stopp!", "stop"),
        ("BAJA", "stop"),
        ("opt-out", "stop"),
        ("Start", "start"),
        ("help?", "help"),
        ("Hilfe", "help"),
        ("aide", "help"),
        ("please stop by on Monday", None),
        ("YES", None),  # the answer to many questions
        ("", None),
    ],
)
def test_a_reply_is_a_keyword_when_it_is_nothing_else(text: str, wish: str | None) -> None:
    found = keyword(text)
    assert (found.wish if found else None) == wish


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("+4915112345678", "4915112345678"),
        ("0049 151 1234-5678", "4915112345678"),
        ("+49 (151) 12345678", "4915112345678"),
        ("015112345678", None),  # whose country?
        ("4915112345678", None),
        ("+49", None),
        ("+4915112345678999999", None),
        ("+٤٩١٥١١٢٣٤٥٦٧٨", None),
        ("ada@example.com", None),
    ],
)
def test_a_number_is_international_or_none(number: str, found: str | None) -> None:
    assert digits(number) == found


def test_a_digest_stands_for_one_number() -> None:
    assert digest("4915112345678") == digest("4915112345678") != digest("4915112345679")
    assert "4915112345678" not in digest("4915112345678")
