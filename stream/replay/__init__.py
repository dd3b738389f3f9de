"""Replay: the very same roles in one process, without Kafka and without a clock.

    kcat lines ─> inputs ─> merge ─> machine (stations of every role, topics in memory, time from the records) ─> lines

`product.Replay` is the way in for Python. Invariant: the same input and policy give the same bytes, whatever the
machine, the hour or the hash seed.
"""
