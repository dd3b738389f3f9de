"""The AsyncAPI 3.0 document of all topics, made from the catalog and the typed events.

Written by us and read by whoever produces to or consumes from our topics: `read` topics are what Forewarn receives,
`written` ones what it sends. Internal topics are not part of the contract and stay out.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from forewarn.topics.catalog import TOPICS, Topic

VERSION = "3.0.0"
_COMPONENT = "#/components/schemas/{name}"


def document(prefix: str = "", *, title: str = "Forewarn", version: str = "1.0.0") -> dict[str, Any]:
    """The document as plain JSON values."""
    topics = [topic for topic in TOPICS if topic.direction != "internal"]
    kinds = {kind.__name__: kind for topic in topics for kind in _kinds(topic)}
    _, schemas = msgspec.json.schema_components(kinds.values(), ref_template=_COMPONENT)
    return {
        "asyncapi": VERSION,
        "info": {
            "title": title,
            "version": version,
            "description": "Topics that Forewarn reads and writes. One JSON object a record, UTF-8; unknown fields are"
            " ignored; instants are RFC 3339 with an offset or integer epoch milliseconds.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_id(topic): _channel(topic, prefix) for topic in topics},
        "operations": {_id(topic): _operation(topic) for topic in topics},
        "components": {"schemas": schemas, "messages": {_id(topic): _message(topic) for topic in topics}},
    }


def as_json(value: object) -> str:
    """JSON text, indented, with a newline less than a file has."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _kinds(topic: Topic) -> tuple[Any, ...]:
    return () if topic.event is None or topic.foreign == "only" else get_args(topic.event) or (topic.event,)


def _id(topic: Topic) -> str:
    """A name that stands in a JSON pointer without escapes."""
    head, *rest = topic.name.split(".")
    return head + "".join(part.capitalize() for part in rest)


def _channel(topic: Topic, prefix: str) -> dict[str, Any]:
    configuration: dict[str, Any] = {"cleanup.policy": [topic.cleanup], "max.message.bytes": topic.max_message_bytes}
    if topic.retention_ms is not None:
        configuration["retention.ms"] = topic.retention_ms
    return {
        "address": topic.full_name(prefix),
        "description": topic.about,
        "messages": {"event": {"$ref": f"#/components/messages/{_id(topic)}"}},
        "bindings": {"kafka": {"topicConfiguration": configuration, "bindingVersion": "0.5.0"}},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    return {
        "action": "receive" if topic.direction == "read" else "send",
        "channel": {"$ref": f"#/channels/{_id(topic)}"},
        "messages": [{"$ref": f"#/channels/{_id(topic)}/messages/event"}],
    }


def _message(topic: Topic) -> dict[str, Any]:
    key = {"type": "string", "description": f"{topic.key}; partitioned by murmur2, as Java clients do"}
    message: dict[str, Any] = {
        "name": topic.name,
        "title": topic.about.rstrip("."),
        "payload": _payload(topic),
        "bindings": {"kafka": {"key": key, "bindingVersion": "0.5.0"}},
    }
    if topic.name == "dead.letters":
        message["contentType"] = "application/octet-stream"
        message["headers"] = _letter_headers()
    return message


def _payload(topic: Topic) -> dict[str, Any]:
    kinds = [{"$ref": _COMPONENT.format(name=kind.__name__)} for kind in _kinds(topic)]
    if not kinds:
        return {} if topic.event is None else {"type": "object", "description": topic.about}
    return kinds[0] if len(kinds) == 1 else {"oneOf": kinds}


def _letter_headers() -> dict[str, Any]:
    """The headers of a dead letter, all of them texts."""
    always = ("dlq.topic", "dlq.partition", "dlq.offset", "dlq.reason", "dlq.path", "dlq.time")
    names = (*always, "dlq.null", "dlq.truncated")
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(always)}
