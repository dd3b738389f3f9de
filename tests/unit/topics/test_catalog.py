"""The catalog keeps what the contract and the engine rely on."""

from __future__ import annotations

import pytest

from forewarn.stream.engine.role import Layout
from forewarn.topics.catalog import BY_NAME, CHANGELOGS, DAY_MS, HOUR_MS, TOPICS, Topic
from forewarn.topics.codecs import by_topic
from forewarn.topics.dead_letters import INPUT_LIMIT

LAYOUT = Layout(region=3, customer=5)
SINGLE = {
    *("network.inventory", "network.maintenance", "network.field"),
    *("outages", "outages.revisions", "outages.signals", "outages.affected", "forewarn-correlate-changelog"),
}


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(TOPICS)


def test_topics_of_one_group_have_equal_counts() -> None:
    counts = {(topic.group, topic.partitions(LAYOUT)) for topic in TOPICS}
    assert counts == {("region", 3), ("customer", 5), ("single", 1)}
    assert {topic.name for topic in TOPICS if topic.group == "single"} == SINGLE


@pytest.mark.parametrize(
    "topic", [topic for topic in TOPICS if topic.direction == "read"], ids=lambda topic: topic.name
)
def test_sources_are_stamped_by_the_broker(topic: Topic) -> None:
    assert topic.configs["message.timestamp.type"] == "LogAppendTime"
    assert (topic.instant is None) == (topic.cleanup == "compact")


@pytest.mark.parametrize("role", CHANGELOGS)
def test_changelogs_fit_the_largest_unit_and_keep_an_hour_of_their_past(role: str) -> None:
    configs = BY_NAME[f"forewarn-{role}-changelog"].configs
    assert configs["cleanup.policy"] == "compact"
    assert configs["min.compaction.lag.ms"] == str(HOUR_MS)
    assert configs["message.timestamp.type"] == "LogAppendTime"
    assert int(configs["max.message.bytes"]) >= 4 * INPUT_LIMIT


def test_dead_letters_take_twice_the_inputs_size() -> None:
    assert BY_NAME["dead.letters"].max_message_bytes >= 2 * INPUT_LIMIT


@pytest.mark.parametrize(
    ("name", "days"), [("decisions", 90), ("notifications", 3), ("outages.revisions", 400), ("outages", None)]
)
def test_retention_is_the_contracts(name: str, days: int | None) -> None:
    assert BY_NAME[name].retention_ms == (None if days is None else days * DAY_MS)


def test_a_prefix_stands_before_the_name() -> None:
    assert BY_NAME["outages"].full_name("acme-") == "acme-outages"


def test_every_topic_with_events_has_a_codec() -> None:
    assert by_topic().keys() == {topic.name for topic in TOPICS if topic.event is not None}
