"""What both reports are read with."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """Collects text, references and tags; fails on tags that do not match."""

    def __init__(self, html: str, between: str = "") -> None:
        super().__init__()
        self.between = between  # what stands between the texts of two tags
        self.open: list[str] = []
        self.references: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        assert self.open == []
        self.text = re.sub(r"\s+", " ", self.text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.references += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data + self.between


@pytest.fixture
def read_page() -> type[Page]:
    """Read HTML: ``read_page(html).text``."""
    return Page
