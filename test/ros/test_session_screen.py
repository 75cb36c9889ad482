"""The screen of a session shows foreign texts as they are: no escape sequence and no markup takes effect."""

from __future__ import annotations

import io
from array import array

from emg_recognition.msg import SignalQuality
from rich.console import Console

from emg_recognition.guided.plan import load_plan
from emg_recognition.guided.session import GuidedSession
from emg_recognition.resources import config_path
from emg_recognition.ros.session_screen import View, draw


def test_hostile_names_and_advice_are_shown_and_not_obeyed():
    quality = SignalQuality(
        channel_names=["\x1b[2Jone", "[bold]two[/bold]", "x" * 100_000],
        state=array("B", [2, 1, 2]),
        advice=["\x1b]0;owned\x07", "[link=x]press[/link]", "\u202eteg"],
    )
    session = GuidedSession(load_plan(config_path("session.yaml")))
    console = Console(file=io.StringIO(), width=200, height=40, force_terminal=True, color_system=None)
    console.print(draw(session, View("Session of s (c)", "2 BAD", quality, ""), 0.0))
    shown = console.file.getvalue()
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    for text in (
        r"\x1b[2Jone",
        "[bold]two[/bold]",
        r"\x1b]0;owned\x07",
        "[link=x]press[/link]",
        r"\u202eteg",
    ):
        assert text in shown
    assert len(shown) < 20_000
