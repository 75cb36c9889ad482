"""The view of a person's progress: their sessions over weeks in charts and tables, to print and to export."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from nicegui import ui

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.history.folder import Entry, History, history_from_json, to_csv
from emg_recognition.page.controls import Page
from emg_recognition.page.frame import button, card, frame

#: Reading hundreds of recordings for the first time may take minutes; the next time it takes seconds.
_LONGEST = 1800.0
_NOBODY = "(no code)"

_STYLE = """
.history { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
.history th, .history td { text-align: right; padding: .35rem .5rem; border-bottom: 1px solid var(--line);
  vertical-align: top; }
.history th { color: var(--quiet); font-weight: 500; vertical-align: bottom; }
.history .words { text-align: left; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
.chart { height: 15rem; width: 100%; }
.q-field { min-width: 14rem; }
@media print { .no-print, .nicegui-notification { display: none !important; }
  .card { border: none; break-inside: avoid; }
  .history { font-size: .7rem; } body { background: #fff; } }
"""


def show(page: Page) -> None:
    """Build the view for one browser.

    Parameters
    ----------
    page : Page
        What the view gets.
    """
    frame(page, "Progress")
    ui.add_css(_STYLE)
    history: History | None = None

    async def read() -> None:
        nonlocal history
        note.set_text("Reading the recordings …")
        again.disable()
        try:
            history = await asyncio.to_thread(_read, page.folder)
        except EmgRecognitionError as error:
            note.set_text(str(error))
            return
        finally:
            again.enable()
        note.set_text("" if history.people() else f"There are no recordings in {page.folder} yet.")
        people = {code: code or _NOBODY for code in history.people()}
        session = page.state.session
        wanted = who.value if who.value in people else session.subject if session is not None else None
        who.set_options(people, value=wanted if wanted in people else next(iter(people), None))
        draw()

    def chosen() -> History | None:
        return None if history is None or who.value is None else history.of(who.value)

    def draw() -> None:
        place.clear()
        found = chosen()
        if found is None:
            return
        with place:
            _draw(found, who.value or _NOBODY)

    def export() -> None:
        found = chosen()
        if found is not None:
            ui.download.content(to_csv(found), f"sessions_{who.value or 'no_code'}.csv", "text/csv")

    with ui.element("main").classes("cards"):
        with card("Person", "w12").classes("no-print"), ui.element("div").classes("row"):
            who = ui.select({}, label="Code", on_change=draw).props('data-testid="person"')
            again = button("Read again", read, "plain", "read-again")
            button("Export as CSV", export, "do", "export")
            button("Print", lambda: ui.run_javascript("window.print()"), "do", "print")
        note = ui.label().classes("w12 quiet no-print").props('data-testid="note" role="status"')
        place = ui.element("div").style("display: contents")
    ui.timer(0, read, once=True)


def _read(folder: Path) -> History:
    """Read the folder in a process of its own, at low priority: the live view goes on meanwhile."""
    command = ["nice", "-n", "10", sys.executable, "-m", "emg_recognition", "history", str(folder), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LONGEST, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmgRecognitionError(f"the recordings cannot be read: {error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason was given"]
        raise EmgRecognitionError(f"the recordings cannot be read: {said[-1]}")
    return history_from_json(json.loads(done.stdout))


def _draw(found: History, code: str) -> None:
    sessions = found.sessions
    with card(f"Sessions of {code}", "w12"):
        days = _days(sessions)
        if sessions:
            with ui.element("div").classes("cards").style("padding: 0"):
                _chart(
                    "Share, %",
                    days,
                    {
                        "balanced accuracy": [_percent(one.balanced_accuracy) for one in sessions],
                        "good electrodes": [_percent(one.good) for one in sessions],
                    },
                )
                _chart(
                    "A minute",
                    days,
                    {
                        "wrong movements": [_rounded(one.wrong_movements_per_minute) for one in sessions],
                        "movements at rest": [_rounded(one.false_activations_per_minute) for one in sessions],
                    },
                )
        _table(
            [
                ("Begin (UTC)", days),
                ("Minutes of actions", [f"{one.practised:.1f}" for one in sessions]),
                ("Repetitions", [one.repetitions for one in sessions]),
                ("Balanced accuracy, %", [_percent(one.balanced_accuracy) for one in sessions]),
                ("Wrong movements /min", [_rounded(one.wrong_movements_per_minute) for one in sessions]),
                ("At rest /min", [_rounded(one.false_activations_per_minute) for one in sessions]),
                ("Activation", [_rounded(one.activation, 2) for one in sessions]),
                ("Good electrodes, %", [_percent(one.good) for one in sessions]),
                ("Often bad", [", ".join(one.poor) for one in sessions]),
                ("What changed", ["; ".join(one.changes) for one in sessions]),
            ],
            "sessions",
        )
    if found.tests:
        with card("Tests without the robot", "w12"):
            _table(
                [
                    (
                        "Time (UTC)",
                        [str(one.get("created", ""))[:16].replace("T", " ") for one in found.tests],
                    ),
                    ("Test", [str(one.get("test", "")) for one in found.tests]),
                    ("Model", [str(one.get("model", "")) for one in found.tests]),
                    ("Result", [_result(one) for one in found.tests]),
                ],
                "tests",
            )
    for sentence in found.unreadable:
        ui.label(sentence).classes("w12 warn")


def _days(sessions: list[Entry]) -> list[str]:
    """Return the beginning of each session; with its recording where two begin in the same minute."""
    minutes = [one.begin[:16].replace("T", " ") for one in sessions]
    return [
        f"{minute} {one.recording}" if minutes.count(minute) > 1 else minute
        for one, minute in zip(sessions, minutes, strict=True)
    ]


def _chart(title: str, days: list[str], lines: dict[str, list[float | None]]) -> None:
    colours = ["#0b4f8a", "#b34700"]
    series = [
        {"name": name, "type": "line", "data": values, "connectNulls": True, "symbolSize": 9}
        for name, values in lines.items()
    ]
    options = {
        "title": {"text": title, "left": 0, "textStyle": {"fontSize": 13}},
        "legend": {"top": 0, "right": 0},
        "animation": False,
        "color": colours,
        "grid": {"left": 45, "right": 15, "top": 40, "bottom": 25},
        "xAxis": {"type": "category", "data": days},
        "yAxis": {"type": "value", "min": 0},
        "series": series,
    }
    words = f"{title}: " + "; ".join(f"{name} {values}" for name, values in lines.items())
    with ui.element("div").style("grid-column: span 6; min-width: 0").props('role="img"') as outer:
        outer.props["aria-label"] = words
        ui.echart(options).classes("chart")


def _table(columns: list[tuple[str, list[Any]]], name: str) -> None:
    """Build a plain table, which prints well; text is escaped by the labels."""
    words = ("Often bad", "What changed", "Result", "Test", "Model")
    with ui.element("div").classes("scroll"), ui.element("table").classes("history") as table:
        table.props(f'data-testid="{name}"')
        with ui.element("thead"), ui.element("tr"):
            for title, _ in columns:
                with ui.element("th").classes("words" if title in words else "").props('scope="col"'):
                    ui.label(title)
        with ui.element("tbody"):
            for row in zip(*(values for _, values in columns), strict=True):
                with ui.element("tr"):
                    for (title, _), value in zip(columns, row, strict=True):
                        with ui.element("td").classes("words" if title in words else ""):
                            ui.label("–" if value is None else str(value))


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)


def _result(test: dict[str, Any]) -> str:
    """Sum up a test in words; a file that somebody changed gives fewer of them."""
    parts = []
    scores, steadiness = test.get("scores"), test.get("steadiness")
    if isinstance(scores, dict):
        parts.append(f"{scores.get('selected')} of {scores.get('attempts')} targets")
        if isinstance(scores.get("throughput"), int | float):
            parts.append(f"{scores['throughput']:.2f} bit/s")
    if isinstance(steadiness, dict):
        delay, wrong = steadiness.get("decision_delay_ms"), steadiness.get("wrong_movements_per_minute")
        if isinstance(delay, dict) and isinstance(delay.get("median"), int | float):
            parts.append(f"reaction {delay['median']:.0f} ms")
        if isinstance(wrong, int | float):
            parts.append(f"{wrong:.1f} wrong movements/min")
    return ", ".join(parts)
