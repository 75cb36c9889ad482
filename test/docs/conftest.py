"""The pages of the documentation and their code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
]

_BLOCK = re.compile(
    r"^(?:<!-- ([\w: ./-]+) -->\n)?^( *)```([\w{}-]*)(?:(?<=}) [^\n]+)?\n(.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the comment before it and the line it starts on."""

    language: str
    text: str
    comment: str
    line: int


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            language=match[3],
            text=re.sub(f"^{match[2]}", "", match[4], flags=re.MULTILINE),
            comment=match[1] or "",
            line=text.count("\n", 0, match.start(4)) + 1,
        )
        for match in _BLOCK.finditer(text)
    ]


def name_of(page: Path) -> str:
    """Return a page's path in the repository, as the name of a test."""
    return str(page.relative_to(REPOSITORY))
