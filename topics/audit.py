"""Compares the topics of a cluster with the catalog. Pure: what is there comes in, what is wrong goes out.

Invariant: every difference that would lose or misplace records is found, all at once, each with what mends it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import get_args

from msgspec import Struct

from forewarn.stream.engine.role import Group, Layout
from forewarn.topics.catalog import TOPICS, Topic

#: Partitions of a group of which no topic is there yet.
DEFAULT = 8
#: Settings that must be as the catalog says; those in the second list may also be higher.
_EXACT = ("cleanup.policy", "message.timestamp.type")
_AT_LEAST = ("max.message.bytes", "min.compaction.lag.ms")


class Found(Struct, frozen=True):
    """A topic on the cluster. `configs` is None when we may not read them."""

    partitions: int
    configs: Mapping[str, str] | None


def layout(found: Mapping[str, Found], prefix: str) -> Layout:
    """The partition counts that most topics of each group have."""
    return Layout(**{str(group): _count(group, found, prefix) for group in get_args(Group)})


def problems(found: Mapping[str, Found], prefix: str, *, replication: int) -> list[str]:
    """What is wrong, one line each; `replication` is what the proposed command asks for."""
    there = layout(found, prefix)
    command = f"forewarn topics apply --partitions region={there.region},customer={there.customer}"
    command += f" --replication {replication}" + (f" --topic-prefix {prefix}" if prefix else "")
    return [
        problem
        for topic in TOPICS
        for problem in _of_one(topic, topic.full_name(prefix), found.get(topic.full_name(prefix)), there, command)
    ]


def wrong_configs(topic: Topic, configs: Mapping[str, str]) -> dict[str, str]:
    """The settings of a topic that are not as they must be, with the values that they must have."""
    return {
        name: wanted
        for name, wanted in topic.configs.items()
        if (name in _EXACT and configs.get(name) != wanted)
        or (name in _AT_LEAST and int(configs.get(name, "0")) < int(wanted))
    }


def misplaced(found: Mapping[str, Found], prefix: str, wanted: Layout) -> list[str]:
    """Groups whose topics are there with another partition count than `wanted`, one line each."""
    return [
        f"group {group} has {count} partitions here, not {getattr(wanted, group)}: counts are fixed for the life of a"
        f" deployment; say --partitions {group}={count}, or begin another deployment with --topic-prefix"
        for group in get_args(Group)
        if _topics_there(group, found, prefix) and (count := _count(group, found, prefix)) != getattr(wanted, group)
    ]


def _of_one(topic: Topic, name: str, found: Found | None, there: Layout, command: str) -> list[str]:
    if found is None:
        return [f"{name} is missing: `{command}` creates it"]
    wrong = []
    wanted = topic.partitions(there)
    if found.partitions != wanted:
        wrong.append(
            f"{name} has {found.partitions} partitions, its group {topic.group} has {wanted}: a count cannot be mended"
            f" in place; delete the topic when nothing is left to read in it, then `{command}` creates it anew"
        )
    for setting, value in wrong_configs(topic, found.configs or topic.configs).items():
        is_set = (found.configs or {}).get(setting, "not set")
        wrong.append(f"{name} has {setting}={is_set}, it must be {value}: `{command}` sets it")
    return wrong


def _count(group: Group, found: Mapping[str, Found], prefix: str) -> int:
    if group == "single":
        return 1
    counts = Counter(one.partitions for one in _topics_there(group, found, prefix))
    return max(counts.items(), key=lambda pair: (pair[1], pair[0]))[0] if counts else DEFAULT


def _topics_there(group: Group, found: Mapping[str, Found], prefix: str) -> list[Found]:
    names = (topic.full_name(prefix) for topic in TOPICS if topic.group == group)
    return [found[name] for name in names if name in found]
