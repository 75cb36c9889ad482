"""Sources by their address: what an address says, and what a wrong one is told."""

from __future__ import annotations

import numpy as np
import pytest

import emg_recognition as emg
from emg_recognition.devices.emulator import ArmbandEmulator
from emg_recognition.devices.reconnection import ReconnectingArmband
from emg_recognition.recordings.archive import save_archive

COUNTS = np.arange(4000, dtype=np.int16).reshape(2000, 2)


def test_a_serial_address_reads_an_armband() -> None:
    with ArmbandEmulator(COUNTS, rate=500.0, protocol="ascii") as emulator:
        address = f"serial:{emulator.port}?protocol=ascii&rate=500&channels=2&unit=V&scale=10"
        with emg.open_source(address) as source:
            assert isinstance(source, ReconnectingArmband)
            chunk = next(iter(source))
            assert source.info.unit == "V"
            assert source.counters.stream.samples >= len(chunk.samples)
        assert np.array_equal(chunk.samples, (COUNTS[: len(chunk.samples)] / 10).astype(np.float32))


def test_settings_may_stand_beside_the_address() -> None:
    source = emg.open_source(
        "serial:/dev/x?rate=500", reconnect=False, protocol="ascii", channels=2, rate=500.0
    )
    assert isinstance(source, emg.SerialArmband)
    assert source.port == "/dev/x"
    assert source.protocol.info().rate == 500.0


def test_percent_signs_stand_for_other_characters() -> None:
    source = emg.open_source(
        "serial:/dev/a%3Fb?protocol=ascii&rate=5&channels=2&delimiter=%09", reconnect=False
    )
    assert source.port == "/dev/a?b"
    source.protocol.feed(b"\n")
    (frame,) = source.protocol.feed(b"1\t2\n")
    assert frame.counts.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("/dev/ttyACM0", "source is '/dev/ttyACM0': begin with one of serial:/dev/ttyACM0, tcp:"),
        ("morse:x", "begin with one of"),
        (
            "serial:/dev/x?speed=3",
            "speed is no setting of serial: it has the settings baud_rate, protocol, rate",
        ),
        ("serial:/dev/x?rate", "rate is no setting|write"),
        ("serial:/dev/x?baud_rate=fast", "source: baud_rate is 'fast': use a whole number"),
        ("serial:/dev/x?protocol=morse", "source: protocol is 'morse': use one of emg, cyton, ascii"),
        ("serial:/dev/x?protocol=ascii&labels=yes", "source: labels is 'yes': use true or false"),
        ("tcp:somewhere", "host and port is 'somewhere': write host:port"),
        ("udp:many", "write host:port"),
        ("playback:x.npz?speed=-1", "speed is -1.0: use a number of at least 0"),
        (
            "serial:/dev/x?rate=5&protocol=ascii&channels=1",
            "rate is 5.0 there and 6.0 beside it: give it once",
        ),
    ],
)
def test_an_address_that_cannot_be_used_is_told_why(address: str, message: str) -> None:
    beside = {"rate": 6.0} if "rate=5" in address else {}
    with pytest.raises(emg.SettingError, match=message):
        emg.open_source(address, **beside)


def test_a_setting_of_another_kind_is_refused() -> None:
    with pytest.raises(emg.SettingError, match="rate is no setting of playback"):
        emg.open_source("playback:x.npz", rate=5.0)


@pytest.fixture
def study(tmp_path, rng):
    arrays = [rng.normal(0, 1e-4, (n, 3)).astype(np.float32) for n in (150, 7, 301)]
    recordings = emg.Recordings.from_segments(arrays, ["rest", "a", "rest"], rate=1000.0, unit="V")
    path = tmp_path / "a study.npz"
    save_archive(path, recordings)
    return path, emg.open_recordings(path)


def test_a_recording_is_played_to_the_bit_and_ends(study) -> None:
    path, recordings = study
    with emg.open_source(f"playback:{path}?speed=4") as source:
        assert (source.info.rate, source.info.unit, source.info.channels) == (1000.0, "V", 3)
        chunks = list(source)
    ends = np.cumsum([0, 150, 7, 301])
    assert [chunk.first_index for chunk in chunks if chunk.restart] == ends[:-1].tolist()
    assert [c.first_index for c in chunks] == np.cumsum([0, *(len(c.samples) for c in chunks)])[:-1].tolist()
    wanted = np.concatenate([recordings.segment(k) for k in range(3)])
    assert np.array_equal(np.concatenate([c.samples for c in chunks]), wanted)
    took = chunks[-1].time - chunks[0].time
    assert took == pytest.approx(458 / 4000, abs=0.02)


def test_a_recording_can_loop_and_be_read_at_any_speed(study) -> None:
    path, _ = study
    read = 0
    with emg.open_source(f"playback:{path}?loop=true&speed=0") as source:
        for chunk in source:
            read += len(chunk.samples)
            if read > 2000:
                break
    assert not source.is_open
    assert source.counters.stream.restarts >= 12


def test_a_recording_that_is_not_there_is_one_line() -> None:
    with pytest.raises(emg.RecordingError, match="nowhere"):
        emg.open_source("playback:nowhere.npz")
