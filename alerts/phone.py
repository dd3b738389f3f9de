"""Phone numbers: E.164 digits, as SMPP addresses them, and a digest that stands for one where none may stand. Pure.

Profiles hold numbers in international form (`+49151…` or `0049151…`); what needs a country to be understood is none.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

import phonenumbers

#: Characters that people put into numbers.
PUNCTUATION = str.maketrans("", "", " -./()\u00a0")


@lru_cache(4096)
def digits(number: str) -> str | None:
    """The digits of an international number, without `+`; None when it is none (ITU-T E.164 by libphonenumber)."""
    plain = number.strip().translate(PUNCTUATION)
    plain = "+" + plain[2:] if plain.startswith("00") else plain
    if not plain.startswith("+") or not plain[1:].isascii() or not plain[1:].isdecimal():
        return None
    try:
        parsed = phonenumbers.parse(plain)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)[1:]


def digest(number: str) -> str:
    """What stands for E.164 digits in keys and tables."""
    return blake2b(number.encode(), digest_size=12, person=b"forewarn phone").hexdigest()
