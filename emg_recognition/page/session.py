"""The session in the therapist's view: how it goes, its commands, and the form that starts one."""

from __future__ import annotations

import time
from collections.abc import Callable

from nicegui import ui

from emg_recognition.errors import EmgRecognitionError
from emg_recognition.page.controls import Page, inside
from emg_recognition.page.frame import button, card, said
from emg_recognition.page.models import BUNDLES, found
from emg_recognition.page.state import SessionView

_COMMANDS = {
    "skip": ("Begin anyway", "begin although the signal is not good"),
    "pause": ("Pause / continue", "a repetition in progress is asked for again"),
    "next": ("Next", "end the rest and show the next prompt"),
    "repeat": ("Repeat", "discard the last repetition and ask for it again"),
    "discard": ("Discard", "discard the last repetition and go on"),
    "don": ("Don again", "ask for the gestures that show how the armband sits"),
}


def show_session(page: Page) -> Callable[[], None]:
    """Build the card; return what brings it up to date."""
    with card("Session", "w4"):
        now = ui.label().classes("big").props('data-testid="session-now"')
        text = ui.label()
        counts = ui.label().classes("quiet").props('data-testid="session-counts"')
        signal = ui.label().classes("quiet")
        with ui.element("div").classes("row") as commands:
            for command, (name, help_text) in _COMMANDS.items():
                _command(page, command, name, help_text)
            button("Stop recording", lambda: _confirm(page), "plain", "session-quit")
        with ui.element("form").props("onsubmit='return false'").classes("row") as form:
            _start_form(page)

    def look() -> None:
        session = page.state.session
        running = session is not None and session.running
        form.set_visibility(not running)
        commands.set_visibility(running)
        if session is None:
            now.set_text("No session")
            for label in (text, counts, signal):
                label.set_text("")
            return
        now.set_text(_headline(session, running))
        text.set_text(session.note or session.text if running else session.bag)
        left = round(session.until_end(time.monotonic()))
        minutes = f", {left // 60}:{left % 60:02d} min left" if running else ""
        dropped = f", {session.discarded} discarded" if session.discarded else ""
        counts.set_text(f"{session.subject}: {session.kept} of {session.planned} recorded{dropped}{minutes}")
        signal.set_text(session.signal if running else "")

    return look


def _headline(session: SessionView, running: bool) -> str:
    if not running:
        return "Session ended" if session.phase == "ended" else "The session node is gone"
    name = session.action.replace("_", " ")
    if session.donning:
        name = f"donning, {name}" if name else "donning"
    left = session.left(time.monotonic())
    if session.shown:
        return f"NOW: {name} {session.repetition} ({left:.0f} s)"
    if session.phase == "ready":
        return f"Rest, then {name} {session.repetition} ({left:.0f} s)" if name else "Done"
    if session.phase == "paused":
        return "Paused"
    if session.phase == "waiting":
        return "Waiting for a good signal"
    return session.phase.capitalize()


def _command(page: Page, command: str, name: str, help_text: str) -> None:
    made = button(name, lambda: said(page.controls.press(command)), "do", f"session-{command}")
    made.props(f'title="{help_text}"')


async def _confirm(page: Page) -> None:
    with ui.dialog() as dialog, ui.card():
        ui.label("End the recording? What is recorded is kept.")
        with ui.element("div").classes("row"):
            button("End it", lambda: dialog.submit(True), "danger", "end-session")
            button("Go on", lambda: dialog.submit(False), "plain", "go-on")
    if await dialog:
        await said(page.controls.press("quit"))
    dialog.delete()


def _start_form(page: Page) -> None:
    subject = ui.input("Person: a code, no name").props('autocomplete="off" data-testid="subject"')
    cohort = ui.input("Cohort", value="patient").props('autocomplete="off" data-testid="cohort"')
    session = ui.input("Session; empty: date and time").props('autocomplete="off" data-testid="session"')

    don = ui.select([""], label="Don first, with bundle", value="").props('data-testid="don"')
    # Which bundles there are is looked up when the list is opened.
    don.on("popup-show", lambda: don.set_options(["", *found(page.folder, BUNDLES)]))

    async def start() -> None:
        try:
            bundle = str(inside(page.folder, don.value)) if don.value else ""
        except EmgRecognitionError as error:
            ui.notify(str(error), type="negative", multi_line=True)
        else:
            await said(page.controls.start_session(subject.value, cohort.value, session.value, bundle))

    button("Start a session", start, "go", "start-session")
