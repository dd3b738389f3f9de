"""Receipts of a month: of a first replay's messages some bounce and some are reported twice, so the second has them.

notifications of the first replay ──> bounced (an address that does not work), delivered, delivered again
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

from tests.month.lines import rows
from tests.month.temptations import line

#: Of all messages, how many bounce; how many are reported as delivered, and that twice.
BOUNCED, DELIVERED = 0.04, 0.1


def write(output: Iterable[bytes], out: Path, seed: int, until: int) -> int:
    """Writes the receipts, those before `until` (epoch ms); returns how many they are."""
    random, found = Random(f"receipts/{seed}"), []
    for row in rows(output, ("notifications",), given=False):
        chance = random.random()
        status = "bounced" if chance < BOUNCED else "delivered" if chance < BOUNCED + DELIVERED else None
        if status is not None:
            ts = row.ts + random.randrange(2_000, 120_000)
            name, on = row.value["notification_id"], row.value["channel"]
            receipt = {"notification_id": name, "time": ts - 100, "channel": on, "status": status}
            found.append((ts, line(ts, "delivery.receipts", row.key, receipt)))
            found.append((ts + 700, line(ts + 700, "delivery.receipts", row.key, receipt)))
    found = sorted(one for one in found if one[0] < until)
    out.write_bytes(b"".join(raw for _, raw in found))
    return len(found)
