"""The enabling switch in a real terminal: what it publishes, and that it leaves the terminal intact."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from std_msgs.msg import Bool
from std_srvs.srv import SetBool

from emg_recognition.ros import qos

from .terminal import FOREGROUND, Terminal

MODULE = "emg_recognition.nodes.enabling_switch_node"
HINT = "ANY OTHER KEY RELEASES"
#: Starts a program as a shell does with "program &"; the shell itself stays.
BACKGROUND = """
import os, subprocess, sys
os.close(os.open(os.ttyname(0), os.O_RDWR))
child = subprocess.Popen([sys.executable, *sys.argv[1:]], preexec_fn=os.setpgrp)
print("pid", child.pid, flush=True)
sys.exit(child.wait())
"""
#: Starts a program as `ros2 launch` does, and lives until it is killed.
PARENT = """
import signal, subprocess, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
print(subprocess.Popen([sys.executable, *sys.argv[1:]]).pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def open_terminal(ros_environment):
    opened = []

    def make(start, *parameters):
        arguments = [argument for parameter in parameters for argument in ("-p", parameter)]
        opened.append(Terminal("-m", MODULE, "--ros-args", *arguments, start=start))
        return opened[-1]

    yield make
    for terminal in opened:
        terminal.close()


@pytest.fixture
def said(witness):
    """The messages that the bridge would receive."""
    return witness.collect(Bool, "exo/enable", qos.ENABLE)


def newest(said):
    return said[-1].data if said else None


def running(witness, open_terminal, said, *parameters):
    """Return a terminal with a switch in its foreground that publishes."""
    terminal = open_terminal(FOREGROUND, *parameters)
    witness.spin_until(lambda: HINT in terminal.shown and said, "the switch")
    return terminal


def test_it_starts_released_and_publishes_20_times_a_second(start_node, witness, said):
    start_node("enabling_switch")
    witness.spin_until(lambda: said, "the switch")
    begin, before = time.monotonic(), len(said)
    witness.spin_until(lambda: len(said) >= before + 40, "two seconds of it")
    # On a busy machine messages may be late, but never early.
    assert 1.9 < time.monotonic() - begin < 6.0
    assert not any(message.data for message in said)


def test_e_presses_and_any_other_key_releases_at_once(witness, open_terminal, said):
    terminal = running(witness, open_terminal, said)
    for key in (b" ", b"\n", b"\r", b"q", b"E", b"\x1b", b"\x1a", b"\x1c", b"\x13", b"\x04", b"\x1b[A"):
        terminal.type(b"e")
        witness.spin_until(lambda: newest(said), "pressed")
        terminal.type(key)
        begin = time.monotonic()
        witness.spin_until(lambda: not newest(said), f"{key!r} to release")
        assert time.monotonic() - begin < 2.0
    assert terminal.process.poll() is None
    # The e in a pasted word must not press the switch.
    before = len(said)
    terminal.type(b"enable")
    witness.spin_until(lambda: len(said) > before + 10, "half a second")
    assert not any(message.data for message in said[before:])
    # Keys are not echoed; each change is one line.
    assert terminal.shown.count("PRESSED by key") == 11
    assert terminal.shown.count("released by key") == 11
    assert "enable\r\n" not in terminal.shown.replace("enabling", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_releases_the_switch_and_restores_the_terminal(witness, open_terminal, said, number):
    terminal = running(witness, open_terminal, said, "pressed:=true")
    assert newest(said)
    assert terminal.attributes != terminal.before
    if number is signal.SIGINT:
        terminal.type(b"\x03")
    else:
        terminal.process.send_signal(number)
    witness.spin_until(lambda: terminal.process.poll() is not None, "the end")
    witness.spin_until(lambda: newest(said) is False, "the release")
    assert terminal.process.returncode == 0
    assert terminal.attributes == terminal.before


def test_an_error_restores_the_terminal(open_terminal):
    terminal = open_terminal(FOREGROUND, "pressed:=maybe")
    assert terminal.process.wait(timeout=30) == 1
    assert terminal.attributes == terminal.before


def test_a_closed_terminal_releases_and_ends_the_switch(witness, open_terminal, said):
    terminal = running(witness, open_terminal, said, "pressed:=true")
    assert newest(said)
    terminal.hang_up()
    witness.spin_until(lambda: terminal.process.poll() is not None, "the end")
    witness.spin_until(lambda: newest(said) is False, "the release")


def test_it_is_released_and_ends_with_the_process_that_started_it(ros_environment, witness, said):
    arguments = ("-m", MODULE, "--ros-args", "-p", "pressed:=true")
    command = [sys.executable, "-c", PARENT, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        witness.spin_until(lambda: newest(said), "pressed")
        parent.kill()
        witness.spin_until(lambda: not Path(f"/proc/{pid}/cmdline").exists(), "the end")
        witness.spin_until(lambda: newest(said) is False, "the release")
        assert "the process that started this node is gone" in parent.stderr.read()


def test_in_the_background_of_a_terminal_it_is_not_stopped(witness, open_terminal, said):
    terminal = open_terminal(BACKGROUND, "pressed:=true")
    witness.spin_until(lambda: said and "pid" in terminal.shown, "the switch")
    terminal.type(b" ")
    before = len(said)
    witness.spin_until(lambda: len(said) > before + 20, "a second of it")
    # Keys go to the shell: they neither stop nor release the switch.
    assert all(message.data for message in said)
    assert terminal.attributes == terminal.before
    pid = int(terminal.shown.split("pid ")[1].split()[0])
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    assert state not in ("T", "t")
    assert HINT not in terminal.shown
    os.kill(pid, signal.SIGTERM)
    witness.spin_until(lambda: terminal.process.poll() is not None, "the end")
    witness.spin_until(lambda: newest(said) is False, "the release")
    assert terminal.process.returncode == 0


def test_without_a_terminal_the_service_presses_and_releases(start_node, witness, said):
    node = start_node("enabling_switch", pressed=True)
    witness.spin_until(lambda: newest(said), "pressed")
    assert node.log == ""
    answer = witness.call(SetBool, "enabling_switch/press", SetBool.Request(data=False))
    assert (answer.success, answer.message) == (True, "released")
    witness.spin_until(lambda: newest(said) is False, "released")
    witness.call(SetBool, "enabling_switch/press", SetBool.Request(data=True))
    witness.spin_until(lambda: newest(said), "pressed")
    witness.call(SetBool, "enabling_switch/press", SetBool.Request(data=True))
    assert node.interrupt() == 0
    witness.spin_until(lambda: newest(said) is False, "the release")
    lines = [line.split("]: ")[1] for line in node.log.strip().splitlines()]
    assert lines == ["released by service", "PRESSED by service", "released by the end of the switch"]


def test_another_publisher_is_noticed(start_node, witness, said):
    reports = witness.collect(DiagnosticArray, "/diagnostics", qos.DIAGNOSTICS)
    witness.node.create_publisher(Bool, "exo/enable", qos.ENABLE)
    node = start_node("enabling_switch")
    witness.spin_until(lambda: reports and reports[-1].status[0].level == b"\x01", "a warning")
    assert "1 more publish /exo/enable" in reports[-1].status[0].message
    node.wait_for_log("1 more publish /exo/enable")
