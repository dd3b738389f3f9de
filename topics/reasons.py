"""Why an input was not applied: the one published list of words for dead letters and filtered records.

The same word stands in the header `dlq.reason`, in the metric label and in the log. docs/reasons.md is made from it.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """One reason; `meaning` says in a sentence what was wrong. Words are the contract: add, never rename."""

    meaning: str

    def __new__(cls, word: str, meaning: str) -> Reason:
        reason = str.__new__(cls, word)
        reason._value_ = word
        reason.meaning = meaning
        return reason

    NULL_VALUE = "null_value", "The value is null, on a topic where null deletes nothing."
    EMPTY_VALUE = "empty_value", "The value has no bytes. Only null deletes a key."
    NULL_KEY = "null_key", "The record has no key."
    EMPTY_KEY = "empty_key", "The key has no bytes."
    INVALID_KEY = "invalid_key", "The key is not UTF-8 text."
    KEY_MISMATCH = "key_mismatch", "The field of the key's name says something else than the key."
    BYTE_ORDER_MARK = "byte_order_mark", "The value starts with a byte-order mark (UTF-8, UTF-16 or UTF-32)."
    INVALID_UTF8 = "invalid_utf8", "The value is not UTF-8."
    LONE_SURROGATE = "lone_surrogate", "An escape in a text is half of a surrogate pair."
    INVALID_JSON = "invalid_json", "The value is not JSON."
    NOT_AN_OBJECT = "not_an_object", "The value is JSON, but not an object."
    DUPLICATE_KEY = "duplicate_key", "An object names one key twice, be it in an unknown field."
    NOT_A_NUMBER = "not_a_number", "NaN or Infinity, which JSON does not know."
    INTEGER_TOO_WIDE = "integer_too_wide", "An integer needs more than 64 bits."
    NUMBER_OUT_OF_RANGE = "number_out_of_range", "A number is too large, too small or too long to count with."
    TOO_DEEP = "too_deep", "Objects and lists are nested more than 64 deep."
    MISSING_FIELD = "missing_field", "A field that the topic requires is absent."
    WRONG_TYPE = "wrong_type", "A field has another type than the topic's."
    UNKNOWN_VALUE = "unknown_value", "A field holds a word that is not in its list."
    OUT_OF_RANGE = "out_of_range", "A field is outside its bounds."
    BAD_TIME = (
        "bad_time",
        "An instant is neither RFC 3339 with an offset nor integer epoch milliseconds, or a date is none.",
    )
    FUTURE = "future", "The event's time is further ahead of the broker's time than the policy allows."
    TOO_LATE = "too_late", "The event's window is closed and kept no more."
    UNKNOWN_OUTAGE = "unknown_outage", "A field action names an outage or element of which no outage is known."
    NO_REGION = "no_region", "No region is known for the source of a raw record."
    UNKNOWN_FORMAT = "unknown_format", "A raw record is neither VES nor TMF642."
    UNSUPPORTED_DOMAIN = (
        "unsupported_domain",
        "A VES event of a domain that Forewarn does not read (filtered, not dead-lettered).",
    )
    UNSUPPORTED_VERSION = "unsupported_version", "A VES event of another major version than 7."
    NO_FIGURES = "no_figures", "A VES measurement without any figure (filtered, not dead-lettered)."
