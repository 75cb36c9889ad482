"""The views for patients and for progress in a real browser, on a server of their own; no graph is needed."""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from emg_recognition.control.states import State
from emg_recognition.monitor.snapshot import Bridge, Snapshot
from emg_recognition.page.controls import MISSING, Answer, Page
from emg_recognition.page.jobs import Jobs
from emg_recognition.page.reaction import ReactionSettings, ReactionTask
from emg_recognition.page.state import Decision, PageState, SessionView
from emg_recognition.page.targets import TargetSettings, TargetTask

from ..target_way import WAY

pytest.importorskip("nicegui", reason=MISSING)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(sys.prefix) / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt install chromium")

ACTIONS = ("rest", "elbow_flexion", "elbow_extension")
PATIENCE = 60.0


class Pressed:
    """Notes what was asked for."""

    def __init__(self):
        self.commands = []

    async def press(self, command):
        self.commands.append(command)
        return Answer(True, command)


class Wearer:
    """Lets the page see 25 decisions a second, whatever is performed now."""

    def __init__(self, state):
        self.action = "rest"
        self._state, self._stop = state, threading.Event()
        self._thread = threading.Thread(target=self._perform, daemon=True)
        self._thread.start()

    def _perform(self):
        while not self._stop.wait(0.04):
            self._state.decide(Decision(time.monotonic(), self.action, 0.9, 1.0))

    def close(self):
        self._stop.set()
        self._thread.join()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A page, its address, and who performs; NiceGUI has one application a process."""
    from emg_recognition.page.server import PageServer

    folder = tmp_path_factory.mktemp("ward")
    state = PageState(snapshot=Snapshot(namespace="/", open_for=1.0, model="m1"), actions=ACTIONS)
    page = Page(state=state, controls=Pressed(), jobs=Jobs(folder), language="en", folder=folder)
    server, wearer = PageServer(page, "127.0.0.1", 0), Wearer(state)
    yield page, server.link, wearer
    wearer.close()
    server.close()


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as driver:
        # As root in a container Chromium has no sandbox of its own.
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def view(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    context.set_default_timeout(1000 * PATIENCE)
    errors = []
    tab = context.new_page()
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert not errors


def judge(view):
    """Check with axe-core: no finding of serious or critical impact."""
    if AXE.exists():
        view.add_script_tag(path=AXE)
        found = view.evaluate("axe.run()")["violations"]
        assert not [
            (one["id"], [node["html"][:150] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]


def shows(view, name, pattern):
    playwright.expect(view.get_by_test_id(name)).to_have_text(re.compile(pattern), timeout=1000 * PATIENCE)


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.05)


def at(phase, **values):
    fields = {"action": "elbow_flexion", "text": "the elbow bends", "hold": 3.0, "subject": "p07"}
    return SessionView(phase=phase, **{"received": time.monotonic(), **fields, **values})


def test_a_patient_sees_what_to_do_and_has_one_button(served, view):
    page, link, _ = served
    page.state.session = None
    view.goto(f"{link}patient?lang=de")
    shows(view, "cue", "Keine Sitzung")
    # A very long phase, because a busy machine is slow.
    page.state.session = at("ready", length=3000.0, received=time.monotonic() + 3000)
    shows(view, "cue", "PAUSE")
    shows(view, "what", "Als Nächstes: Ellenbogen beugen")
    judge(view)
    page.state.session = at("holding", length=3000.0, received=time.monotonic() + 3000)
    shows(view, "cue", "JETZT")
    assert view.locator(".picture svg").get_attribute("aria-label") == "Ellenbogen beugen"
    for name in ("cue", "what", "count"):
        assert view.get_by_test_id(name).evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 48
    judge(view)
    pressed = page.controls.commands
    view.keyboard.press("Space")  # the button has the focus, or the view hears the key itself
    until(lambda: pressed == ["pause"], "Space")
    view.evaluate("document.activeElement.blur()")
    view.keyboard.press("Enter")
    until(lambda: pressed == ["pause", "pause"], "Enter")
    page.state.session = at("waiting", received=time.monotonic() + 3000)
    shows(view, "button", "Anfangen")
    view.get_by_test_id("button").click()
    until(lambda: pressed[-1] == "skip", "the button")
    page.state.session = at(
        "holding", action='<img src=x onerror="alert(1)">', text="<b>bold</b>", length=9.0
    )
    shows(view, "what", "<b>bold</b>")
    assert view.locator("img").count() == 0


def test_both_tests_end_with_figures_and_never_run_while_the_bridge_is_armed(served, view, monkeypatch):
    page, link, wearer = served
    targets = TargetSettings(distances=(0.4,), widths=(0.3,), each=3, dwell=0.2, pause=0.1)
    prompts = ReactionSettings(repetitions=1, hold=1.0, shortest_rest=0.3, longest_rest=0.4)
    monkeypatch.setattr("emg_recognition.page.tasks.TargetTask", partial(TargetTask, settings=targets))
    monkeypatch.setattr("emg_recognition.page.tasks.ReactionTask", partial(ReactionTask, settings=prompts))
    page.state.session = at("ended")
    view.goto(f"{link}try")
    playwright.expect(view.get_by_test_id("subject")).to_have_value("p07")
    judge(view)
    idle = page.state.snapshot
    bridge = Bridge(
        age=0.0,
        state=State.ARMED,
        reason="",
        action="",
        signal_age=0.0,
        feedback_age=0.0,
        stop_input_age=0.0,
    )
    page.state.snapshot = Snapshot(namespace="/", open_for=1.0, model="m1", bridge=bridge)
    view.get_by_test_id("targets").click()
    view.get_by_role("alert").filter(has_text="armed").wait_for()
    page.state.snapshot = idle

    view.get_by_test_id("targets").click()
    view.get_by_test_id("stage").wait_for()
    deadline = time.monotonic() + PATIENCE
    while (way := view.evaluate(WAY)) is not None:
        assert time.monotonic() < deadline, "the targets never end"
        wearer.action = {1: "elbow_flexion", -1: "elbow_extension"}.get(way, "rest")
    wearer.action = "rest"
    shows(view, "result", "Targets reached.*Throughput.*Reaction time")
    view.get_by_test_id("reactions").click()
    told = view.get_by_test_id("told")
    while told.count():
        assert time.monotonic() < deadline + PATIENCE, "the prompts never end"
        words = told.all_text_contents()
        wearer.action = {"Bend the elbow": "elbow_flexion", "Stretch the elbow": "elbow_extension"}.get(
            words[0] if words else "", "rest"
        )
    shows(view, "result", "Reaction time.*Wrong movements a minute")
    found = {one["test"]: one for one in map(json.loads, map(Path.read_text, results(page.folder)))}
    assert found["targets"]["scores"]["attempts"] == found["targets"]["planned"] == 3
    assert found["targets"]["directions"] == {"elbow_flexion": "up", "elbow_extension": "down"}
    assert len(found["reactions"]["prompts"]) == 4
    assert {(one["subject"], one["model"]) for one in found.values()} == {("p07", "m1")}


def results(folder):
    return sorted((folder / "tests").glob("*.json"))


def test_progress_shows_what_is_in_the_folder_and_exports_it(served, view, arm):
    page, link, _ = served
    arm.ours(page.folder / "monday")
    page.state.session = at("ended", subject="anna")
    view.goto(f"{link}progress")
    sessions = view.get_by_test_id("sessions")
    playwright.expect(sessions.locator("tbody tr")).to_have_count(1, timeout=1000 * PATIENCE)
    playwright.expect(view.locator("canvas")).to_have_count(2)
    judge(view)
    with view.expect_download() as download:
        view.get_by_test_id("export").click()
    assert download.value.path().read_text().splitlines()[1].startswith("monday,")
