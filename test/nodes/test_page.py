"""The page in a real browser, beside a real graph: a whole session, a training, and the new model at work."""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from emg_recognition.msg import EmgInfo, EmgSamples, SessionState
from std_srvs.srv import Trigger

from emg_recognition.page.controls import MISSING
from emg_recognition.recordings.open import open_recordings
from emg_recognition.ros import qos
from emg_recognition.ros.conversions import to_floats
from emg_recognition.simulation.study import StudySettings, simulate_stream

from ..target_way import WAY

pytest.importorskip("nicegui", reason=MISSING)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(sys.prefix) / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt install chromium"),
]

ACTIONS = ["rest", "elbow_flexion", "elbow_extension"]
#: A busy machine needs its time for a browser, a training and a dozen processes.
PATIENCE = 180.0
#: As the bundle that runs at first.
RATE, CHANNELS = 500.0, 4
PLAN = {"actions": ACTIONS, "repetitions": 4, "hold": 1.0, "pause": 1.0, "reaction": 0.4}
NETWORK = {"stem": [8, 2, 1], "bottlenecks": [[16, 16, 2, 2]], "features": 32}
CONFIG = {"network": NETWORK, "training": {"epochs": 12, "least_steps_per_epoch": 16}}


class Wearer:
    """A simulated wearer who does what the session shows, 0.3 s late, in a thread of their own."""

    def __init__(self, witness):
        self._witness, node = witness, witness.node
        played = simulate_stream(
            StudySettings(rate=RATE, channels=CHANNELS),
            subject_number=1,
            cohort="healthy",
            session_seed=1,
            script=[(action, 30.0) for action in ACTIONS],
        )
        signals = (played["x"] / played["scale"]).astype(np.float32)
        self._signals = dict(zip(ACTIONS, np.split(signals, played["start"][1:]), strict=True))
        self._samples = node.create_publisher(EmgSamples, "emg/samples", qos.SAMPLES)
        self._info = node.create_publisher(EmgInfo, "emg/info", qos.LATCHED)
        self._info.publish(EmgInfo(device="simulated", channels=CHANNELS, rate=RATE, unit="V", gain=1.0))
        node.create_subscription(SessionState, "emg/session", self._see, qos.LATCHED)
        self._quit = node.create_client(Trigger, "session/quit")
        self.session = SessionState()
        self.action = "rest"
        self._next = (0.0, "rest")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._perform, daemon=True)
        self._thread.start()

    def _see(self, state):
        self.session = state
        action = state.action if state.phase in ("reacting", "holding") else "rest"
        if action != self._next[1]:
            self._next = (time.monotonic() + 0.3, action)

    def perform(self, action):
        self._next = (0.0, action)

    def _perform(self):
        begin, index = time.monotonic(), 0
        while not self._stop.is_set():
            self._witness.spin_for(0.01)
            if time.monotonic() >= self._next[0]:
                self.action = self._next[1]
            signal = self._signals[self.action]
            rows = np.arange(index, int((time.monotonic() - begin) * RATE))
            if len(rows):
                message = EmgSamples(first_index=index, rate=RATE, channels=CHANNELS, unit="V")
                message.data = to_floats(signal[rows % len(signal)])
                message.header.stamp = self._witness.node.get_clock().now().to_msg()
                self._samples.publish(message)
                index += len(rows)

    def close(self):
        """End; a session that a failed test has left behind, too."""
        self._stop.set()
        self._thread.join()
        if self._quit.service_is_ready():
            self._quit.call_async(Trigger.Request())
            self._witness.spin_for(1.0)


@pytest.fixture
def wearer(witness):
    one = Wearer(witness)
    yield one
    one.close()


@pytest.fixture
def browser():
    with playwright.sync_playwright() as driver:
        # As root in a container Chromium has no sandbox of its own.
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.05)


def open_view(browser, address, errors):
    """Open a view that may load nothing from elsewhere; what the browser complains of goes to `errors`."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(1000 * PATIENCE)
    page = context.new_page()
    page.on("request", lambda request: errors.append(request.url) if not own(request.url) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    return page


def own(url):
    return re.match(r"(http|ws)://127\.0\.0\.1:|data:|blob:", url)


def shows(page, name, pattern):
    playwright.expect(page.get_by_test_id(name)).to_have_text(re.compile(pattern), timeout=1000 * PATIENCE)


def press_each(page):
    """Press every button of the session once, whatever it does now; of the last one, the way back."""
    for name in ("pause", "next", "repeat", "discard", "pause", "skip"):
        page.get_by_test_id(f"session-{name}").click()
    page.get_by_role("button", name="Stop recording").click()
    page.get_by_role("button", name="Go on").click()


def goes_on(page, wearer):
    """Return whether the session runs; let it continue where it is paused."""
    if wearer.session.phase == "paused":
        page.get_by_test_id("session-pause").click()
        time.sleep(1.0)  # the answer is on its way
    return wearer.session.phase in ("ready", "reacting", "holding")


def judge(page):
    """Check a view with axe-core: no finding of serious or critical impact."""
    if not AXE.exists():
        return
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run()")["violations"]
    serious = [
        (one["id"], [node["html"][:150] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious


def reach_a_target(page, address, wearer):
    """Steer the dot with muscles until the second target of Fitts' test, and end it."""
    page.goto(address)
    page.get_by_test_id("subject").fill("p07")
    page.get_by_test_id("targets").click()
    page.get_by_test_id("stage").wait_for()
    deadline = time.monotonic() + PATIENCE
    while " 2/" not in page.locator(".told").inner_text():
        assert time.monotonic() < deadline, "the first target never ends"
        wearer.perform({1: "elbow_flexion", -1: "elbow_extension"}.get(page.evaluate(WAY), "rest"))
    page.get_by_test_id("end-test").click()
    shows(page, "result", "Targets reached.*Throughput.*Reaction time")


def test_a_whole_session_is_steered_from_the_page(start_node, wearer, browser, flexing_bundle, tmp_path):
    folder = tmp_path / "ward"
    files = {"plan": PLAN, "config": CONFIG}
    for name, content in files.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
    parameters = {name: str(tmp_path / f"{name}.yaml") for name in files} | {"folder": str(folder)}
    model = str(flexing_bundle)
    for name in ("signal_quality", "preprocessing", "classifier", "command_bridge"):
        start_node(name, **({"model": model} if name != "signal_quality" else {}))
    node = start_node("page", port=0, **parameters)
    node.wait_for_log("page is served")
    address = re.search(r"open (http://\S+)", node.log)[1]
    errors = []
    page, other, patient = (open_view(browser, f"{address}{path}", errors) for path in ("", "", "patient"))

    shows(page, "bridge-state", "DISARMED")
    shows(page, "decision", "elbow flexion")
    judge(page)
    page.get_by_test_id("subject").fill("../p07")
    page.get_by_test_id("start-session").click()
    playwright.expect(page.get_by_text("use a code of letters")).to_be_visible(timeout=1000 * PATIENCE)
    page.get_by_test_id("subject").fill("p07")
    page.get_by_test_id("cohort").fill("healthy")
    page.get_by_test_id("start-session").click()
    until(lambda: wearer.session.phase, "the session")
    other.get_by_test_id("session-pause").wait_for()
    other.get_by_test_id("session-skip").click()
    shows(patient, "what", "Relax|elbow")
    judge(patient)
    for phase in ("ready", "holding", "paused"):
        if phase == "paused":
            page.get_by_test_id("session-pause").click()
        until(lambda phase=phase: wearer.session.phase == phase, phase)
        press_each(page)
    until(lambda: goes_on(page, wearer), "the session to go on")
    # Whoever looks may go and come back, the server may be killed: the recording goes on.
    other.reload()
    kept = wearer.session.kept
    node.kill()
    until(lambda: wearer.session.kept > kept, "a repetition without the page")
    port = int(re.search(r":(\d+)/", address)[1])
    node = start_node("page", **{**parameters, "port": port})
    shows(page, "session-now", "NOW|Rest")
    until(lambda: wearer.session.phase == "ended", "the end of the session")
    shows(page, "session-now", "Session ended")
    shows(other, "session-counts", f"p07: {wearer.session.kept} of {wearer.session.planned} recorded")
    until((Path(wearer.session.bag) / "metadata.yaml").exists, "the end of the bag")
    done = open_recordings([wearer.session.bag])
    # On a busy machine the emulated armband has to catch up; nothing may be missing.
    assert [problem for problem in done.problems if "stamps of its samples" not in problem] == []
    assert len(done) == wearer.session.kept >= wearer.session.planned - 4
    assert set(done.subject.tolist()) == {"p07"}

    page.get_by_role("region", name="Models").get_by_text(re.compile(r"p07_\d")).first.wait_for()
    page.get_by_test_id("train").click()
    page.get_by_test_id("stop").click()
    shows(page, "bridge-state", "FAULT")
    judge(page)
    shows(page, "job", "Training: finished")
    page.get_by_test_id("use-bundle").click()
    playwright.expect(page.get_by_text("is at work")).to_be_visible(timeout=1000 * PATIENCE)
    for action in ACTIONS:
        wearer.perform(action)
        shows(page, "decision", action.replace("_", " "))
    drawn = "() => Number(document.querySelector('[data-testid=signals]').dataset.pictures)"
    before = page.evaluate(drawn)
    page.wait_for_function(f"({drawn})() > {before + 20}")
    reach_a_target(page, f"{address}try", wearer)
    assert not errors, errors
