"""Folders of workers: a living one's stays, a dead one's goes."""

from __future__ import annotations

import os
from pathlib import Path

from forewarn.stream.own_folder import take


def test_two_workers_of_a_role_have_a_folder_each(tmp_path: Path) -> None:
    first, second = take(tmp_path, "decide"), take(tmp_path, "decide")
    assert first.path != second.path
    assert first.path.is_dir()
    assert second.path.is_dir()


def test_the_folder_of_a_worker_that_died_goes_with_the_next_start_of_its_role(tmp_path: Path) -> None:
    dead, alive = take(tmp_path, "decide"), take(tmp_path, "decide")
    (dead.path / "v1").mkdir()
    os.close(dead._lock)  # what the kernel does when the process ends
    take(tmp_path, "detect")
    assert dead.path.is_dir()
    take(tmp_path, "decide")
    assert not dead.path.exists()
    assert alive.path.is_dir()


def test_who_leaves_in_good_order_leaves_nothing(tmp_path: Path) -> None:
    take(tmp_path / "deep" / "down", "deliver").leave()
    assert [path.name for path in (tmp_path / "deep" / "down").iterdir()] == [".sweeping"]


def test_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "decided").mkdir()
    (tmp_path / "decide-notes.txt").write_text("mine")
    take(tmp_path, "decide")
    assert (tmp_path / "decided").is_dir()
    assert (tmp_path / "decide-notes.txt").exists()
