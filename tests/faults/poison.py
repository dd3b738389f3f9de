"""Records that are no usage records, of every sort and no two alike."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import msgspec

from tests.faults.generator import COUNT

Pair = tuple[bytes | None, bytes]
#: Makes bytes of the good record's JSON text.
_TEXTS: tuple[Callable[[Random, bytes], bytes], ...] = (
    lambda random, text: text[: random.randrange(text.index(b'"bucket"'), len(text))],
    lambda random, text: b"\xef\xbb\xbf" + text,
    lambda random, text: b"\xff\xfe" + text,
    lambda random, text: text.replace(b"count", b"co\xffnt"),
    lambda random, text: text.replace(b'"amount":1', b'"amount":NaN'),
    lambda random, text: text.replace(b'"amount":1', b'"amount":1,"amount":2'),
    lambda random, text: text.replace(b'"amount":1', b'"amount":"much"'),
    lambda random, text: text[:-1] + b',"note":"\\ud800"}',
    lambda random, text: text[:-1] + b',"note":' + b"[" * 80 + b"]" * 80 + b"}",
    lambda random, text: text[:-1] + b',"note":123456789012345678901234567890}',
    lambda random, text: text[:-1] + b',"customer":"somebody else"}',
    lambda random, text: b"[" + text + b"]",
    lambda random, text: random.randbytes(random.randrange(1, 200)) + text,
)


def poison(random: Random, number: int, time: int) -> Pair:
    """Key and value of one; `time` is epoch ms. One in forty has no key, one in forty is an hour ahead."""
    start = time + 3_600_000 if number % 40 == 1 else time
    text = msgspec.json.encode({"record_id": f"p{number}", "bucket": COUNT, "amount": 1, "start": start})
    key = None if number % 40 == 0 else b"c%04d" % random.randrange(40)
    return key, text if number % 40 < 2 else random.choice(_TEXTS)(random, text)
