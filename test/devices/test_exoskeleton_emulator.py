"""The emulated exoskeleton, driven through a plain serial port."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import serial

from emg_recognition.devices.exoskeleton_emulator import ExoskeletonEmulator
from emg_recognition.devices.exoskeleton_frames import (
    CommandFrame,
    ExoskeletonDecoder,
    StateFrame,
    encode_command,
)
from emg_recognition.errors import SettingError
from emg_recognition.simulation.exoskeleton import SimulatedJoint
from emg_recognition.simulation.serial_exoskeleton import SerialSimulator


def simulator() -> SerialSimulator:
    return SerialSimulator([SimulatedJoint("elbow", 0.0, 2.0)])


def listen(port: serial.Serial, seconds: float) -> list[StateFrame]:
    decoder, states, end = ExoskeletonDecoder(), [], time.monotonic() + seconds
    while time.monotonic() < end:
        states += decoder.feed(port.read(port.in_waiting or 1))
    assert decoder.bad_checksum == 0
    return states  # type: ignore[return-value]


def test_it_reports_at_its_rate_from_the_start(tmp_path: Path) -> None:
    link = tmp_path / "exo"
    with (
        ExoskeletonEmulator(simulator(), link=link, rate=100.0) as emulator,
        serial.Serial(str(link), 921_600, timeout=0.1) as port,
    ):
        assert os.readlink(link) == emulator.port
        states = listen(port, 0.5)
    # Never faster than the rate; a busy machine leaves some out.
    assert 25 <= len(states) <= 60
    assert set(states) == {StateFrame(0, True, False, False, (1.0,), (0.0,))}
    assert not link.is_symlink()


def test_it_obeys_the_newest_command_and_resynchronises(tmp_path: Path) -> None:
    commands = [encode_command(CommandFrame(k, 0.005, (1.0 + 0.001 * k,), (0.0,))) for k in range(1, 6)]
    with (
        ExoskeletonEmulator(simulator()) as emulator,
        serial.Serial(emulator.port, 921_600, timeout=0.1) as port,
    ):
        # One command is cut, one is damaged.
        port.write(commands[0] + commands[1][:9] + commands[2][:-1] + b"\0" + b"\xa5\xc3" + commands[4])
        states = listen(port, 0.5)
        assert (states[-1].counter, states[-1].watchdog) == (5, True)
        assert states[-1].positions == pytest.approx((1.005,), abs=1e-5)
        assert (emulator.obeyed, emulator.refused) == (2, 0)
        assert emulator.bad_checksum >= 1


def test_after_a_time_without_a_reader_it_obeys_and_reports_whole_frames() -> None:
    with (
        ExoskeletonEmulator(simulator(), rate=5000.0) as emulator,
        serial.Serial(emulator.port, 921_600, timeout=0.1) as port,
    ):
        time.sleep(0.6)  # enough to fill the buffer
        port.write(encode_command(CommandFrame(9, 0.005, (1.1,), (0.0,))))
        assert listen(port, 0.5)[-1].counter == 9


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    with pytest.raises(SettingError, match="rate"):
        ExoskeletonEmulator(simulator(), rate=rate)


def test_it_may_be_closed_twice() -> None:
    emulator = ExoskeletonEmulator(simulator())
    emulator.start()
    emulator.close()
    emulator.close()
