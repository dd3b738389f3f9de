"""The heartbeats of job (b), and which outages are hidden in them.

Every region has 20 access elements of 50 devices. Five rounds of beats, 60 s apart, end now. In every eighth region
one element fails: in turn its devices say `down` in the third round, or fall silent after the first.

    round     1     2     3     4     5
    healthy   up    up    up    up    up
    explicit  up    up    down  -     -
    silent    up    -     -     -     -

Invariant: a smaller input is whole regions of a larger one, all their rounds included.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from aiokafka.partitioner import murmur2
from msgspec import Struct

from tests.bench.usage_input import VALUE_BYTES, Keyed

ELEMENTS, DEVICES = 20, 50
ROUNDS, INTERVAL = 5, 60
SICK_REGIONS = 8
#: Steps between a device and the next one of the same region to beat: spreads an element's beats over a round.
STRIDE = 369

_TEMPLATE = (
    b'{"element":"%b","time":"%b","status":"%b","parent":"%b","collector":"col-%02d","interval_s":60,"seq":%d,'
    b'"model":"%b"}'
)


class HeartbeatInput(Struct, frozen=True):
    """Heartbeats of `regions` regions with 1,000 devices each."""

    regions: int

    @property
    def records(self) -> int:
        """How many heartbeats there are."""
        return sum(1 for _ in self._beats())

    def keyed(self, partitions: int) -> Iterator[Keyed]:
        """Heartbeats with their partition, in event time, each with that time as its record's: a feed, read late."""
        names = [b"r%03d" % region for region in range(self.regions)]
        where = [(murmur2(name) & 0x7FFFFFFF) % partitions for name in names]
        begin, stamp, second = int(time.time()) - ROUNDS * INTERVAL - 5, b"", -1
        for seq, slot, region, device, status in self._beats():
            at = begin + seq * INTERVAL + slot * INTERVAL // (ELEMENTS * DEVICES)
            if at != second:
                second, stamp = at, datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
            yield where[region], names[region], _encode(region, device, stamp, status, seq), at * 1000

    def expected(self) -> set[str]:
        """The elements that fail."""
        return {element_of(region, sick_element(region)) for region in range(0, self.regions, SICK_REGIONS)}

    def _beats(self) -> Iterator[tuple[int, int, int, int, bytes]]:
        size = ELEMENTS * DEVICES
        for seq in range(ROUNDS):
            for slot in range(size):
                device = slot * STRIDE % size
                for region in range(self.regions):
                    status = _status(region, device // DEVICES, seq)
                    if status:
                        yield seq, slot, region, device, status


def sick_element(region: int) -> int:
    """The number of the element that fails in a sick region."""
    return region // SICK_REGIONS % ELEMENTS


def element_of(region: int, number: int) -> str:
    """The id of an access element."""
    return f"olt-{region:03d}-{number:02d}"


def _status(region: int, element: int, seq: int) -> bytes:
    if region % SICK_REGIONS or element != sick_element(region):
        return b"up"
    if region // SICK_REGIONS % 2:
        return b"" if seq >= 1 else b"up"
    return (b"up", b"up", b"down", b"", b"")[seq]


def _encode(region: int, device: int, stamp: bytes, status: bytes, seq: int) -> bytes:
    number, port = divmod(device, DEVICES)
    parent = b"olt-%03d-%02d" % (region, number)
    values = (b"onu%b-%02d" % (parent[3:], port), stamp, status, parent, region % 16, seq)
    bare = _TEMPLATE % (*values, b"")
    return bare[:-2] + b"0" * (VALUE_BYTES - len(bare)) + b'"}'
