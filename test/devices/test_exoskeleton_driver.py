"""The driver of a serial exoskeleton, against an emulated one and against a bare port."""

from __future__ import annotations

import math
import os
import threading
import time
from pathlib import Path

import pytest

from emg_recognition.devices.exoskeleton_driver import MAX_UNOBEYED, SerialExoskeleton
from emg_recognition.devices.exoskeleton_emulator import ExoskeletonEmulator
from emg_recognition.devices.exoskeleton_frames import (
    CommandFrame,
    ExoskeletonDecoder,
    StateFrame,
    encode_command,
    encode_state,
)
from emg_recognition.devices.pseudo_terminal import PseudoTerminal
from emg_recognition.errors import DeviceError, EmgRecognitionError, SettingError
from emg_recognition.simulation.exoskeleton import SimulatedJoint
from emg_recognition.simulation.serial_exoskeleton import SerialSimulator

#: Far longer than anything takes on a busy machine, s.
PATIENCE = 10.0


def simulator() -> SerialSimulator:
    return SerialSimulator([SimulatedJoint("elbow", 0.0, 2.0), SimulatedJoint("wrist", -1.0, 1.0)])


def report(counter: int = 0, joints: int = 2) -> bytes:
    return encode_state(StateFrame(counter, True, False, False, (0.0,) * joints, (0.0,) * joints))


class Silent:
    """A device that reports once while it is being opened, and nothing more by itself."""

    def __init__(self, counter: int = 0, joints: int = 2) -> None:
        self.terminal = PseudoTerminal()
        self.exoskeleton = SerialExoskeleton(self.terminal.port, 921_600, 2)
        self._first = report(counter, joints)

    def open(self) -> None:
        # Opening discards what is there, so the report comes a little later.
        reporter = threading.Timer(0.1, self.terminal.write, [self._first])
        reporter.start()
        try:
            self.exoskeleton.open()
        finally:
            reporter.join()

    def heard(self) -> list[CommandFrame]:
        """Return the commands that the host has written and not withdrawn."""
        decoder, frames = ExoskeletonDecoder(), []
        self.terminal.wait(0.2, writable=False)
        while data := self.terminal.read():
            frames += decoder.feed(data)
        return [frame for frame in frames if isinstance(frame, CommandFrame)]

    def close(self) -> None:
        self.exoskeleton.close()
        self.terminal.close()


def wait_for(exoskeleton: SerialExoskeleton, condition: object) -> StateFrame:
    """Read until a report meets a condition."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for state in exoskeleton.read():
            if condition(state):  # type: ignore[operator]
                return state
        time.sleep(0.002)
    raise AssertionError("the report never came")


def test_a_motion_is_obeyed_and_reported() -> None:
    with (
        ExoskeletonEmulator(simulator()) as emulator,
        SerialExoskeleton(emulator.port, 921_600, 2) as exoskeleton,
    ):
        assert exoskeleton.obeyed
        for k in range(1, 101):
            exoskeleton.send((1.0 + 0.4 * 0.005 * k, 0.0), (0.4, 0.0), 0.005)
            time.sleep(0.005)
        state = wait_for(exoskeleton, lambda state: state.counter == 100)
        assert exoskeleton.obeyed
        assert not state.refused
        assert not state.emergency_stop
        last = wait_for(exoskeleton, lambda state: state.watchdog and abs(state.velocities[0]) < 1e-3)
        assert last.positions == pytest.approx((1.2 + 0.4 * 0.04, 0.0), abs=1e-3)
        assert (emulator.refused, emulator.bad_checksum) == (0, 0)


def test_a_refusal_is_reported_once() -> None:
    with (
        ExoskeletonEmulator(simulator()) as emulator,
        SerialExoskeleton(emulator.port, 921_600, 2) as exoskeleton,
    ):
        exoskeleton.send((9.0, 0.0), (0.0, 0.0), 0.005)
        state = wait_for(exoskeleton, lambda state: state.refused)
        assert state.counter == 0
        assert not exoskeleton.obeyed
        assert emulator.refusal == "joint elbow is to go to 9 rad, beyond its stop"
        wait_for(exoskeleton, lambda state: not state.refused)
        exoskeleton.send((1.0, 0.0), (0.0, 0.0), 0.005)
        wait_for(exoskeleton, lambda state: state.counter == 2)


def test_the_emergency_stop_is_reported() -> None:
    with (
        ExoskeletonEmulator(simulator()) as emulator,
        SerialExoskeleton(emulator.port, 921_600, 2) as exoskeleton,
    ):
        emulator.emergency_stop = True
        wait_for(exoskeleton, lambda state: state.emergency_stop)
        exoskeleton.send((1.0, 0.0), (0.0, 0.0), 0.005)
        wait_for(exoskeleton, lambda state: state.refused)
        emulator.emergency_stop = False
        wait_for(exoskeleton, lambda state: not state.emergency_stop)


def test_sending_never_waits_and_stale_commands_are_withdrawn() -> None:
    silent = Silent()
    silent.open()
    durations = []
    for k in range(20_000):
        begin = time.perf_counter()
        silent.exoskeleton.send((1e-6 * k, 0.0), (0.0, 0.0), 0.005)
        durations.append(time.perf_counter() - begin)
    assert sorted(durations)[-200] < 0.005
    assert silent.exoskeleton.dropped > 1000
    heard = silent.heard()
    assert heard[-1].counter == 20_000
    # The 4 KiB that a pseudo-terminal has passed to the other end cannot be withdrawn.
    assert len(heard) <= (4096 + len(report())) // len(report()) + MAX_UNOBEYED + 1
    silent.close()


def test_a_device_that_obeys_receives_every_command() -> None:
    silent = Silent()
    silent.open()
    counters = []
    for k in range(1, 501):
        silent.exoskeleton.send((0.0, 0.0), (0.0, 0.0), 0.005)
        counters += [frame.counter for frame in silent.heard()]
        silent.terminal.write(report(k))
        while not silent.exoskeleton.obeyed:
            silent.exoskeleton.read()
    assert counters == list(range(1, 501))
    assert silent.exoskeleton.dropped == 0
    silent.close()


@pytest.mark.parametrize(("before", "after"), [(0, 1), (41, 42), (2**32 - 2, 2**32 - 1), (2**32 - 1, 1)])
def test_the_counter_continues_from_the_last_command_carried_out(before: int, after: int) -> None:
    silent = Silent(before)
    silent.open()
    assert silent.exoskeleton.obeyed
    silent.exoskeleton.send((0.0, 0.0), (0.0, 0.0), 0.005)
    assert not silent.exoskeleton.obeyed
    assert [frame.counter for frame in silent.heard()] == [after]
    assert silent.exoskeleton.dropped == 0
    silent.close()


@pytest.mark.parametrize("action", ["send", "read"])
def test_unplugging_is_an_error_at_once(action: str) -> None:
    emulator = ExoskeletonEmulator(simulator())
    emulator.start()
    exoskeleton = SerialExoskeleton(emulator.port, 921_600, 2)
    exoskeleton.open()
    emulator.close()

    def send() -> None:
        exoskeleton.send((1.0, 0.0), (0.0, 0.0), 0.005)

    def use() -> None:
        for _ in range(100):
            send() if action == "send" else exoskeleton.read()

    begin = time.monotonic()
    with pytest.raises(DeviceError, match=r"the exoskeleton has gone .* check plug and power") as caught:
        use()
    assert time.monotonic() - begin < 2.0
    assert "\n" not in str(caught.value)
    for call in (exoskeleton.read, send):
        with pytest.raises(DeviceError, match="not open"):
            call()


def test_a_wrong_number_of_joints_is_an_error_with_both() -> None:
    silent = Silent(joints=3)
    with pytest.raises(DeviceError, match="has 3 joints, configured are 2; list the joints that it has"):
        silent.open()
    silent.close()
    silent = Silent()
    silent.open()
    silent.terminal.write(report(joints=1))
    with pytest.raises(DeviceError, match="has 1 joints, configured are 2"):
        wait_for(silent.exoskeleton, lambda state: False)
    silent.close()


@pytest.mark.parametrize("saying", [b"", b"$GPGGA,123519,4807.038,N\r\n", b"\xa5\x5a\x01\x01\x00", b"loop"])
def test_a_device_that_does_not_report_is_not_an_exoskeleton(saying: bytes) -> None:
    terminal = PseudoTerminal()
    if saying == b"loop":  # a loopback cable: the host receives its own commands
        saying = encode_command(CommandFrame(1, 0.005, (0.0, 0.0), (0.0, 0.0)))
    talker = threading.Timer(0.1, terminal.write, [saying])
    talker.start()
    begin = time.monotonic()
    with pytest.raises(DeviceError, match=r"no report of an exoskeleton within 0.5 s \([0-9]+ bytes seen\)"):
        SerialExoskeleton(terminal.port, 921_600, 2, timeout=0.5).open()
    assert 0.4 < time.monotonic() - begin < 3.0
    talker.join()
    terminal.close()


def test_no_such_port(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="there is no such port"):
        SerialExoskeleton(str(tmp_path / "exo"), 921_600, 2).open()


@pytest.mark.parametrize(
    ("change", "name"),
    [({"baud_rate": 0}, "baud_rate"), ({"joints": 33}, "joints"), ({"timeout": 0.0}, "timeout")],
)
def test_impossible_settings_are_refused(change: dict[str, int], name: str) -> None:
    with pytest.raises(SettingError, match=name):
        SerialExoskeleton("/dev/ttyUSB0", **{"baud_rate": 921_600, "joints": 2, **change})  # type: ignore[arg-type]


def test_nan_is_never_sent() -> None:
    silent = Silent()
    silent.open()
    with pytest.raises(EmgRecognitionError, match="position is nan"):
        silent.exoskeleton.send((math.nan, 0.0), (0.0, 0.0), 0.005)
    assert silent.heard() == []
    silent.close()


def test_opening_and_closing_twenty_times_leaks_nothing() -> None:
    with ExoskeletonEmulator(simulator()) as emulator:
        exoskeleton = SerialExoskeleton(emulator.port, 921_600, 2)
        exoskeleton.open()
        exoskeleton.close()
        before, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
        for _ in range(20):
            exoskeleton.open()
            exoskeleton.close()
        assert len(os.listdir("/proc/self/fd")) == before
        assert threading.active_count() == threads
