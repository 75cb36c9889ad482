"""What other programs get: lines, datagrams, keys, LSL markers."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import time

import pytest

from emg_recognition.errors import SettingError
from emg_recognition.live.decisions import LiveDecision, silence
from emg_recognition.live.outputs import JsonLines, Keys, Lsl, Screen, Udp
from emg_recognition.types import Estimate

ACTIONS = ("rest", "elbow_flexion", "elbow_extension")


def decided(action, time=1.0):
    estimate = Estimate(
        time=time,
        last_index=99,
        accepted=bool(action),
        action_id=ACTIONS.index(action) if action else -1,
        action=action,
        confidence=0.75,
        probabilities=(0.75, 0.125, 0.125),
        activation=1.5,
        model="abc",
        decision=action,
        speed=0.5,
    )
    return LiveDecision(action=action, since=time, speed=0.5, estimate=estimate)


def test_lines_and_datagrams_say_the_same():
    stream = io.StringIO()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)
        udp = Udp(f"127.0.0.1:{listener.getsockname()[1]}")
        for one in (decided("elbow_flexion"), silence()):
            JsonLines(stream).tell(one)
            udp.tell(one)
            line, datagram = stream.getvalue().splitlines()[-1], listener.recv(65535)
            told, sent = json.loads(line), json.loads(datagram)
            assert told.keys() == sent.keys()
            assert (told["action"], told["silent"]) == (one.action, one.estimate is None)
            assert sent["since"] == told["since"]
        udp.close()


def test_nobody_needs_to_listen():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    udp = Udp(address)
    for _ in range(20):
        udp.tell(decided("rest"))
    udp.close()


@pytest.mark.parametrize(
    "address", ["5005", "localhost", "localhost:", ":5005", "host:0", "host:65536", "a:١"]
)
def test_an_address_that_is_none_is_told_what_to_write(address):
    with pytest.raises(SettingError, match="HOST:PORT"):
        Udp(address)


def test_a_host_that_nobody_knows_is_one_line():
    with pytest.raises(SettingError, match="name a host") as caught:
        Udp("no-such-host.invalid:5005")
    assert "\n" not in str(caught.value)


def test_people_see_each_change_once():
    stream = io.StringIO()
    screen = Screen(stream)
    for one in (silence(), decided("rest", 2.0), decided("rest", 3.0), decided(""), silence(), silence()):
        screen.tell(one)
    words = [line.split()[2] for line in stream.getvalue().splitlines()]
    assert words == ["silence", "rest", "nothing", "silence"]


@pytest.fixture
def keyboard(monkeypatch):
    """pynput's own controller above a keyboard that writes down what is pressed."""
    monkeypatch.setenv("PYNPUT_BACKEND", "dummy")
    keyboard = pytest.importorskip("pynput.keyboard", reason="the extra `keys` is not installed")

    class Keyboard(keyboard.Controller):
        def __init__(self):
            super().__init__()
            self.seen = []

        def _handle(self, key, is_press):
            self.seen.append(f"{'+' if is_press else '-'}{key.char}")

    return Keyboard()


def test_a_key_is_held_while_its_action_is_decided(keyboard):
    keys = Keys(Keys.read("elbow_flexion=a,elbow_extension=b"), ACTIONS, keyboard)
    for one in ("rest", "elbow_flexion", "elbow_flexion", "elbow_extension", "rest", "elbow_flexion"):
        keys.tell(decided(one))
    keys.tell(silence())
    assert keyboard.seen == ["+a", "-a", "+b", "-b", "+a", "-a"]
    keys.tell(decided("elbow_flexion"))
    keys.close()
    keys.close()
    assert keyboard.seen[6:] == ["+a", "-a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("elbow_flexion", "write ACTION=KEY"),
        ("", "write ACTION=KEY"),
        ("=a", "write ACTION=KEY"),
        ("fist=a", "the model has rest, elbow_flexion, elbow_extension"),
        ("rest=sideways", "name a character"),
    ],
)
def test_keys_that_are_none_are_told_what_to_write(keyboard, text, expected):
    with pytest.raises(SettingError, match=expected):
        Keys(Keys.read(text), ACTIONS, keyboard)


def test_without_a_desktop_keys_are_one_line():
    pytest.importorskip("pynput", reason="the extra `keys` is not installed")
    code = (
        "from emg_recognition.live.outputs import Keys\n"
        "from emg_recognition.errors import SettingError\n"
        "try: Keys({'rest': 'a'}, ['rest'])\n"
        "except SettingError as error: print(error)"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    environment["PYNPUT_BACKEND_KEYBOARD"] = "xorg"
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    (line,) = found.stdout.splitlines()
    assert "no key can be pressed here" in line
    assert "desktop session" in line


def test_decisions_are_lsl_markers():
    pylsl = pytest.importorskip("pylsl", reason="the extra `lsl` is not installed")
    name = f"test_{os.getpid()}"
    output = Lsl(name, None)
    try:
        found = pylsl.resolve_byprop("name", f"{name}_decisions", timeout=10)
        inlet = pylsl.StreamInlet(found[0])
        inlet.open_stream(timeout=10)
        moment = time.monotonic()
        for action in ("elbow_flexion", "elbow_flexion", "rest"):
            output.tell(decided(action, moment))
        output.tell(silence())
        markers = [inlet.pull_sample(timeout=10)[0][0] for _ in range(3)]
        assert markers == ["elbow_flexion", "rest", "nothing"]
        inlet.close_stream()
    finally:
        output.close()
