"""murmur2 gives what the Java client gives."""

from __future__ import annotations

import pytest
from aiokafka.partitioner import murmur2 as aiokafkas
from hypothesis import given
from hypothesis import strategies as st

from forewarn.topics.partitioner import murmur2, partition

#: From org.apache.kafka.common.utils.UtilsTest.testMurmur2 (Java's signed ints).
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize("key", JAVA)
def test_known_hashes_of_the_java_client(key: bytes) -> None:
    assert murmur2(key) == JAVA[key] & 0xFFFFFFFF


@given(st.binary(max_size=70))
def test_any_key_hashes_as_in_the_python_client(key: bytes) -> None:
    assert murmur2(key) == aiokafkas(key)


@given(st.binary(max_size=40), st.integers(1, 1000))
def test_a_partition_is_one_of_those_there_are(key: bytes, partitions: int) -> None:
    assert 0 <= partition(key, partitions) < partitions
