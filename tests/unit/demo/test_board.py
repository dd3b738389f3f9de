"""The demo's board: what it shows is what stands in the topics."""

from __future__ import annotations

import io
import json
from typing import Any

from rich.console import Console

from forewarn.stream.demo import view
from forewarn.stream.demo.board import Board
from tests.unit.demo.records import delivery, notice, request, revision, run

NOW = 1_795_000_000_000


class Watched(Board):
    """A board that takes plain values."""

    def sees(self, topic: str, key: str, value: Any, at: int = NOW) -> None:
        self.take(topic, at, key.encode(), json.dumps(value).encode())


def test_an_outage_is_its_newest_revision() -> None:
    board = Watched()
    board.sees("outages.revisions", "o1", revision("confirmed", 2))
    board.sees("outages.revisions", "o1", revision("suspected", 1))  # produced again
    assert board.outages["o1"].state == "confirmed"
    board.sees("outages.revisions", "o1", revision("closed", 5))
    assert board.open_outages() == []


def test_customers_told_are_counted_per_outage_and_once() -> None:
    board = Watched()
    board.sees("outages.revisions", "o1", revision("confirmed", 2))
    for stage, identity in (("confirmed", "n1"), ("restored", "n3")):
        board.sees("notifications", "ann", notice(identity, "outage", stage))
        for _ in range(2):
            board.sees("notifications.log", "ann", delivery(identity))
    board.sees("notifications.log", "ann", delivery("n1", "failed"))
    assert (board.outages["o1"].told, board.outages["o1"].restored_told) == (1, 1)
    assert board.mails == {"outage confirmed": 1, "outage restored": 1}


def test_a_request_is_held_until_it_is_approved_or_over() -> None:
    board = Watched()
    board.sees("marketing.held", "ann", request("m1", "outage"))
    board.sees("marketing.held", "bob", request("m2", "no_consent"))
    board.sees("marketing.held", "ann", request("m1", "lease"))
    assert board.held == {"m1": "lease", "m2": "no_consent"}
    board.sees("marketing.approved", "ann", request("m1", "clear", final=True))
    board.sees("marketing.held", "bob", request("m2", "expired", final=True))
    assert board.held == {}
    assert board.released == {"m1"}


def test_a_device_is_heard_while_it_beats() -> None:
    board = Watched()
    for element in ("a", "b"):
        board.sees("network.heartbeats", "north", {"element": element, "time": NOW})
    board.sees("network.heartbeats", "north", {"element": "a", "time": NOW}, at=NOW + 5_000)
    assert (board.regions["north"].up(NOW + 5_000), len(board.regions["north"].heard)) == (1, 2)


def test_rates_are_of_the_last_seconds() -> None:
    board = Watched()
    for second in range(20):
        for _ in range(30 if second >= 10 else 1):
            board.sees("usage.records", "ann", {})
        board.tick(NOW + second * 1000)
    assert board.rate("usage.records") == 30


def test_a_record_of_another_shape_is_counted_and_harms_nothing() -> None:
    board = Watched()
    for topic in board.topics:
        board.take(topic, NOW, b"k", b"{" if topic != "dead.letters" else b"{}")
        board.take(topic, NOW, b"k", b"[]")
        board.take(topic, NOW, None, None)
    assert board.counts["unreadable"] > 0


def test_news_since_a_point_are_given_once() -> None:
    board = Watched()
    board.sees("outages.revisions", "o1", revision("suspected", 1))
    assert [news.text for news in board.since(0)] == ["outage suspected: olt-1 in north"]
    assert board.since(board.said) == []


def test_what_happens_to_many_at_once_is_one_line() -> None:
    board = Watched()
    for number in range(3):
        board.sees("notifications", f"c{number}", notice(f"n{number}", "outage", "confirmed"))
        board.sees("notifications.log", f"c{number}", delivery(f"n{number}"))
    board.sees("outages.revisions", "o1", revision("restored", 3))
    lines = view.condensed(board.since(0))
    assert [line.text for line in lines] == [
        "3 customers were mailed: outage confirmed",
        "outage restored: olt-1 in north",
    ]


def test_the_screen_shows_all_of_it() -> None:
    board = Watched()
    for topic, rows in run().items():
        for key, row in rows:
            board.sees(topic, key, row)
    board.sees("network.heartbeats", "north", {"element": "a", "time": NOW})
    board.tick(NOW)
    out = io.StringIO()
    console = Console(file=out, width=140, height=40)
    console.print(view.screen(board, now=NOW + 9_000, began=NOW, lasts_s=90.0, where="127.0.0.1:1", mailed=5))
    text = out.getvalue()
    for shown in ("north", "restored", "olt-1", "running for 9s of 1m 30s", "outage confirmed", "e-mails taken"):
        assert shown in text
    console.print(view.screen(Board(), now=NOW, began=None, lasts_s=None, where="x", mailed=0))
    assert "waiting until every role is ready" in out.getvalue()
