"""Results and report pages for the tests of this folder."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from emg_recognition.evaluation.performance import Performance, measure

ACTIONS = ("rest", "elbow_flexion")
VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """Collects text, references and tags; fails on tags that do not match."""

    def __init__(self, html: str, between: str = "") -> None:
        super().__init__()
        self.between = between  # put between the texts of two tags
        self.open: list[str] = []
        self.references: list[str] = []
        self.anchors: set[str] = set()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        assert self.open == []
        self.text = re.sub(r"\s+", " ", self.text)
        # A link inside the page leads somewhere.
        assert {link[1:] for link in self.references if link.startswith("#")} <= self.anchors
        self.references = [link for link in self.references if not link.startswith("#")]

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.references += [value for name, value in attributes if name in ("src", "href")]
        self.anchors |= {value for name, value in attributes if name == "id"}
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


def _measure(probabilities, truth, **changes) -> Performance:
    count = len(truth)
    columns = {
        "actions": ACTIONS,
        "subject": np.full(count, "s"),
        "cohort": np.full(count, "healthy"),
        "segment": np.arange(count),
        "begin": np.zeros(count, int),
        "stride": 0.05,
        "window": 0.2,
        **changes,
    }
    return measure(np.asarray(probabilities, np.float32), np.asarray(truth), **columns)


@pytest.fixture
def performance():
    """Return the function that measures some windows of two actions; each window is a segment."""
    return _measure
