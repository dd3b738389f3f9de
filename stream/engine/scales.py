"""When a unit is heavy enough to be closed."""

from __future__ import annotations

from forewarn.stream.engine.unit import Unit

#: Changelog bytes that a unit should stay below; it is weighed whenever it may have doubled, so it stops at half of it.
UNIT_BYTES = 900_000
#: Outputs after which a unit is weighed again.
WEIGHED_OUTPUTS = 500


class Scales:
    """Says when a unit is heavy. Weighing takes as long as the unit is large, so it is done at 1, 2, 4, … slices, and
    whenever much input or many outputs have come since: a unit that outgrew its batch would end every process it meets.
    """

    __slots__ = ("_bytes", "_outputs", "_records")

    def __init__(self) -> None:
        self._records = self._bytes = self._outputs = 0

    def heavy(self, unit: Unit, records: int, taken: int) -> bool:
        """Whether the unit is to be closed, `records` having been folded, the last slice being of `taken` bytes."""
        self._bytes += taken
        if records < self._records and self._bytes < UNIT_BYTES // 2 and len(unit.outputs) < self._outputs:
            return False
        self._records, self._bytes, self._outputs = 2 * records, 0, len(unit.outputs) + WEIGHED_OUTPUTS
        return unit.size >= UNIT_BYTES // 2
