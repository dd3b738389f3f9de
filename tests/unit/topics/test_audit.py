"""What is wrong with a cluster's topics is said all at once, each with what mends it."""

from __future__ import annotations

import pytest

from forewarn.stream.engine.role import Layout
from forewarn.topics.audit import Found, layout, misplaced, problems, wrong_configs
from forewarn.topics.catalog import BY_NAME, TOPICS

COMMAND = "`forewarn topics apply --partitions region=4,customer=6 --replication 3`"


def cluster(prefix: str = "") -> dict[str, Found]:
    """A cluster as the catalog says, with 4 and 6 partitions."""
    wanted = Layout(region=4, customer=6)
    return {topic.full_name(prefix): Found(topic.partitions(wanted), topic.configs) for topic in TOPICS}


def test_nothing_is_wrong_with_what_apply_creates() -> None:
    assert problems(cluster(), "", replication=3) == []
    assert layout(cluster(), "") == Layout(region=4, customer=6)


def test_every_difference_is_named_at_once_with_the_command() -> None:
    found = cluster()
    del found["usage.records"], found["forewarn-decide-changelog"]
    found["outages.impact"] = Found(5, BY_NAME["outages.impact"].configs)
    found["network.field"] = Found(2, BY_NAME["network.field"].configs)
    found["outages"] = Found(1, BY_NAME["outages"].configs | {"cleanup.policy": "delete"})
    lines = problems(found, "", replication=3)
    assert len(lines) == 5
    assert all(COMMAND in line for line in lines)
    assert any("usage.records is missing" in line for line in lines)
    assert any("outages.impact has 5 partitions, its group customer has 6" in line for line in lines)
    assert any("network.field has 2 partitions, its group single has 1" in line for line in lines)
    assert any("outages has cleanup.policy=delete, it must be compact" in line for line in lines)


def test_the_command_repeats_the_prefix() -> None:
    assert all("--topic-prefix acme-`" in line for line in problems({}, "acme-", replication=1))


def test_settings_may_be_higher_but_not_lower() -> None:
    topic = BY_NAME["forewarn-decide-changelog"]
    more = topic.configs | {"max.message.bytes": "99999999", "min.compaction.lag.ms": "172800000"}
    assert wrong_configs(topic, more) == {}
    less = topic.configs | {"max.message.bytes": "1000", "message.timestamp.type": "CreateTime"}
    assert wrong_configs(topic, less) == {
        "max.message.bytes": topic.configs["max.message.bytes"],
        "message.timestamp.type": "LogAppendTime",
    }


def test_retention_is_the_operators() -> None:
    topic = BY_NAME["usage.records"]
    assert wrong_configs(topic, topic.configs | {"retention.ms": "1"}) == {}


def test_settings_that_may_not_be_read_are_not_judged() -> None:
    hidden = {name: Found(found.partitions, None) for name, found in cluster().items()}
    assert problems(hidden, "", replication=3) == []


@pytest.mark.parametrize(("wanted", "lines"), [(Layout(4, 6), 0), (Layout(4, 8), 1), (Layout(2, 8), 2)])
def test_counts_that_are_there_are_not_changed(wanted: Layout, lines: int) -> None:
    assert len(misplaced(cluster(), "", wanted)) == lines


def test_on_an_empty_cluster_any_count_may_be_asked_for() -> None:
    assert misplaced({}, "", Layout(3, 5)) == []
