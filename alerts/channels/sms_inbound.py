"""What an SMSC brings: delivery receipts and customers' own messages, out of deliver_sm. Pure.

    esm_class 0x04 ──> receipt: TLVs (message_state, receipted_message_id), else the text form of SMPP 3.4 appendix B
    else ───────────> reply: its text, and which keyword it is

Receipts of states that are not final say nothing yet. Invariant: whatever an SMSC sends is answered, never raised over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, Protocol

import smpp34
from msgspec import Struct

from forewarn.alerts.sms_text import decode

ReceiptStatus = Literal["delivered", "failed", "bounced", "expired"]

#: Optional parameters (SMPP 3.4 §5.3.2).
RECEIPTED_MESSAGE_ID, NETWORK_ERROR_CODE, MESSAGE_PAYLOAD, MESSAGE_STATE = 0x001E, 0x0423, 0x0424, 0x0427
#: message_state (SMPP 3.4 §5.2.28) and `stat:` (appendix B); states that are absent are not final.
STATES: dict[int, ReceiptStatus] = {2: "delivered", 3: "expired", 4: "failed", 5: "failed", 7: "failed", 8: "failed"}
STATS: dict[str, ReceiptStatus] = {
    "DELIVRD": "delivered",
    "EXPIRED": "expired",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "UNKNOWN": "failed",
    "REJECTD": "failed",
}
#: network_error_code (§5.3.2.31): GSM (3), unknown subscriber (3GPP TS 29.002: MAP error 1): there is no such number.
NO_SUBSCRIBER = b"\x03\x00\x01"

TEXT_FORM = re.compile(
    r"\bid:\s*(?P<id>\S+).*?\bstat:\s*(?P<stat>[A-Z]{4,8})(?:.*?\berr:\s*(?P<err>\w{1,8}))?", re.I | re.S
)


class Pdu(Protocol):
    """What of a deliver_sm is looked at."""

    @property
    def source_addr(self) -> str: ...
    @property
    def esm_class(self) -> int: ...
    @property
    def data_coding(self) -> int: ...
    @property
    def short_message(self) -> bytes: ...
    @property
    def tlvs(self) -> Sequence[smpp34.Tlv]: ...


class SmsReceipt(Struct, frozen=True):
    """The final state of a part that was submitted as `message_id` to `number` (digits)."""

    number: str
    message_id: str
    status: ReceiptStatus
    error: str | None = None


class SmsReply(Struct, frozen=True):
    """What somebody with `number` (digits) wrote."""

    number: str
    text: str


def parse(pdu: Pdu) -> SmsReceipt | SmsReply | None:
    """The receipt or reply in a deliver_sm; None for what says nothing final."""
    tlvs = {tlv.tag: tlv.value for tlv in pdu.tlvs}
    number = pdu.source_addr.lstrip("+")
    number = number.removeprefix("00")
    if pdu.esm_class & 0x3C == 0x04:
        return _receipt(pdu, tlvs, number)
    if pdu.esm_class & 0x3C:
        return None  # acknowledgements by the handset, intermediate notifications
    data = tlvs.get(MESSAGE_PAYLOAD, pdu.short_message)
    if pdu.esm_class & 0x40 and data:
        data = data[data[0] + 1 :]
    return SmsReply(number, decode(data, pdu.data_coding).strip("\0 \r\n"))


def _receipt(pdu: Pdu, tlvs: dict[int, bytes], number: str) -> SmsReceipt | None:
    text = tlvs.get(MESSAGE_PAYLOAD, pdu.short_message).decode("latin-1")
    form = TEXT_FORM.search(text)
    state = tlvs.get(MESSAGE_STATE)
    status = STATES.get(state[0]) if state else STATS.get(form["stat"].upper()) if form else None
    id_tlv = tlvs.get(RECEIPTED_MESSAGE_ID)
    message_id = id_tlv.partition(b"\0")[0].decode("latin-1") if id_tlv else form["id"] if form else ""
    if status is None or not message_id:
        return None
    code = tlvs.get(NETWORK_ERROR_CODE)
    if status == "failed" and code == NO_SUBSCRIBER:
        return SmsReceipt(number, message_id, "bounced", "no subscriber")
    if status == "delivered":
        return SmsReceipt(number, message_id, status)
    stat = form["stat"].upper() if form else f"state {state[0] if state else 0}"
    error = form["err"] if form else None
    return SmsReceipt(number, message_id, status, f"{stat} {error}" if error else stat)
