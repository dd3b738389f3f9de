"""What a command that failed says, and the exit code that it leaves with.

Expected trouble (settings, policy, topics, a broker that does not answer) is said in a sentence a line; only a bug
shows where it happened. Invariant: no value of a local variable and no contact of a customer is printed.
"""

from __future__ import annotations

import sys
import traceback

from aiokafka.errors import KafkaConnectionError, KafkaError

from forewarn.deploy.java import NoJava
from forewarn.deploy.kafka_jars import JarsUnavailable
from forewarn.deploy.local_kafka import KafkaFailed
from forewarn.stream.demo.stage import ProcessEnded
from forewarn.stream.kafka import NoSuchTopic
from forewarn.stream.logs import redact
from forewarn.stream.policy import PolicyError
from forewarn.stream.regulator.pack import PackError
from forewarn.stream.settings import SettingsError

INTERNAL, CONFIGURATION = 70, 78


def exit_code(error: Exception) -> int:
    """Prints what went wrong on stderr and returns the exit code."""
    if isinstance(error, SettingsError | PolicyError | PackError):
        word = "settings" if isinstance(error, SettingsError) else "policy"
        _say(*(f"{word}: {problem}" for problem in error.problems))
        return CONFIGURATION
    if isinstance(error, NoSuchTopic):
        _say(f"topics: {error}; `forewarn topics apply` creates what is missing")
        return CONFIGURATION
    if isinstance(error, KafkaConnectionError):
        _say(
            f"kafka: no broker answers: {error}",
            "Is --bootstrap (FOREWARN_BOOTSTRAP) right? `forewarn doctor` looks closer.",
        )
        return INTERNAL
    if isinstance(error, KafkaFailed | JarsUnavailable | NoJava | ProcessEnded):
        _say(str(error))
        return INTERNAL
    if isinstance(error, KafkaError):
        _say(f"kafka: {error}")
        return INTERNAL
    _say(redact("".join(traceback.format_exception(error))))
    return INTERNAL


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)
