"""The AsyncAPI document is whole: all topics of the contract, all references, and schemas that real events satisfy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import orjson
import pytest

from forewarn.topics import asyncapi
from forewarn.topics.catalog import BY_NAME, TOPICS
from tests.unit.topics.kafka_record import beat, used

DOCUMENT: dict[str, Any] = json.loads(asyncapi.as_json(asyncapi.document()))


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for name, child in node.items():
            if name == "$ref":
                yield child
            else:
                yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def resolve(reference: str) -> Any:
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def validator(topic: str) -> jsonschema.Draft202012Validator:
    """The payload schema of a topic, with the document's own components."""
    message = next(one for one in DOCUMENT["components"]["messages"].values() if one["name"] == topic)
    return jsonschema.Draft202012Validator({**message["payload"], "components": DOCUMENT["components"]})


def test_it_has_the_fields_that_the_specification_requires() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for name, operation in DOCUMENT["operations"].items():
        assert operation["action"] in ("send", "receive")
        assert operation["channel"] == {"$ref": f"#/channels/{name}"}
        assert all(message["$ref"].startswith(f"#/channels/{name}/messages/") for message in operation["messages"])
    for kind in ("schemas", "messages"):
        assert all(re.fullmatch(r"[\w.-]+", name) for name in DOCUMENT["components"][kind])


def test_every_topic_of_the_contract_is_there_and_no_internal_one() -> None:
    outside = {topic.name for topic in TOPICS if topic.direction != "internal"}
    assert {channel["address"] for channel in DOCUMENT["channels"].values()} == outside
    assert DOCUMENT["channels"].keys() == DOCUMENT["operations"].keys()


def test_what_forewarn_reads_it_receives_and_what_it_writes_it_sends() -> None:
    actions = {
        DOCUMENT["channels"][name]["address"]: operation["action"] for name, operation in DOCUMENT["operations"].items()
    }
    assert actions["usage.records"] == "receive"
    assert actions["notifications"] == "send"


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        assert resolve(reference), reference


def test_every_schema_is_a_json_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("topic", "event"),
    [("network.heartbeats", beat(1)), ("usage.records", used(1)), ("usage.records", used(2, kind="top_up"))],
)
def test_a_good_event_satisfies_its_schema(topic: str, event: dict[str, Any]) -> None:
    validator(topic).validate(orjson.loads(orjson.dumps(event)))


@pytest.mark.parametrize("wrong", [{"element": 7, "time": 1}, {"time": 1}, {"element": "e", "time": 1, "status": "UP"}])
def test_a_wrong_event_does_not(wrong: dict[str, Any]) -> None:
    assert not validator("network.heartbeats").is_valid(wrong)


def test_the_prefix_of_a_shared_cluster_is_in_the_addresses() -> None:
    channels = asyncapi.document("acme-")["channels"]
    assert all(channel["address"].startswith("acme-") for channel in channels.values())


def test_dead_letters_name_their_headers() -> None:
    message = DOCUMENT["components"]["messages"]["deadLetters"]
    assert "dlq.reason" in message["headers"]["required"]
    assert BY_NAME["dead.letters"].event is None
