"""Files of secrets: one a line, the newest first, so that a secret can be changed without a break."""

from __future__ import annotations

from pathlib import Path

#: Characters that a line has at least: 192 bits when they are random base64 (RFC 2104 §3).
SECRET_LENGTH = 32


def secret_problems(name: str, path: Path) -> list[str]:
    """What is wrong with the file of a setting of that name."""
    lines = path.read_text(encoding="utf-8", errors="replace").split()
    if not lines or any(len(line) < SECRET_LENGTH for line in lines):
        return [f"{name} must hold a secret of at least {SECRET_LENGTH} characters a line"]
    return []
